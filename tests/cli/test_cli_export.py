"""`paintnet export`: what is written, and what is refused before work begins."""

import re
from pathlib import Path

import pytest

from tests.command_line import Run
from tests.export.export_helpers import PALETTE, chance_painting, encodings


@pytest.fixture
def small(folder: Path) -> str:
    chance_painting(encodings()["raw"]).save(folder / "small.paintnet")
    return "small.paintnet"


def test_a_page_is_written_and_told(run: Run, small: str) -> None:
    told = run("export", small, "-o", "page.html", "--json").done().document
    size = Path("page.html").stat().st_size
    assert told == {"model": small, "output": "page.html", "bytes": size, "notes": []}
    assert b">small, painted by a neural network</title>" in Path("page.html").read_bytes()


def test_a_file_that_is_there_stays_unless_forced(run: Run, small: str) -> None:
    Path("page.html").write_text("mine")
    assert "exists already" in run("export", small, "-o", "page.html").failed()
    assert Path("page.html").read_text() == "mine"
    run("export", small, "-o", "page.html", "--force").done()
    assert Path("page.html").read_bytes().startswith(b"<!DOCTYPE html>")


def test_an_unknown_extension_is_refused(run: Run, small: str, folder: Path) -> None:
    assert (
        "unknown extension '.pdf'; use one of .glsl .html .onnx .svg"
        in run("export", small, "-o", "a.pdf").failed()
    )
    assert [path.name for path in folder.iterdir()] == [small]


def test_specks_that_are_left_out_are_told(run: Run, folder: Path) -> None:
    chance_painting(encodings()["keys"], palette=PALETTE, outputs=3, pixel="center").save("classes.paintnet")
    whole = run("export", "classes.paintnet", "-o", "all.svg", "--specks", "0").done()
    assert "specks" not in whole.err
    told = run("export", "classes.paintnet", "-o", "few.svg", "--specks", "15").done()
    assert re.search(r"note: \d+ specks of less than 15 pixels are left out", told.err)
    assert Path("few.svg").stat().st_size < Path("all.svg").stat().st_size


def test_specks_are_of_paths_only(run: Run, small: str) -> None:
    said = run("export", small, "-o", "page.html", "--specks", "2").failed(2)
    assert "--specks: a .html has no regions; leave it out, or export an .svg" in said
