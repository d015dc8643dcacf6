import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from paintnet import load
from paintnet.cli.progress import progress_line
from paintnet.painter.events import EpochFinished, Working
from tests.command_line import (
    HEIGHT,
    QUICK,
    WIDTH,
    Run,
    Terminal,
    encoded,
    levels_of,
    picture_levels,
    run_program,
    snapshot,
)


def test_a_picture_that_is_too_large_for_the_grid_is_told_so(
    run: Run, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paintnet.settings.presets.MOST_VERTICES", 40)
    note = "note: this picture of 0.0 megapixels has "
    for quiet, expected in ((), [True]), (("-q",), []):
        told = run("fit", photo, *QUICK, "-f", *quiet).done().err.splitlines()
        assert [line.startswith(note) for line in told] == expected
    assert run("fit", photo, *QUICK, "-f", "--max-side", "7").done().err == ""


def test_default_outputs_are_named_after_the_picture(run: Run, photo: Path) -> None:
    outcome = run("fit", photo, *QUICK).done()
    assert sorted(snapshot(photo.parent)) == ["photo.painted.png", "photo.paintnet", "photo.png"]
    assert levels_of(Path("photo.painted.png")).shape == (HEIGHT, WIDTH, 3)
    assert load("photo.paintnet").width == WIDTH
    lines = outcome.out.splitlines()
    assert lines[0].startswith("photo.painted.png  (16 x 12, ")
    assert lines[1].startswith("photo.paintnet  (")
    assert lines[2].startswith("PSNR ")
    assert lines[3].startswith("60 epochs, ")
    assert lines[3].endswith(" bits per pixel")
    assert lines[4:] == ["ended: all epochs are done"]
    assert outcome.err == ""


def test_fit_then_predict_as_it_stands(run: Run, photo: Path) -> None:
    run("fit", photo, "--mode", "regress", *QUICK).done()
    assert run("predict", "--xy", "1,1").done().out.startswith("1,1 -> #")


def test_picture_from_another_folder_is_painted_into_this_one(run: Run, photo: Path) -> None:
    Path("there").mkdir()
    photo.rename("there/IMG 1.PNG")
    run("fit", "there/IMG 1.PNG", *QUICK, "-q").done()
    assert sorted(path.name for path in Path().iterdir()) == ["IMG 1.painted.png", "IMG 1.paintnet", "there"]


def test_default_picture_is_the_bird(run: Run) -> None:
    document = run("fit", "--epochs", "2", "--layers", "4", "--json").done().document
    assert document["source"] == "sample:bird"
    assert document["outputs"] == ["bird.painted.png", "bird.paintnet"]


def test_picture_from_stdin(run: Run, photo: Path) -> None:
    document = run("fit", "-", *QUICK, "--json", stdin=photo.read_bytes()).done().document
    assert document["source"] == "stdin"
    assert document["outputs"] == ["stdin.painted.png", "stdin.paintnet"]


@pytest.mark.parametrize(
    ("options", "written"),
    [
        (["-o", "a.jpg"], ["a.jpg"]),
        (["-o", "a.webp", "-o", "b.tiff"], ["a.webp", "b.tiff"]),
        (["-o", "x.paintnet"], ["x.paintnet"]),
        (["-m", "x.paintnet"], ["x.paintnet"]),
        (["-m", "x.paintnet", "-o", "y.PAINTNET", "-o", "a.bmp"], ["a.bmp", "y.PAINTNET", "x.paintnet"]),
    ],
)
def test_named_outputs_replace_the_default_ones(
    run: Run, photo: Path, options: list[str], written: list[str]
) -> None:
    document = run("fit", photo, *QUICK, *options, "--json").done().document
    assert document["outputs"] == written
    assert sorted(snapshot(photo.parent)) == sorted([*written, "photo.png"])
    for name in written:
        if name.lower().endswith(".paintnet"):
            assert load(name).height == HEIGHT


@pytest.mark.parametrize("options", [["--scale", "3"], ["--size", "48x36"]])
def test_size_of_the_painted_picture(run: Run, photo: Path, options: list[str]) -> None:
    outcome = run("fit", photo, *QUICK, *options).done()
    assert levels_of(Path("photo.painted.png")).shape == (36, 48, 3)
    assert "(48 x 36, " in outcome.out
    assert load("photo.paintnet").width == WIDTH


def test_max_side_learns_from_a_smaller_copy(run: Run, photo: Path) -> None:
    run("fit", photo, *QUICK, "--max-side", "8", "-q").done()
    assert (load("photo.paintnet").width, load("photo.paintnet").height) == (8, 6)
    assert levels_of(Path("photo.painted.png")).shape == (6, 8, 3)


def test_json_is_one_object(run: Run, photo: Path) -> None:
    outcome = run("fit", photo, *QUICK, "--hold-out", "0.2", "--json").done()
    document = outcome.document
    assert outcome.err == ""
    assert document["ssim"] <= 1
    assert document["psnr"] > 10
    assert document["held_out_psnr"] > 5
    assert (document["epochs"], document["ended_by"], document["seed"]) == (60, "epochs", 0)
    assert document["preset"] == "standard"
    assert document["parameters"] == load("photo.paintnet").n_parameters


def test_quiet_is_silent(run: Run, photo: Path) -> None:
    outcome = run("fit", photo, *QUICK, "-q").done()
    assert (outcome.out, outcome.err) == ("", "")
    assert "photo.paintnet" in snapshot(photo.parent)


def test_picture_on_stdout_words_on_stderr(run: Run, photo: Path) -> None:
    outcome = run("fit", photo, *QUICK, "-o", "-", "-o", "same.png").done()
    assert outcome.out_bytes == Path("same.png").read_bytes()
    assert levels_of(io.BytesIO(outcome.out_bytes)).shape == (HEIGHT, WIDTH, 3)
    assert outcome.err.startswith("same.png  (")
    assert "PSNR" in outcome.err


def test_model_on_stdout(run: Run, photo: Path) -> None:
    outcome = run("fit", photo, *QUICK, "-m", "-").done()
    answer = run("predict", "-", "--xy", "1,1", stdin=outcome.out_bytes).done()
    assert answer.out.startswith("1,1 -> #")
    assert sorted(snapshot(photo.parent)) == ["photo.png"]


@pytest.mark.parametrize("seed", [0, 7])
def test_same_seed_gives_the_same_bytes(run: Run, photo: Path, seed: int) -> None:
    written = []
    for name in ("a", "b"):
        run("fit", photo, *QUICK, "--seed", seed, "-o", f"{name}.png", "-m", f"{name}.paintnet").done()
        written.append([Path(f"{name}{kind}").read_bytes() for kind in (".png", ".paintnet")])
    assert written[0] == written[1]


def test_another_seed_gives_another_model(run: Run, photo: Path) -> None:
    for seed in (1, 2):
        run("fit", photo, *QUICK, "--seed", seed, "-m", f"{seed}.paintnet").done()
    assert Path("1.paintnet").read_bytes() != Path("2.paintnet").read_bytes()


def test_threads_and_hash_seed_do_not_change_the_result(photo: Path) -> None:
    for name, threads in (("1", "1"), ("2", "2")):
        env = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "PYTHONHASHSEED": name}
        run_program("fit", photo, *QUICK, "-m", f"{name}.paintnet", env=env).done()
    assert Path("1.paintnet").read_bytes() == Path("2.paintnet").read_bytes()


