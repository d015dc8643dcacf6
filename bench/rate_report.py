"""What `bench.rate` measured, as tables and a plot, beside published figures.

python -m bench.rate_report
"""

from pathlib import Path

import numpy as np
from scipy.interpolate import PchipInterpolator

from bench import results
from bench.results import FIGURES, Row

CODECS = {"JPEG": "JPEG", "WEBP": "WebP", "AVIF": "AVIF", "JPEG2000": "JPEG 2000"}

PUBLISHED = {
    "JPEG": {0.25: 24.7, 0.5: 29.0, 1.0: 32.6},
    "COIN": {0.25: 25.9, 0.5: 27.8, 1.0: 30.0},
    "NIF": {0.5: 30.6},
    "BPG 4:4:4": {0.25: 30.3, 0.5: 33.3, 1.0: 37.2},
    "C3": {0.25: 30.9, 0.5: 34.2, 1.0: 38.5},
    "VTM": {0.25: 31.3, 0.5: 34.4, 1.0: 38.2},
    "Cool-chic 5": {0.25: 31.5, 0.5: 34.7, 1.0: 39.1},
}
"""Means of all 24 photographs of the Kodak set, interpolated from the plots and tables of their papers."""


def bd_rate(ours: dict[float, float], theirs: dict[float, float]) -> float | None:
    """How many bits more, as a share, ours take than theirs at the same quality.

    Both map bits a pixel to dB. The logarithm of the rate is interpolated over dB, piecewise cubic and
    without overshoot, and its difference averaged over all dB that both reach (G. Bjontegaard 2001,
    "Calculation of average PSNR differences between RD-curves", VCEG-M33; PCHIP as in JVET's templates).
    None where they share none, or one of them is known at one rate only.
    """
    if min(len(ours), len(theirs)) < 2:
        return None
    curves = []
    for each in (ours, theirs):
        rates, decibels = np.array(sorted(each.items())).T
        curves.append((decibels, PchipInterpolator(decibels, np.log(rates))))
    low, high = (pick(decibels[at] for decibels, _ in curves) for pick, at in ((max, 0), (min, -1)))
    if low >= high:
        return None
    mean, other = (curve.integrate(low, high) / (high - low) for _, curve in curves)
    return float(np.exp(mean - other) - 1)


def curves_of(rows: list[Row], place: int = 0) -> dict[str, dict[float, float]]:
    """Mean PSNR (place 0) or SSIM (1) at each mean rate that all pictures have, of rows of one preset."""
    pictures = {row["picture"] for row in rows}
    curves: dict[str, dict[float, float]] = {}
    for asked in sorted({row["asked"] for row in rows}):
        here = [row for row in rows if row["asked"] == asked]
        if {row["picture"] for row in here} != pictures:
            continue
        rate = float(np.mean([row["bpp"] for row in here]))
        for name in ("paintnet", *CODECS):
            found = [row.get(name) for row in here]
            if all(found):
                curves.setdefault(name, {})[rate] = float(np.mean([each[place] for each in found]))
    return curves


def table(rows: list[Row], place: int) -> str:
    """One line for each rate."""
    curves = curves_of(rows, place)
    digits = 2 if place == 0 else 3
    lines = []
    for rate in curves["paintnet"]:
        cells = [curves.get(name, {}).get(rate) for name in ("paintnet", *CODECS)]
        lines.append([f"{rate:.3f}", *("-" if cell is None else f"{cell:.{digits}f}" for cell in cells)])
    return results.markdown(["bits a pixel", "paintnet", *CODECS.values()], lines)


def savings(rows: list[Row]) -> str:
    """BD-rates of the paintings."""
    curves = curves_of(rows)
    ours = curves.pop("paintnet")
    named = {CODECS[name]: curve for name, curve in curves.items()}
    lines = []
    for name, curve in (
        named | {f"{name} (24)": known for name, known in PUBLISHED.items() if len(known) > 1}
    ).items():
        found = bd_rate(ours, curve)
        lines.append([name, "-" if found is None else f"{100 * found:+.0f} %"])
    return results.markdown(["beside", "bits at the same PSNR"], lines)


def plot(rows: list[Row], preset: str) -> Path:
    """Draw mean PSNR over bits a pixel."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 4.8), layout="constrained")
    for name, curve in curves_of(rows).items():
        label, width = (f"paintnet, {preset}", 2.5) if name == "paintnet" else (CODECS[name], 1.2)
        axes.plot(*zip(*curve.items(), strict=True), marker="o", label=label, linewidth=width)
    for name, known in PUBLISHED.items():
        axes.plot(*zip(*known.items(), strict=True), "x:", alpha=0.6, label=f"{name}, published")
    axes.set_xlabel("bits a pixel, of the whole file")
    axes.set_ylabel("PSNR in dB, mean of the photographs")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", ncols=2)
    FIGURES.mkdir(parents=True, exist_ok=True)
    path = FIGURES / "rate.png"
    figure.savefig(path, dpi=110)
    return path


def main() -> None:
    """Print everything of each preset; the plot is of the last one."""
    everything = results.load("rate")
    for preset in dict.fromkeys(row["preset"] for row in everything):
        rows = [row for row in everything if row["preset"] == preset]
        names = sorted({row["picture"] for row in rows})
        print(f"{preset}: {', '.join(names)}", table(rows, 0), table(rows, 1), savings(rows), sep="\n\n")
        seconds = [[row["encoding_s"], row["reading_cpu_s"], row["painting_cpu_s"]] for row in rows]
        print(
            "\nmedian seconds to make, read and paint: "
            + ", ".join(f"{each:.2f}" for each in np.median(seconds, axis=0))
        )
        print(plot(rows, preset))


if __name__ == "__main__":
    main()
