import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.command_line import Run, Terminal, levels_of

QUICK = ("--data", "xor", "--layers", "none", "--layers", "4", "--size", "100")


def test_picture_and_summary(run: Run) -> None:
    outcome = run("boundary", *QUICK, "-o", "xor.png").done()
    neuron, layer, file = outcome.out.splitlines()
    assert neuron == "one neuron: 50 % of xor"
    assert layer == "1 hidden layer of 4: 100 % of xor"
    assert file.startswith("xor.png  (")
    assert outcome.err == ""
    assert levels_of(Path("xor.png")).shape == (146, 216, 3)


def test_json(run: Run) -> None:
    document = run("boundary", *QUICK, "-o", "xor.png", "--json").done().document
    panels = document.pop("panels")
    assert document == {"output": "xor.png", "animation": None, "activation": "tanh", "seed": 0, "size": 100}
    assert [(panel["data"], panel["layers"], panel["parameters"]) for panel in panels] == [
        ("xor", [], 3),
        ("xor", [4], 17),
    ]
    assert [panel["accuracy"] for panel in panels] == [0.5, 1.0]
    assert all(1 < panel["epochs"] < 1500 for panel in panels)


def test_the_whole_story_is_the_default(run: Run) -> None:
    document = run("boundary", "--epochs", 1, "--size", 100, "-o", "all.png", "--json").done().document
    assert [(panel["data"], tuple(panel["layers"])) for panel in document["panels"]] == [
        (data, layers) for data in ("and", "xor", "circles", "spirals") for layers in ((), (4,), (16, 16, 16))
    ]


def test_same_seed_same_bytes(run: Run) -> None:
    options = ("--data", "circles", "--layers", "4", "--epochs", "20", "--size", "100")
    for name, seed in (("a.png", 1), ("b.png", 1), ("c.png", 2)):
        run("boundary", *options, "--seed", seed, "-o", name).done()
    first, second, other = (Path(name).read_bytes() for name in ("a.png", "b.png", "c.png"))
    assert first == second != other


def test_picture_on_stdout(run: Run) -> None:
    outcome = run("boundary", *QUICK, "--epochs", 5, "-o", "-").done()
    assert levels_of(io.BytesIO(outcome.out_bytes)).shape == (146, 216, 3)
    assert "one neuron: " in outcome.err
    assert "both go to stdout" in run("boundary", *QUICK, "-o", "-", "--json").failed(2)


def test_animation_and_picture_of_one_training(run: Run) -> None:
    options = (*QUICK, "--epochs", "30", "--frames", "4")
    outcome = run("boundary", *options, "--animate", "xor.gif", "-o", "xor.png").done()
    assert [line.partition("  ")[0] for line in outcome.out.splitlines()[2:]] == ["xor.gif", "xor.png"]
    with Image.open("xor.gif") as animation:
        assert animation.n_frames == 4  # type: ignore[attr-defined]
        assert animation.size == (216, 146)
        animation.seek(3)
        last = np.asarray(animation.convert("RGB")).astype(int)
    # A GIF has 256 colors, so its last frame is nearly the picture.
    assert np.abs(last - levels_of(Path("xor.png"))).mean() < 3


def test_quiet(run: Run) -> None:
    outcome = run("boundary", *QUICK, "--epochs", 2, "-o", "xor.png", "-q").done()
    assert (outcome.out, outcome.err) == ("", "")


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ((), 2, "outputs: none was named; name a picture with -o, or an animation with --animate"),
        (("-o", "a.png", "--animate", "a.png"), 2, "outputs: one file is named twice"),
        (("-o", "a.xyz"), 1, "a.xyz: unknown extension '.xyz'"),
        (("--animate", "a.jpg"), 1, "a.jpg: unknown extension '.jpg'"),
        (("-o", "old.png"), 1, "old.png: exists already"),
        (("-o", "a.webp", "--size", 1000, *("--data", "and") * 17), 1, "a.webp: WebP holds at most 16,383"),
        (("-o", "a.png", "--layers", "4,"), 2, "Invalid value for '--layers'"),
        (("-o", "a.png", "--data", "nor"), 2, "Invalid value for '--data'"),
        (("-o", "a.png", "--fps", "nan"), 2, "Invalid value for '--fps'"),
    ],
    ids=str,
)
def test_refused_before_anything_is_learned(
    run: Run, monkeypatch: pytest.MonkeyPatch, options: tuple[object, ...], code: int, message: str
) -> None:
    Path("old.png").write_bytes(b"old")
    monkeypatch.setattr("paintnet.cli.boundary.Boundary", lambda *_, **__: pytest.fail("it learns"))
    assert run("boundary", *options).failed(code).startswith(message)
    assert [path.name for path in Path().iterdir()] == ["old.png"]


def test_progress_is_wiped_from_the_terminal(folder: Path) -> None:
    with Terminal("boundary", *QUICK, "--epochs", "5", "-o", "xor.png", stdout=True) as terminal:
        assert terminal.finish() == 0
    assert "\rpanel 1/2 xor, one neuron, epoch 0/5\x1b[K" in terminal.text
    assert "\r\x1b[Kone neuron: " in terminal.text
