"""Results as JSON lines, tables and a plot."""

import json
import platform
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import mean
from typing import Any

FOLDER = Path(__file__).parent / "results"
FIGURES = Path(__file__).parent.parent / "docs" / "figures"

Row = dict[str, Any]


def save(name: str, row: Row) -> None:
    """Append one result, so that a run that is stopped keeps what it has."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"{name}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def load(name: str) -> list[Row]:
    """All results of that name."""
    path = FOLDER / f"{name}.jsonl"
    return (
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    )


def clear(name: str) -> None:
    """Forget earlier results."""
    (FOLDER / f"{name}.jsonl").unlink(missing_ok=True)


def machine() -> str:
    """Processor and number of cores, for people."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line
        ]
        model = f"{names[0]}, {len(names)} cores" if names else model
    return f"{model}, Python {platform.python_version()}"


def markdown(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A table in Markdown; floats with two digits."""
    lines = ["| " + " | ".join(header) + " |"]
    lines.append("|" + "---|" * lines[0].count(" | ") + "---|")
    for row in rows:
        cells = (f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def means(rows: list[Row], *keys: str, value: str = "psnr") -> dict[tuple[Any, ...], float]:
    """Mean of a value over all rows that agree in the keys."""
    groups = defaultdict(list)
    for row in rows:
        groups[tuple(row[key] for key in keys)].append(row[value])
    return {group: mean(values) for group, values in groups.items()}


def plot_quality(rows: list[Row]) -> Path:
    """Draw mean PSNR over training time, a line for each learner."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 4.8), layout="constrained")
    average = means(rows, "learner", "budget")
    for learner in dict.fromkeys(row["learner"] for row in rows):
        points = sorted((budget, psnr) for (who, budget), psnr in average.items() if who == learner)
        axes.plot(*zip(*points, strict=True), marker="o", label=learner)
    axes.set_xscale("log")
    ticks = sorted({row["budget"] for row in rows})
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("seconds of training")
    axes.set_ylabel("PSNR in dB, mean of the photographs")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    FIGURES.mkdir(parents=True, exist_ok=True)
    path = FIGURES / "quality.png"
    figure.savefig(path, dpi=110)
    return path
