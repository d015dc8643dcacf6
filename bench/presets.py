"""The presets on their own defaults: quality, time and the spread over seeds."""

from statistics import mean, stdev

from bench import results
from bench.learners import OWN, Trainer
from bench.pictures import photographs

PRESETS = ("draft", "standard", "fine")


def measure(seeds: int = 1, presets: tuple[str, ...] = PRESETS) -> None:
    """Paint every photograph with every preset, regress and, with standard, classify."""
    results.clear("presets")
    for image in photographs():
        for preset in presets:
            for seed in range(seeds):
                for engine in ("compiled", "numpy") if preset != "fine" and seed == 0 else ("compiled",):
                    _run(f"{preset}, {engine}", ("--preset", preset, "--engine", engine), image, seed)
        _run("standard, classify --colors 8", ("--mode", "classify", "--colors", "8"), image, 0)


def _run(title: str, options: tuple[str, ...], image, seed: int) -> None:
    row = Trainer(title, OWN, ("bench.own", *options), ()).learn(image, None, seed)
    results.save("presets", row)
    print(f"{image.name} {title} seed {seed}: {row['psnr']:.2f} dB, {row['seconds']:.1f} s", flush=True)


def report() -> str:
    """Table of each preset's mean and worst PSNR, accuracy and seconds."""
    rows = results.load("presets")
    table = []
    for title in dict.fromkeys(row["learner"] for row in rows):
        own = [row for row in rows if row["learner"] == title]
        right = [row["accuracy"] for row in own if row["accuracy"] is not None]
        table.append(
            [
                title,
                mean(row["psnr"] for row in own),
                min(row["psnr"] for row in own),
                f"{min(right):.2%}" if right else "",
                mean(row["seconds"] for row in own),
                own[0]["epochs"],
            ]
        )
    return results.markdown(["preset", "mean PSNR", "worst", "worst accuracy", "seconds", "epochs"], table)


def spread(seeds: int = 8) -> str:
    """Standard deviation of the standard preset's PSNR over seeds, for each photograph."""
    results.clear("seeds")
    for image in photographs():
        for seed in range(seeds):
            row = Trainer("standard", OWN, ("bench.own",), ()).learn(image, None, seed)
            results.save("seeds", row)
    rows = results.load("seeds")
    by_image = {
        image: [r["psnr"] for r in rows if r["image"] == image] for image in {r["image"] for r in rows}
    }
    table = [[image, mean(v), stdev(v), min(v), max(v)] for image, v in sorted(by_image.items())]
    table.append(["mean", *(mean(row[column] for row in table) for column in range(1, 5))])
    return results.markdown(["photograph", "mean", "standard deviation", "worst", "best"], table)


def equal_epochs() -> str:
    """PSNR and seconds of the standard preset's epochs, the engine beside unmodified scikit-learn."""
    results.clear("equal_epochs")
    table = []
    for image in photographs():
        rows = []
        for engine in ("compiled", "numpy", "stock"):
            options = ("bench.own", "--engine", engine)
            rows.append(Trainer(engine, OWN, options, ()).learn(image, None, 0))
            results.save("equal_epochs", rows[-1])
        table.append([image.name, *(row["psnr"] for row in rows), *(row["seconds"] for row in rows)])
    table.append(["mean", *(mean(row[column] for row in table) for column in range(1, 7))])
    names = ("compiled", "NumPy", "stock")
    return results.markdown(["photograph", *names, *(f"{name}, seconds" for name in names)], table)
