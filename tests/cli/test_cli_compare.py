import io
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paintnet import load
from paintnet.cli.console import human_bytes
from paintnet.metrics import psnr, ssim
from tests.command_line import Run, encoded, levels_of, picture_levels


@pytest.fixture
def other(photo: Path) -> Path:
    """The picture with one pixel changed: x = 5, y = 3, blue by 51 levels."""
    levels = picture_levels()
    levels[3, 5, 2] -= 51
    path = photo.with_name("other.png")
    path.write_bytes(encoded(Image.fromarray(levels)))
    return path


def test_text(run: Run, photo: Path, other: Path) -> None:
    first, second = (levels_of(path) / np.float32(255) for path in (photo, other))
    outcome = run("compare", photo, other).done()
    assert outcome.out == (
        f"PSNR {psnr(first, second):.2f} dB, SSIM {ssim(first, second):.4f}\n"
        "largest difference 0.200 (51 of 255 levels) at 5,3\n"
    )
    assert outcome.err == ""


def test_equal_pictures(run: Run, photo: Path) -> None:
    assert run("compare", photo, photo).done().out.startswith("PSNR infinite (equal), SSIM 1.0000\n")
    document = run("compare", photo, photo, "--json").done().document
    assert document["psnr"] is None
    assert document["ssim"] == 1
    assert document["largest_difference"]["value"] == 0


def test_difference_picture(run: Run, photo: Path, other: Path) -> None:
    document = run("compare", photo, other, "-o", "difference.png", "--json").done().document
    assert document["output"] == "difference.png"
    assert document["largest_difference"] == {"value": pytest.approx(0.2), "xy": [5, 3]}
    expected = np.zeros((12, 16), np.uint8)
    expected[3, 5] = 255
    assert np.array_equal(levels_of(Path("difference.png")), expected)
    assert "difference.png: exists already" in run("compare", photo, other, "-o", "difference.png").failed()
    outcome = run("compare", photo, other, "-o", "difference.png", "-f").done()
    size = human_bytes(Path("difference.png").stat().st_size)
    assert outcome.out.splitlines()[2:] == [f"difference.png  (16 x 12, {size})"]


def test_difference_on_stdout(run: Run, photo: Path, other: Path) -> None:
    outcome = run("compare", photo, other, "-o", "-").done()
    assert levels_of(io.BytesIO(outcome.out_bytes)).max() == 255
    assert outcome.err.startswith("PSNR ")
    assert "--json" in run("compare", photo, other, "-o", "-", "--json").failed(2)


def test_one_from_stdin(run: Run, photo: Path) -> None:
    document = run("compare", "-", photo, "--json", stdin=photo.read_bytes()).done().document
    assert (document["a"], document["b"], document["psnr"]) == ("stdin", str(photo), None)


def test_grey_rgb_and_rgba_can_be_compared(run: Run, photo: Path) -> None:
    shades = np.linspace(0, 255, 64).astype(np.uint8).reshape(8, 8)
    for name, mode in (("grey.png", "L"), ("rgb.png", "RGB"), ("rgba.png", "RGBA")):
        Path(name).write_bytes(encoded(Image.fromarray(shades).convert(mode)))
    for pair in (("grey.png", "rgb.png"), ("rgba.png", "grey.png"), ("rgb.png", "rgba.png")):
        assert run("compare", *pair, "--json").done().document["psnr"] is None


def test_smallest_pictures(run: Run, folder: Path) -> None:
    Path("dot.pgm").write_bytes(b"P5 1 1 255 \x80")
    assert run("compare", "dot.pgm", "dot.pgm", "--json").done().document["ssim"] == 1


def test_different_sizes_are_named(run: Run, photo: Path) -> None:
    Path("small.png").write_bytes(encoded(Image.fromarray(picture_levels(5, 4))))
    error = run("compare", photo, "small.png", "-o", "never.png").failed()
    assert error.startswith(
        "pictures: they differ in size: 16 x 12 with 3 channels and 5 x 4 with 3 channels"
    )
    assert not Path("never.png").exists()


