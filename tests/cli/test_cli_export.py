"""`paintnet export`: what is written, and what is refused before work begins."""

from pathlib import Path

import pytest

from tests.command_line import Run
from tests.export.export_helpers import chance_painting, encodings


@pytest.fixture
def small(folder: Path) -> str:
    chance_painting(encodings()["raw"]).save(folder / "small.paintnet")
    return "small.paintnet"


def test_a_page_is_written_and_told(run: Run, small: str) -> None:
    told = run("export", small, "-o", "page.html", "--json").done().document
    assert told == {"model": small, "output": "page.html", "bytes": Path("page.html").stat().st_size}
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
