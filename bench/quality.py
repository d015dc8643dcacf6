"""PSNR after a given time of training, paintnet beside its peers, one at a time."""

from bench import results
from bench.learners import LEARNERS
from bench.pictures import photographs


def measure(names: list[str], seed: int = 0) -> None:
    """Run every learner at its budgets on every photograph, in turn."""
    done = {(row["learner"], row["budget"], row["image"], row["seed"]) for row in results.load("quality")}
    budgets = sorted({budget for name in names for budget in LEARNERS[name].budgets})
    for budget in budgets:
        for image in photographs():
            for name in names:
                learner = LEARNERS[name]
                key = (learner.title, budget, image.name, seed)
                if budget in learner.budgets and key not in done:
                    row = learner.learn(image, budget, seed)
                    results.save("quality", row)
                    print(f"{image.name} {budget:g} s {learner.title}: {row['psnr']:.2f} dB", flush=True)


def report() -> str:
    """Table of mean PSNR, and the plot."""
    rows = results.load("quality")
    average = results.means(rows, "learner", "budget")
    budgets = sorted({row["budget"] for row in rows})
    table = []
    for learner in LEARNERS.values():
        own = [row for row in rows if row["learner"] == learner.title]
        if own:
            cells = [average.get((learner.title, budget), "") for budget in budgets]
            size = [f"{own[0]['parameters']:,}", f"{own[0]['bits_per_pixel']:.1f}"]
            table.append([learner.title, *cells, *size])
    results.plot_quality(rows)
    header = ["learner", *(f"{budget:g} s" for budget in budgets), "parameters", "bits per pixel"]
    return results.markdown(header, table)


def per_picture(budget: float) -> str:
    """Table of PSNR by photograph at one budget."""
    rows = [row for row in results.load("quality") if row["budget"] == budget]
    images = sorted({row["image"] for row in rows})
    found = results.means(rows, "learner", "image")
    table = [
        [learner.title, *(found.get((learner.title, image), "") for image in images)]
        for learner in LEARNERS.values()
        if any(row["learner"] == learner.title for row in rows)
    ]
    return results.markdown(["learner", *images], table)