def test_blocks_trained_at_a_time_do_not_change_the_result(run: Run, photo: Path) -> None:
    for n in (1, 3):
        run("fit", photo, *QUICK, "--engine", "compiled", "--threads", n, "-m", f"{n}.paintnet").done()
    assert Path("1.paintnet").read_bytes() == Path("3.paintnet").read_bytes()


def test_require_psnr_below_is_exit_4_and_the_outputs_are_kept(run: Run, photo: Path) -> None:
    outcome = run("fit", photo, *QUICK, "--require-psnr", "99", "--json")
    assert outcome.code == 4
    reached = f"{outcome.document['psnr']:.2f}"
    assert outcome.err == (
        f"error: --require-psnr: {reached} dB is below 99 dB; "
        "train longer, use --preset fine, or ask for less\n"
    )
    assert sorted(snapshot(photo.parent)) == ["photo.painted.png", "photo.paintnet", "photo.png"]


def test_require_psnr_reached_is_exit_0(run: Run, photo: Path) -> None:
    run("fit", photo, *QUICK, "--require-psnr", "5").done()


def test_target_psnr_ends_the_run(run: Run, photo: Path) -> None:
    document = run("fit", photo, "--epochs", "5000", "--target-psnr", "15", "--json").done().document
    assert document["ended_by"] == "target-psnr"
    assert document["epochs"] < 5000
    assert document["psnr"] >= 15


