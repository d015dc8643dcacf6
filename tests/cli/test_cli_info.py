from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paintnet import load
from paintnet.record import TrainingRecord
from tests.command_line import QUICK, Run
from tests.records import a_record


def test_text_tells_picture_network_size_and_training(run: Run, model: Path) -> None:
    outcome = run("info", model).done()
    lines = dict(line.split(None, 1) for line in outcome.out.splitlines())
    assert list(lines) == ["model", "picture", "network", "size", "training", "ended", "quality", "made"]
    assert lines["model"].startswith(f"{model}  (")
    assert lines["picture"] == "16 x 12, RGB, mode regress; a pixel is the mean over its area"
    assert lines["network"].startswith("grid encoding, ")
    assert "preset standard, seed 0, 60 epochs, engine numpy" in lines["training"]
    assert lines["ended"] == "all epochs are done"
    assert lines["quality"].startswith("PSNR ")
    assert outcome.err == ""


def test_json_is_the_whole_record(run: Run, model: Path) -> None:
    document = run("info", model, "--json").done().document
    painting = load(model)
    assert document["bytes"] == model.stat().st_size
    assert document["size"] == [16, 12]
    assert document["parameters"] == painting.n_parameters
    assert document["bits_per_pixel"] == pytest.approx(painting.bits_per_pixel, abs=1e-3)
    assert document["layers"] == list(painting.patches[0].network.layers)
    assert document["training"] == painting.training.to_document()
    assert "palette" not in document


def test_palette_of_classify(run: Run, classified: Path) -> None:
    outcome = run("info").done()
    assert outcome.err == "note: using classes.paintnet, the newest .paintnet file here\n"
    assert "% of pixels in the right class" in outcome.out
    palette = run("info", "--json").done().document["palette"]
    assert len(palette) == 2
    assert f"palette     {' '.join(palette)}" in outcome.out


def test_grey_palette_has_whole_colors(run: Run, photo: Path) -> None:
    Path("grey.pgm").write_bytes(b"P5 4 2 255 " + bytes([0, 0, 200, 200] * 2))
    run("fit", "grey.pgm", *QUICK, "--mode", "classify", "-m", "grey.paintnet").done()
    assert run("info", "--json").done().document["palette"] == ["#c8c8c8", "#000000"]


def test_model_from_stdin(run: Run, model: Path) -> None:
    document = run("info", "-", "--json", stdin=model.read_bytes()).done().document
    assert (document["model"], document["bytes"]) == ("stdin", model.stat().st_size)


def test_no_model(run: Run) -> None:
    assert "make one with `paintnet fit IMAGE`" in run("info").failed()


def test_painting_without_a_training_record(run: Run, model: Path) -> None:
    bare = _with_record(model, None)
    assert "training" not in run("info", bare).done().out


def test_record_cannot_steer_the_terminal(run: Run, model: Path) -> None:
    hostile = a_record(preset="\x1b[2J\nerror: no", versions={"a\rb": "\x07"})
    outcome = run("info", _with_record(model, hostile))
    assert not set(outcome.done().out) & set("\x1b\r\x07")
    assert "?[2J?error: no" in outcome.out


def _with_record(model: Path, record: TrainingRecord | None) -> Path:
    known = load(model)
    painting = replace(known, training=record)
    path = model.with_name("odd.paintnet")
    painting.save(path)
    assert np.isfinite(load(path).predict([[0, 0]])).all()
    return path
