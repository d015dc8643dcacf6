import io
import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paintnet import load
from paintnet.cli.terminal import ERASE_LINE
from paintnet.encoding.extent import Extent
from paintnet.encoding.raw import RawMap
from paintnet.network import Network
from paintnet.painting import Painting
from paintnet.patches import Patch
from tests.command_line import HEIGHT, QUICK, WIDTH, Run, Terminal, levels_of

PNG = b"\x89PNG\r\n\x1a\n"


def test_default_is_one_pixel_for_each_of_the_picture(run: Run, model: Path) -> None:
    outcome = run("render", model, "-o", "out.png").done()
    assert outcome.out.startswith("out.png  (16 x 12, ")
    expected = np.rint(np.clip(load(model).render(), 0, 1) * 255)
    assert np.array_equal(levels_of(Path("out.png")), expected)


def test_render_at_scale_1_is_the_picture_that_fit_wrote(run: Run, photo: Path) -> None:
    run("fit", photo, *QUICK).done()
    run("render", "photo.paintnet", "-o", "again.png", "--scale", "1").done()
    assert Path("again.png").read_bytes() == Path("photo.painted.png").read_bytes()
    run("render", "photo.paintnet", "-o", "third.png", "--size", f"{WIDTH}x{HEIGHT}").done()
    assert Path("third.png").read_bytes() == Path("photo.painted.png").read_bytes()


@pytest.mark.parametrize(
    ("options", "size"),
    [
        (["--scale", "4"], (64, 48)),
        (["--scale", "0.01"], (1, 1)),
        (["--size", "7x5"], (7, 5)),
        (["--region", "4,4,8,6"], (4, 2)),
        (["--region", "4,4,8,6", "--scale", "3"], (12, 6)),
        (["--region", "-2,-2.5,18,14.5", "--size", "40x34"], (40, 34)),
    ],
)
def test_sizes(run: Run, model: Path, options: list[str], size: tuple[int, int]) -> None:
    document = run("render", model, "-o", "out.png", *options, "--json").done().document
    assert levels_of(Path("out.png")).shape == (size[1], size[0], 3)
    assert document["size"] == list(size)
    assert (document["model"], document["output"]) == (str(model), "out.png")


def test_region_is_a_crop_box(run: Run, model: Path) -> None:
    run("render", model, "-o", "whole.png").done()
    run("render", model, "-o", "part.png", "--region", "4,3,10,8").done()
    assert np.array_equal(levels_of(Path("part.png")), levels_of(Path("whole.png"))[3:8, 4:10])


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.JPEG", "a.webp", "a.tif", "a.tiff", "a.bmp"])
def test_format_follows_the_extension(run: Run, model: Path, name: str) -> None:
    run("render", model, "-o", name).done()
    with Image.open(name) as image:
        assert image.format is not None
        assert image.format.lower()[:2] == name.lower()[2:4]
        assert image.size == (WIDTH, HEIGHT)


def test_picture_on_stdout_is_png_and_words_go_to_stderr(run: Run, model: Path) -> None:
    run("render", model, "-o", "file.png").done()
    outcome = run("render", "-o", "-").done()
    assert outcome.out_bytes == Path("file.png").read_bytes()
    assert outcome.out_bytes.startswith(PNG)
    assert levels_of(io.BytesIO(outcome.out_bytes)).shape == (HEIGHT, WIDTH, 3)
    assert outcome.err == "note: using photo.paintnet, the newest .paintnet file here\n"


def test_model_from_stdin_to_picture_on_stdout(run: Run, model: Path) -> None:
    outcome = run("render", "-", "-o", "-", stdin=model.read_bytes()).done()
    assert outcome.out_bytes.startswith(PNG)
    assert outcome.err == ""


def test_json_and_picture_on_stdout_clash(run: Run, model: Path) -> None:
    error = run("render", model, "-o", "-", "--json").failed(2)
    assert error == "--json and the output -: both go to stdout; give the output a file name"


def test_quiet_says_nothing(run: Run, model: Path) -> None:
    outcome = run("render", "-o", "out.png", "-q").done()
    assert (outcome.out, outcome.err) == ("", "")


def test_existing_output_needs_force(run: Run, model: Path) -> None:
    Path("old.png").write_bytes(b"old")
    error = run("render", model, "-o", "old.png").failed()
    assert error == "old.png: exists already; replace it with --force or choose another name"
    assert Path("old.png").read_bytes() == b"old"
    run("render", model, "-o", "old.png", "--force").done()
    assert levels_of(Path("old.png")).shape == (HEIGHT, WIDTH, 3)


def test_output_is_judged_before_the_model(run: Run) -> None:
    assert run("render", "gone.paintnet", "-o", "out.xyz").failed().startswith("out.xyz: unknown extension")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--scale", "2", "--size", "4x4"], "--scale and --size: they cannot be combined; give only one"),
        (["--scale", "nan"], "'nan' is not a number"),
        (["--scale", "10001"], "10001 is out of range; it must be above 0 and at most 10,000"),
        (["--size", "100000x100000"], "10,000,000,000 pixels are more than the limit of 50,000,000"),
        (["--scale", "9999"], "more than the limit"),
        (["--size", "10x10", "--max-pixels", "99"], "100 pixels are more than the limit of 99"),
        (["--region", "0,0,1e308,1e308", "--scale", "10000"], "more than the limit"),
        (["--region=-1e308,0,1e308,1"], "more than the limit"),
        (["--region", "5,0,5,1"], "--region: 5,0,5,1 is empty"),
        (["--region", "8,0,5,1", "--size", "4x4"], "--region: 8,0,5,1 is empty"),
        (["--region", "1,2,3"], "'1,2,3' is not of the form X0,Y0,X1,Y1"),
        (["--region", "0,0,inf,1"], "not of the form"),
    ],
)
def test_impossible_sizes_are_usage_errors(run: Run, model: Path, options: list[str], words: str) -> None:
    assert words in run("render", model, "-o", "out.png", *options).failed(2)
    assert not Path("out.png").exists()