def test_notes_go_to_stderr_unless_quiet(run: Run, folder: Path) -> None:
    frames = [Image.new("L", (4, 4), shade) for shade in (0, 200)]
    Path("moving.gif").write_bytes(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    outcome = run("compare", "moving.gif", "moving.gif").done()
    assert outcome.err == "note: only the first of several frames was read\n" * 2
    quiet = run("compare", "moving.gif", "moving.gif", "-q").done()
    assert (quiet.out, quiet.err) == (outcome.out, "")


def test_two_pictures_are_needed(run: Run, photo: Path) -> None:
    assert "Missing argument 'B'" in run("compare", photo).failed(2)


def test_a_painting_is_painted_at_the_size_of_the_picture(run: Run, photo: Path, model: Path) -> None:
    painting = load(model)
    outcome = run("compare", photo.name, model.name).done()
    levels = np.rint(painting.render() * 255) / np.float32(255)
    quality = psnr(levels_of(photo) / np.float32(255), levels)
    assert outcome.out.startswith(f"PSNR {quality:.2f} dB, ")
    assert outcome.err == ""
    assert painting.training is not None
    assert quality == pytest.approx(painting.training.psnr, abs=1e-4)
    Path("larger.png").write_bytes(encoded(Image.fromarray(picture_levels(32, 24))))
    outcome = run("compare", model.name, "larger.png").done()
    assert outcome.err == "note: photo.paintnet was painted at 32 x 24, not at its own 16 x 12\n"
    run("render", model.name, "--size", "32x24", "-o", "painted.png").done()
    assert outcome.out == run("compare", "painted.png", "larger.png").done().out


def test_large_pictures_are_compared_in_bands(
    run: Run, folder: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, column, channel = np.indices((900, 1000, 3))
    first = ((row // 5 + column // 7 + 40 * channel) % 256).astype(np.uint8)
    second = first ^ (first > 250)
    second[700, 800] = first[700, 800] ^ 128
    Image.fromarray(first).save("first.png")
    Image.fromarray(second).convert("RGBA").save("second.tif", compression="tiff_lzw")
    Image.fromarray(first[..., 0]).save("grey.png")
    pairs = (("first.png", "second.tif"), ("second.tif", "grey.png"), ("grey.png", model.name))
    small = [run("compare", *pair, "-o", f"small{k}.png").done().out for k, pair in enumerate(pairs)]
    assert "(128 of 255 levels) at 800,700" in small[0]
    monkeypatch.setattr("paintnet.picture.banding.HELD_PIXELS", 1000)
    monkeypatch.setattr("paintnet.picture.banding.BAND_PIXELS", 2**16)
    monkeypatch.setattr("paintnet.cli.compare.HELD_PIXELS", 1000)
    large = [run("compare", *pair, "-o", f"large{k}.png").done().out for k, pair in enumerate(pairs)]
    tracemalloc.start()
    run("compare", *pairs[0]).done()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [text.replace(f"large{k}.", f"small{k}.") for k, text in enumerate(large)] == small
    for k in range(3):
        assert Path(f"large{k}.png").read_bytes() == Path(f"small{k}.png").read_bytes()
    assert peak < first.size * 4, "not one picture is held in float32"


def test_two_paintings_are_painted_at_the_size_of_the_first(run: Run, model: Path, classified: Path) -> None:
    assert run("compare", model.name, model.name).done().out.startswith("PSNR infinite (equal)")
    document = run("compare", model.name, classified.name, "--json").done().document
    assert (document["a"], document["b"]) == (model.name, classified.name)
    assert document["psnr"] < 40


def test_no_painting_is_painted_larger_than_the_limit(run: Run, model: Path) -> None:
    error = run("compare", model.name, model.name, "--max-pixels", "100").failed(2)
    assert "raise --max-pixels" in error
