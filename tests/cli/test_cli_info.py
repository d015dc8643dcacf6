import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from paintnet import load
from paintnet.cli.console import human_bytes
from paintnet.picture.metadata_reading import dpi_of
from paintnet.record import TrainingRecord
from paintnet.settings.presets import settings_for
from tests.command_line import QUICK, Run, encoded, picture_levels, run_program
from tests.http_server import HttpServer
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


def test_a_picture_is_described(run: Run, folder: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.fromarray(picture_levels())
    data = encoded(image, "JPEG", exif=exif, icc_profile=profile, dpi=(300, 300), xmp=b"<x:xmpmeta/>")
    Path("photo.dat").write_bytes(data)
    outcome = run("info", "photo.dat").done()
    settings = settings_for(12, 16, "standard")
    layers = ",".join(map(str, settings.layers))
    assert outcome.out.splitlines() == [
        f"picture      photo.dat  ({human_bytes(len(data))})",
        "format       JPEG, mode RGB",
        "size         12 x 16, 192 pixels, read as RGB",
        "orientation  6, turned by 90 degrees clockwise",
        "profile      sRGB built-in",
        "resolution   300 x 300 DPI",
        "metadata     EXIF, XMP, GPS position",
        f"fit          preset standard: grid encoding, layers {layers}, {settings.epochs} epochs, to "
        "photo.painted.png and photo.paintnet",
    ]
    document = run("info", "photo.dat", "--json").done().document
    assert (document["size"], document["orientation"], document["dpi"]) == ([12, 16], 6, [300, 300])
    assert document["metadata"] == ["EXIF", "XMP", "GPS position"]
    assert document["fit"]["outputs"] == ["photo.painted.png", "photo.paintnet"]
    assert document["fit"]["epochs"] == settings.epochs


@pytest.mark.parametrize("name", ["PNG", "TIFF", "GIF", "BMP", "WEBP", "PPM"])
def test_a_plain_picture_of_any_format(run: Run, folder: Path, name: str) -> None:
    Path("plain").write_bytes(encoded(Image.fromarray(picture_levels()), name))
    document = run("info", "plain", "--json").done().document
    assert (document["format"].upper(), document["size"]) == (name, [16, 12])
    assert (document["profile"], document["metadata"]) == (None, [])
    assert document["dpi"] == ([96, 96] if name == "BMP" else None)


def test_samples_and_addresses_are_pictures_too(run: Run, folder: Path, server: HttpServer) -> None:
    assert "size         100 x 100, 10,000 pixels, read as RGB\n" in run("info", "sample:bird").done().out
    assert (
        run("info", server.url("/bird.png"), "--allow-private", "--json").done().document["format"] == "PNG"
    )
    assert "it with --allow-private" in run("info", server.url("/bird.png")).failed()


def test_what_is_wrong_with_a_picture_is_told_as_fit_tells_it(run: Run, photo: Path) -> None:
    content = photo.read_bytes()
    photo.write_bytes(content[:-20])
    assert run("info", photo.name).failed() == run("fit", photo.name).failed()
    photo.write_bytes(content)
    assert (
        "more than the limit of 100 pixels; raise the limit with --max-pixels"
        in run("info", photo.name, "--max-pixels", "100").failed()
    )


def test_a_file_that_is_neither_is_told_as_a_model(run: Run, folder: Path) -> None:
    Path("note.txt").write_text("hello")
    assert run("info", "note.txt").failed().startswith("note.txt: ")
    assert run("info", "gone.png").failed().startswith("gone.png: ")


@pytest.mark.parametrize("dpi", [(0, 0), (float("nan"), 72), "72", None, (-5, 72), (1e9, 72)], ids=str)
def test_a_resolution_that_makes_no_sense_is_none(dpi: object) -> None:
    assert dpi_of(dpi) is None


def test_describing_a_picture_imports_nothing_that_learns(photo: Path) -> None:
    script = (
        "import sys; from paintnet.cli import main; sys.argv[0] = 'paintnet'\n"
        "try: main()\n"
        "except SystemExit as end: print(*sys.modules, file=sys.stderr)"
    )
    outcome = run_program("info", photo.name, program=(sys.executable, "-c", script)).done()
    assert "size         16 x 12" in outcome.out
    assert not {"sklearn", "scipy", "requests"} & set(outcome.err.split())