def test_side_that_the_format_cannot_hold(run: Run, model: Path) -> None:
    error = run("render", model, "-o", "long.webp", "--size", "20000x1").failed()
    assert error == (
        "long.webp: WebP holds at most 16,383 pixels a side, not 20,000; write a PNG or a smaller picture"
    )


def test_far_away_region(run: Run, model: Path) -> None:
    run("render", model, "-o", "far.png", "--region", "1e300,1e300,1.1e300,1.1e300", "--size", "2x2").done()
    assert levels_of(Path("far.png")).shape == (2, 2, 3)


def test_output_is_required(run: Run, model: Path) -> None:
    assert "Missing option '-o' / '--output'" in run("render", model).failed(2)


def grey_model() -> str:
    """A painting that is quickly rendered, in the current folder."""
    weights = (np.eye(2, 1, dtype="f4"),), (np.full(1, 0.5, "f4"),)
    network = Network(RawMap(Extent.of_picture(4, 3)), *weights, "relu", "identity")
    Painting("regress", 4, 3, 1, (Patch.whole(network, 4, 3),)).save("grey.paintnet")
    return "grey.paintnet"


@pytest.mark.parametrize(("name", "share"), [("large.png", 1 / 4), ("-", 1 / 4), ("large.jpg", 1 / 2)])
def test_a_large_picture_is_never_held_as_floats(run: Run, name: str, share: float) -> None:
    model = grey_model()
    n_bytes = 4 * 4000 * 3000
    run("render", model, "-o", "warm.jpg").done()
    tracemalloc.start()
    outcome = run("render", model, "-o", name, "--size", "4000x3000").done()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < share * n_bytes
    written = levels_of(io.BytesIO(outcome.out_bytes) if name == "-" else Path(name))
    assert written.shape == (3000, 4000)
    if name != "large.jpg":
        expected = np.rint(load(model).render((4000, 4), (0, 0, 4, 3 / 750))[0, :, 0] * 255)
        assert np.array_equal(written[0], expected)


def test_a_render_that_fails_on_its_way_leaves_the_old_picture(
    run: Run, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bands(
        painting: Painting, size: tuple[int, int], region: object, *, smooth: bool
    ) -> Iterator[np.ndarray]:
        yield np.zeros((5, size[0], 3), np.float32)
        yield np.full((size[1] - 5, size[0], 3), np.nan, np.float32)

    monkeypatch.setattr(Painting, "bands", bands)
    Path("old.png").write_bytes(b"old")
    error = run("render", model, "-o", "old.png", "--force").failed()
    assert error.startswith("the picture: some of its values are not numbers")
    assert Path("old.png").read_bytes() == b"old"
    assert run("render", model, "-o", "-").failed()


def test_a_painting_made_for_copying_says_so_where_it_is_enlarged(run: Run, photo: Path, model: Path) -> None:
    run("fit", photo, *QUICK, "--for", "copying", "-m", "copy.paintnet").done()
    note = (
        "note: this painting was made for copying: between the pixels of its picture it is left to chance; "
        "`paintnet fit --for any-size` paints for every size\n"
    )
    assert run("render", "copy.paintnet", "-o", "a.png", "--scale", "2").done().err == note
    assert run("render", "copy.paintnet", "-o", "b.png").done().err == ""
    assert run("render", model, "-o", "c.png", "--scale", "2").done().err == ""


def test_smooth_softens_the_boundaries_of_classes(run: Run, classified: Path) -> None:
    run("render", classified, "-o", "hard.png", "--size", "21x13").done()
    run("render", classified, "-o", "soft.png", "--size", "21x13", "--smooth").done()
    hard, soft = (levels_of(Path(name)).reshape(-1, 3) for name in ("hard.png", "soft.png"))
    assert len(np.unique(hard, axis=0)) == len(load(classified).palette)
    assert len(np.unique(soft, axis=0)) > len(np.unique(hard, axis=0))


def test_a_painting_of_colors_has_nothing_to_soften(run: Run, model: Path) -> None:
    outcome = run("render", model, "-o", "out.png", "--smooth")
    assert outcome.code == 2
    assert "smooth: a painting of mode regress has no boundaries of classes" in outcome.err
    assert not Path("out.png").exists()


def test_on_a_terminal_it_says_how_much_is_painted_and_cleans_up(model: Path) -> None:
    with Terminal("render", model, "-o", "big.png", "--scale", "40") as seen:
        assert seen.finish() == 0
    shares = [int(share) for share in re.findall(r"painting (\d+) %", seen.text)]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert "writing" in seen.text
    assert seen.text.endswith(f"\r{ERASE_LINE}")