def test_time_ends_the_run(run: Run, photo: Path) -> None:
    document = run("fit", photo, "--time", "0.3s", "--json").done().document
    assert document["ended_by"] == "time"
    assert document["seconds"] >= 0.3


@pytest.mark.parametrize(
    "options", [["--colors", "3"], ["--threshold", "380"], ["--palette", "#ff0000,00f,#00ff00"], []]
)
def test_classify(run: Run, photo: Path, options: list[str]) -> None:
    outcome = run("fit", photo, *QUICK, "--mode", "classify", *options).done()
    assert "% of pixels in the right class" in outcome.out
    colors = {tuple(color) for row in levels_of(Path("photo.painted.png")) for color in row}
    assert 2 <= len(colors) <= 3


def test_palette_from_a_file(run: Run, photo: Path) -> None:
    Path("p.txt").write_text("#ff0000\n\n#0000ff\n")
    run("fit", photo, *QUICK, "--mode", "classify", "--palette", "p.txt").done()
    assert run("info", "--json").done().document["palette"] == ["#ff0000", "#0000ff"]


def test_palette_longer_than_a_file_name(run: Run, photo: Path) -> None:
    colors = ",".join(f"{shade:02x}00{255 - shade:02x}" for shade in range(0, 256, 4))
    run("fit", photo, "--epochs", "200", "--mode", "classify", "--palette", colors).done()


def test_lbfgs(run: Run, photo: Path) -> None:
    options = ("--solver", "lbfgs", "--iterations", "15", "--encoding", "raw", "--layers", "8")
    outcome = run("fit", photo, *options).done()
    assert " iterations, " in outcome.out


