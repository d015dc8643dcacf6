"""What a batch came to: a summary, a JUnit file for continuous integration, a sheet of thumbnails."""

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from paintnet.animation.canvas import label
from paintnet.errors import PaintnetError
from paintnet.files.names import printable
from paintnet.modelfile import EXTENSION
from paintnet.picture import OpenLimits, encode_picture, open_picture, shrink
from paintnet.picture.formats import flatten, to_levels
from paintnet.typing import Levels

Row = Mapping[str, Any]

THUMBNAIL = 160
GAP = 8
ACROSS = 8
MOST = 4_000
"""Thumbnails on a sheet, which is held in memory."""


def summary(rows: Sequence[Row]) -> dict[str, Any]:
    """Count and average the rows of a batch.

    Parameters
    ----------
    rows : sequence of mapping
        As `run_batch` gives them.

    Returns
    -------
    dict
        JSON values: pictures by their state, the mean and the worst PSNR (None where there is none),
        bytes of outputs, and the seconds of all pictures together.

    Examples
    --------
    >>> row = {"state": "done", "source": "a.png", "outputs": [{"path": "a.paintnet", "bytes": 9}]}
    >>> summary([{**row, "seconds": 1.5, "psnr": 40.0}, {**row, "seconds": 0.5, "psnr": 30.0}])["mean_psnr"]
    35.0
    """
    states = Counter(row["state"] for row in rows)
    good = [row for row in rows if row["state"] != "failed"]
    measured = [row for row in good if isinstance(row.get("psnr"), int | float)]
    sizes = [each["bytes"] for row in good for each in row["outputs"] if each["bytes"] is not None]
    worst = min(measured, key=lambda row: row["psnr"], default=None)
    return {
        "done": states["done"],
        "skipped": states["skipped"],
        "failed": states["failed"],
        "mean_psnr": round(sum(row["psnr"] for row in measured) / len(measured), 4) if measured else None,
        "worst_psnr": worst and worst["psnr"],
        "worst": worst and worst["source"],
        "files": len(sizes),
        "bytes": sum(sizes),
        "seconds": round(sum(row.get("seconds") or 0.0 for row in rows), 3),
    }


def error_of(row: Row) -> PaintnetError:
    """The error of a picture that failed."""
    error = row["error"]
    return PaintnetError(error["what"], error["why"], error["remedy"], error["parameter"])


def junit(rows: Sequence[Row], told: Sequence[str]) -> bytes:
    """Write rows as a JUnit file: a test for each picture.

    Parameters
    ----------
    rows : sequence of mapping
        As `run_batch` gives them.
    told : sequence of str
        For each row why it failed; empty where it did not.

    Examples
    --------
    >>> rows = [{"state": "failed", "source": "a.png", "seconds": 0.5}]
    >>> print(junit(rows, ["a.png: damaged image"]).decode().splitlines()[2])
      <testsuite name="paintnet batch" tests="1" failures="1" errors="0" skipped="0" time="0.500">
    """
    failed = sum(row["state"] == "failed" for row in rows)
    seconds = sum(row.get("seconds", 0.0) for row in rows if row["state"] != "skipped")
    counts = {"tests": str(len(rows)), "failures": str(failed), "errors": "0", "skipped": "0"}
    suites = ElementTree.Element("testsuites")
    name = {"name": "paintnet batch"}
    suite = ElementTree.SubElement(suites, "testsuite", {**name, **counts, "time": f"{seconds:.3f}"})
    for row, why in zip(rows, told, strict=True):
        # What was done by an earlier run is as good as done now: "skipped" would look like untested.
        taken = 0.0 if row["state"] == "skipped" else row.get("seconds", 0.0)
        of_case = {"classname": "paintnet.batch", "name": row["source"], "time": f"{taken:.3f}"}
        case = ElementTree.SubElement(suite, "testcase", of_case)
        if row["state"] == "failed":
            ElementTree.SubElement(case, "failure", {"message": printable(why)}).text = printable(why)
    ElementTree.indent(suites)
    content = io.BytesIO()
    ElementTree.ElementTree(suites).write(content, encoding="utf-8", xml_declaration=True)
    return content.getvalue() + b"\n"


def contact_sheet(rows: Sequence[Row], folder: Path, extension: str) -> bytes:
    """Put thumbnails of all paintings on one picture, with their names and PSNR.

    Parameters
    ----------
    rows : sequence of mapping
        As `run_batch` gives them; those that failed are left out.
    folder : Path
        Of the outputs.
    extension : str
        Of the sheet's format.

    Raises
    ------
    PaintnetError
        If there is nothing to show, or an output cannot be read.
    """
    good = [row for row in rows if row["state"] != "failed"][:MOST]
    if not good:
        raise PaintnetError("sheet", "there is no painting to show", "look at the errors of the pictures")
    cells = [_cell(row, folder) for row in good]
    across = min(ACROSS, len(cells))
    height, width, _ = cells[0].shape
    down = -(-len(cells) // across)
    paper = np.full((down * (height + GAP) + GAP, across * (width + GAP) + GAP, 3), 255, np.uint8)
    for number, cell in enumerate(cells):
        top, left = (
            GAP + at * (side + GAP) for at, side in zip(divmod(number, across), (height, width), strict=True)
        )
        paper[top : top + height, left : left + width] = cell
    content, _ = encode_picture(paper.astype(np.float32) / 255, extension)
    return content


def _cell(row: Row, folder: Path) -> Levels:
    """A thumbnail in a square, and what stands under it."""
    paths = [folder / each["path"] for each in row["outputs"]]
    pixels = shrink(_painted(paths), THUMBNAIL)
    square = np.full((THUMBNAIL, THUMBNAIL, 3), 255, np.uint8)
    levels = to_levels(
        flatten(pixels) if pixels.shape[2] == 4 else np.broadcast_to(pixels, (*pixels.shape[:2], 3))
    )
    top, left = ((THUMBNAIL - side) // 2 for side in levels.shape[:2])
    square[top : top + levels.shape[0], left : left + levels.shape[1]] = levels
    psnr = row.get("psnr")
    words = Path(row["source"]).name
    return label(square, words if psnr is None else f"{words[:24]}  {psnr:.1f} dB")


def _painted(paths: Sequence[Path]) -> Any:
    """What was painted: as a picture, or as a model that can paint it."""
    for path in paths:
        if path.suffix.lower() == EXTENSION:
            continue
        return open_picture(path, limits=OpenLimits(max_pixels=10**9)).pixels
    from paintnet.painting import Painting

    painting = Painting.load(next(path for path in paths if path.suffix.lower() == EXTENSION))
    longest = max(painting.width, painting.height)
    scale = min(1.0, THUMBNAIL / longest)
    return painting.render((max(1, round(painting.width * scale)), max(1, round(painting.height * scale))))