@pytest.mark.usefixtures("untrained")
@pytest.mark.parametrize(
    ("options", "error"),
    [
        (
            ["--solver", "lbfgs", "--epochs", "5"],
            "--epochs: lbfgs takes all pixels at once: it has no epochs, rate or batches; "
            "use --iterations, or --solver adam",
        ),
        (["--solver", "lbfgs", "--time", "5s"], "--time: lbfgs takes all pixels at once"),
        (["--solver", "lbfgs", "--learning-rate", "1"], "--learning-rate: lbfgs takes"),
        (["--iterations", "5"], "--iterations: only lbfgs counts iterations; use --epochs"),
        (["--colors", "2"], "--colors, --threshold, --palette: only classify sorts pixels"),
        (
            ["--mode", "classify", "--colors", "2", "--threshold", "3"],
            "--colors and --threshold: they cannot",
        ),
        (["--mode", "classify", "--colors", "0"], "--colors: 0 is out of range"),
        (["--mode", "classify", "--threshold", "766"], "--threshold: 766 is out of range; use 0 to 765"),
        (
            ["--mode", "classify", "--palette", "gone.txt"],
            "palette gone.txt: there is no such file, nor is it",
        ),
        (["--mode", "classify", "--target-psnr", "30"], "--target-psnr: classify learns classes"),
        (["--mode", "paint"], "Invalid value for '--mode': 'paint' is not one of"),
        (["--seed", "-1"], "--seed: -1 is out of range"),
        (["--hold-out", "0.95"], "--hold-out: 0.95 is out of range; use 0 to 0.9"),
        (["--epochs", "0"], "--epochs: 0 is out of range"),
        (["--alpha", "nan"], "Invalid value for '--alpha': 'nan' is not a number"),
        (["--batch-size", "0"], "--batch-size: 0 is out of range"),
        (["--threads", "0"], "--threads: 0 is out of range; use 1 to 1,024"),
        (["--time", "0s"], "Invalid value for '--time': '0s' is not a time"),
        (
            ["--max-side", "0"],
            "Invalid value for '--max-side': 0 is out of range; it must be at least 1; see",
        ),
        (["--require-psnr", "nan"], "Invalid value for '--require-psnr': 'nan' is not a number"),
        (["--sha256", "abc"], "sha256 abc: is not a SHA-256 checksum"),
        (["--scale", "2", "--size", "4x4"], "--scale and --size: they cannot be combined"),
        (["-o", "-", "--json"], "--json and the output -: both go to stdout"),
        (["-m", "-", "--json"], "--json and the output -: both go to stdout"),
        (["-o", "-", "-m", "-"], "outputs: one file is named twice"),
        (["-o", "a.png", "-o", "a.png"], "outputs: one file is named twice"),
        (["--no-such-option"], "No such option"),
        (["second.png"], "Got unexpected extra argument (second.png)"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_usage_errors_come_before_training(run: Run, photo: Path, options: list[str], error: str) -> None:
    before = snapshot(photo.parent)
    assert run("fit", photo, *options).failed(2).startswith(error)
    assert snapshot(photo.parent) == before


@pytest.mark.usefixtures("untrained")
@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["-o", "old.png"], "old.png: exists already; replace it with --force or choose another name"),
        (["-o", "new.png", "-m", "old.paintnet"], "old.paintnet: exists already"),
        (["-o", "new.xyz"], "new.xyz: unknown extension '.xyz'"),
        (["-o", "new"], "new: has no extension"),
        (["-m", "new.png"], "new.png: unknown extension '.png'; use one of .paintnet"),
        (["-o", "gone/new.png"], "gone/new.png: the folder"),
        (["-o", "folder.png"], "folder.png: is a folder"),
        (["-o", "old.png/new.png"], "old.png/new.png: "),
        (["-o", "long.webp", "--size", "20000x2"], "long.webp: WebP holds at most 16,383 pixels a side"),
        (["-o", f"{'n' * 300}.png"], f"{'n' * 300}.png: the name is too long"),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else None,
)
def test_outputs_are_refused_before_training(run: Run, photo: Path, options: list[str], error: str) -> None:
    Path("folder.png").mkdir()
    for name in ("old.png", "old.paintnet"):
        Path(name).write_bytes(b"old")
    before = snapshot(photo.parent)
    assert run("fit", photo, *options).failed().startswith(error)
    assert snapshot(photo.parent) == before


@pytest.mark.usefixtures("untrained")
@pytest.mark.parametrize("existing", ["photo.painted.png", "photo.paintnet"])
def test_existing_default_output_is_refused_before_training(run: Run, photo: Path, existing: str) -> None:
    Path(existing).write_bytes(b"old")
    assert run("fit", photo).failed().startswith(f"{existing}: exists already; replace it with --force")
    assert Path(existing).read_bytes() == b"old"


def test_force_replaces(run: Run, photo: Path) -> None:
    for name in ("photo.painted.png", "photo.paintnet"):
        Path(name).write_bytes(b"old")
    run("fit", photo, *QUICK, "--force").done()
    assert load("photo.paintnet").width == WIDTH


def test_transparency_is_kept_or_told(run: Run, folder: Path) -> None:
    levels = np.dstack([picture_levels(), np.full((HEIGHT, WIDTH), 128, np.uint8)])
    Path("clear.png").write_bytes(encoded(Image.fromarray(levels)))
    outcome = run("fit", "clear.png", *QUICK, "-o", "a.png", "-o", "a.jpg").done()
    assert outcome.err == "note: transparency was flattened on white: JPEG has none\n"
    assert levels_of(Path("a.png")).shape == (HEIGHT, WIDTH, 4)


@pytest.mark.parametrize(
    ("name", "shown_as"),
    [
        ("a\x1b[2Jb.png", "a?[2Jb.png"),
        ("a\nerror: b.png", "a?error: b.png"),
        ("a\u202egnp.exe.png", "a?gnp.exe.png"),
        ("snöwman ☃.png", "snöwman ☃.png"),
    ],
    ids=["escape", "newline", "right-to-left", "unicode"],
)
def test_hostile_names_are_shown_safely(run: Run, photo: Path, name: str, shown_as: str) -> None:
    assert run("fit", name).failed().startswith(f"{shown_as}: there is no such file")
    photo.rename(name)
    outcome = run("fit", name, *QUICK).done()
    assert all(line.isprintable() for line in outcome.out.splitlines())
    assert len(outcome.out.splitlines()) == 5
    made = [path.name for path in Path().iterdir() if path.name != name]
    assert len(made) == 2
    assert all(each.isprintable() for each in made)
    assert run("info").done().err.startswith("note: using ")
    painted = f"p{name}"
    assert run("render", "-o", painted).done().out.startswith(f"p{shown_as}  (")
    assert run("render", "-o", painted).failed().startswith(f"p{shown_as}: exists already")


def test_leading_dash(run: Run, photo: Path) -> None:
    photo.rename("-x.png")
    assert "No such option" in run("fit", "-x.png").failed(2)
    run("fit", *QUICK, "-o", "-y.png", "-m", "-y.paintnet", "--", "-x.png").done()
    assert run("info", "--", "-y.paintnet").done().out.startswith("model       -y.paintnet")
    assert run("info").done().err.startswith("note: using -y.paintnet,")


def test_environment_sets_options(run: Run, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "SEED": "5",
        "EPOCHS": "60",
        "BATCH_SIZE": "64",
        "JSON": "1",
        "OUTPUT": "a.png b.webp",
        "TIME": "9m",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"PAINTNET_FIT_{name}", value)
    document = run("fit", photo).done().document
    assert (document["seed"], document["epochs"]) == (5, 60)
    assert document["outputs"] == ["a.png", "b.webp"]
    assert run("fit", photo, "--seed", "6", "--force").done().document["seed"] == 6
    monkeypatch.setenv("PAINTNET_FIT_EPOCHS", "many")
    assert "'many' is not a whole number" in run("fit", photo).failed(2)


def test_nothing_but_results_without_a_terminal(photo: Path) -> None:
    outcome = run_program("fit", photo, *QUICK).done()
    assert outcome.err == ""
    assert "\r" not in outcome.out
    assert "\x1b" not in outcome.out


def test_progress_on_a_terminal(photo: Path) -> None:
    with Terminal("fit", photo, "--time", "1s") as terminal:
        assert terminal.finish() == 0
    drawn = terminal.text.replace("\x1b[K", "").split("\r")
    assert len(drawn) > 4
    assert any(line.startswith("[#") and line.endswith(" s left") for line in drawn)
    last = drawn[-2]  # what follows is the end of the line
    assert last.startswith("[" + "#" * 10)
    assert " loss 0.0" in last
    assert last.endswith(" dB 0 s left")
    assert terminal.text.endswith("\r\n")


@pytest.mark.parametrize("columns", [40, 1])
def test_progress_fits_into_a_narrow_terminal(photo: Path, columns: int) -> None:
    with Terminal("fit", photo, "--time", "0.3s", columns=columns) as terminal:
        assert terminal.finish() == 0
    drawn = terminal.text.replace("\x1b[K", "").split("\r")
    assert any(line.startswith("epoch"[: columns - 1]) for line in drawn)
    assert max(map(len, drawn[2:])) < max(columns, 2)


def _epoch(**changes: Any) -> EpochFinished:
    known = {"epoch": 12, "epochs": 200, "progress": 0.25, "seconds": 4.0, "loss": 0.01234, "psnr": 16.1}
    return EpochFinished(**{**known, "learning_rate": 0.1, **changes})


def test_progress_line() -> None:
    text = "epoch 12/200 loss 0.01234 16.1 dB 12 s left"
    assert progress_line(_epoch(), 200) == f"[{'#' * 10}{'-' * 30}] {text}"
    assert progress_line(_epoch(), 60) == f"[###----------] {text}"
    assert progress_line(_epoch(), 50) == text
    assert progress_line(_epoch(), 13) == "epoch 12/200"
    assert progress_line(_epoch(epochs=None, psnr=None), 40) == "epoch 12 loss 0.0123 12 s left"
    text = "epoch 12/200 loss 0.01234 16.1 dB 0.48 bpp 12 s left"
    assert progress_line(_epoch(bits_per_pixel=0.4812), 80).endswith(f"] {text}")
    assert progress_line(_epoch(bits_per_pixel=0.4812), 40) == "epoch 12/200 16.1 dB 0.48 bpp 12 s left"
    assert progress_line(Working("preparing", 0.4), 80) == f"[{'#' * 16}{'-' * 24}] preparing 40 %"


def test_what_is_silent_counts_its_seconds() -> None:
    assert progress_line(Working("compiling"), 80, 0.4) == "compiling"
    assert progress_line(Working("compiling"), 80, 7.2) == "compiling 7 s"
    assert progress_line(Working("painting", 0.5), 20, 3.0) == "painting 50 % 3 s"
    told = "epoch 12/200 loss 0.01234 16.1 dB 9 s left, the next takes 3 s so far"
    assert progress_line(_epoch(), 72, 3.0) == told
    assert progress_line(_epoch(progress=1.0), 50, 3.0) == "epoch 12/200 loss 0.01234 16.1 dB 0 s left"


def test_picture_is_not_poured_onto_a_terminal(model: Path) -> None:
    with Terminal("render", model, "-o", "-", columns=200, stdout=True) as terminal:
        assert terminal.finish() == 1
    assert terminal.text.endswith(
        "-: binary data does not belong on a terminal; give a file name, or add > FILE\r\n"
    )


def test_json_without_infinity(run: Run, folder: Path) -> None:
    Path("flat.pgm").write_bytes(b"P5 8 8 255 " + bytes(64))
    options = ("--mode", "classify", "--palette", "#000000", "--epochs", "2", "--json")
    outcome = run("fit", "flat.pgm", *options).done()
    assert outcome.document["psnr"] is None
    assert json.loads(outcome.out) == outcome.document


@pytest.mark.parametrize("word", ["-odd.jpg", "-fodd.jpg", "-mine.paintnet"])
@pytest.mark.usefixtures("untrained")
def test_no_sample_is_painted_where_a_word_may_have_been_the_picture(
    run: Run, folder: Path, word: str
) -> None:
    letter, value = word.replace("f", "", 1)[1], word.replace("f", "", 1)[2:]
    assert run("fit", "--epochs", "2", word).failed(2) == (
        f"{word}: it is read as -{letter} {value}, and no picture is named; "
        f"a picture of this name goes last, after --: `-- {word}`"
    )
    assert snapshot(folder) == {}


def test_where_no_picture_is_named_the_sample_is_painted_with_a_note(run: Run, folder: Path) -> None:
    note = "note: no picture was named, so sample:bird is painted; `paintnet fit IMAGE` paints yours\n"
    assert run("fit", "--epochs", "2", "--preset", "draft").done().err == note
    assert sorted(snapshot(folder)) == ["bird.painted.png", "bird.paintnet"]
    quick = ("--epochs", "2", "--preset", "draft", "-f")
    assert run("fit", *quick, "-q").done().err == ""
    assert run("fit", "sample:bird", *quick, "-odd.png").done().err == ""
    Path("-odd.png").write_bytes(Path("dd.png").read_bytes())
    assert run("fit", *quick, "--", "-odd.png").done().err == ""
    assert Path("odd.painted.png").exists()


def test_the_resolution_is_kept_and_exif_only_if_asked_for(run: Run, folder: Path) -> None:
    exif = Image.Exif()
    exif[315] = "Ada"
    Image.new("RGB", (9, 8), "teal").save("dated.jpg", dpi=(300, 300), exif=exif)
    run("fit", "dated.jpg", *QUICK, "-o", "plain.jpg").done()
    run("fit", "dated.jpg", *QUICK, "-o", "kept.jpg", "--keep-metadata").done()
    for name, artist in (("plain.jpg", None), ("kept.jpg", "Ada")):
        with Image.open(name) as image:
            assert image.info["dpi"] == (300, 300)
            assert image.getexif().get(315) == artist


def test_a_sample_replaces_no_file_that_was_named(run: Run, photo: Path) -> None:
    before = snapshot(photo.parent)
    error = run("fit", "-f", "-o", photo, "--epochs", "2").failed(2)
    assert error.startswith(f"{photo}: it is there already, no picture is named, and a painted sample would ")
    assert error.endswith("name the picture that is to be painted, or sample:bird")
    assert snapshot(photo.parent) == before
    run("fit", "sample:bird", "-f", "-o", photo, "--epochs", "2").done()
