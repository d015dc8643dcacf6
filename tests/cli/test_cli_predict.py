import csv
import os
import re
from pathlib import Path

import numpy as np
import pytest

from paintnet import load
from tests.command_line import HEIGHT, WIDTH, Run

USING = "note: using photo.paintnet, the newest .paintnet file here\n"


def test_regress_answer_is_position_hex_and_values(run: Run, model: Path) -> None:
    outcome = run("predict", model, "--xy", "1,1").done()
    assert re.fullmatch(r"1,1 -> #[0-9a-f]{6}  \(0\.\d{3}, 0\.\d{3}, \d\.\d{3}\)\n", outcome.out)
    (color,) = load(model).predict([[1, 1]])
    assert f"({', '.join(f'{value:.3f}' for value in color)})" in outcome.out
    assert "#" + "".join(f"{round(255 * float(value)):02x}" for value in color) in outcome.out
    assert outcome.err == ""


def test_classify_answer_is_position_class_color_and_probability(run: Run, classified: Path) -> None:
    outcome = run("predict", classified, "--xy", "0,0", "--xy", "1.5,11").done()
    first, second = outcome.out.splitlines()
    assert re.fullmatch(r"0,0 -> class [01] #[0-9a-f]{6} \(p = [01]\.\d{3}\)", first)
    assert second.startswith("1.5,11 -> class ")
    chances = load(classified).predict_proba([[0, 0]])[0]
    assert f"class {chances.argmax()} " in first
    assert f"(p = {chances.max():.3f})" in first


def test_newest_model_is_taken_and_named_on_stderr(run: Run, model: Path, classified: Path) -> None:
    os.utime(model, (2_000_000_000, 2_000_000_000))
    outcome = run("predict", "--xy", "1,1").done()
    assert outcome.err == USING
    assert "class" not in outcome.out
    os.utime(classified, (2_000_000_001, 2_000_000_001))
    outcome = run("predict", "--xy", "1,1").done()
    assert outcome.err == "note: using classes.paintnet, the newest .paintnet file here\n"
    assert "class" in outcome.out


def test_of_two_models_of_one_age_the_name_decides(run: Run, model: Path) -> None:
    for name in ("a", "z", "k"):
        (model.parent / f"{name}.paintnet").write_bytes(model.read_bytes())
    for path in model.parent.iterdir():
        os.utime(path, (1_000_000_000, 1_000_000_000))
    assert "using z.paintnet," in run("predict", "--xy", "1,1").done().err


def test_folders_and_dangling_links_are_no_models(run: Run, model: Path) -> None:
    (model.parent / "folder.paintnet").mkdir()
    (model.parent / "gone.paintnet").symlink_to("nowhere")
    assert run("predict", "--xy", "1,1").done().err == USING


def test_without_any_model_the_error_says_how_to_make_one(run: Run) -> None:
    error = run("predict", "--xy", "1,1").failed()
    assert error == (
        "*.paintnet: there is no such file in this folder; "
        "make one with `paintnet fit IMAGE`, or give the path of a model"
    )


def test_missing_model_is_named(run: Run) -> None:
    error = run("predict", "gone.paintnet", "--xy", "1,1").failed()
    assert error == "gone.paintnet: no such file; make one with `paintnet fit IMAGE -m FILE.paintnet`"


def test_model_is_read_from_stdin(run: Run, model: Path) -> None:
    asked = run("predict", model, "--xy", "3,4").done()
    assert run("predict", "-", "--xy", "3,4", stdin=model.read_bytes()).done() == asked
    assert "stdin: not a paintnet model" in run("predict", "-", "--xy", "3,4", stdin=b"no").failed()


def test_model_and_positions_cannot_both_be_stdin(run: Run) -> None:
    assert "both come from stdin" in run("predict", "-", "--xy-file", "-").failed(2)


def test_negative_coordinates_are_values_not_options(run: Run, model: Path) -> None:
    outcome = run("predict", model, "--xy", "-1,2").done()
    assert outcome.out.startswith("-1,2 -> #")
    assert outcome.err == ("note: a position lies outside the picture (16 x 12); the network guesses there\n")


@pytest.mark.parametrize("inside", ["-0.5,-0.5", "15.5,11.5", "0,0"])
def test_picture_reaches_half_a_pixel_around_its_centres(run: Run, model: Path, inside: str) -> None:
    assert run("predict", model, "--xy", inside).done().err == ""


@pytest.mark.parametrize("outside", ["-0.6,0", "0,11.6", "1e308,-1e308"])
def test_outside_is_answered_with_a_note(run: Run, model: Path, outside: str) -> None:
    outcome = run("predict", model, "--xy", outside).done()
    assert outcome.out.count("->") == 1
    assert outcome.err.count("note: ") == 1


@pytest.mark.parametrize(
    ("units", "corner", "center"), [("unit", "1,1", "0.5,0.5"), ("percent", "100,100", "50,50")]
)
def test_units_count_from_first_to_last_pixel_centre(
    run: Run, model: Path, units: str, corner: str, center: str
) -> None:
    answers = run("predict", model, "--units", units, "--xy", corner, "--xy", center, "--json").done()
    pixels = [f"{WIDTH - 1},{HEIGHT - 1}", f"{(WIDTH - 1) / 2},{(HEIGHT - 1) / 2}"]
    expected = run("predict", model, "--xy", pixels[0], "--xy", pixels[1], "--json").done()
    for answer, other in zip(answers.document["results"], expected.document["results"], strict=True):
        assert np.allclose(answer["values"], other["values"], atol=1e-6)
    assert answers.document["units"] == units
    assert answers.document["results"][0]["xy"] == [float(part) for part in corner.split(",")]


def test_file_of_positions_with_comments_and_blank_lines(run: Run, model: Path) -> None:
    Path("points.txt").write_bytes("\ufeff1,2\n\n# a comment\n 3.5 , 4 \r\n5 6\n".encode())
    outcome = run("predict", model, "--xy", "0,0", "--xy-file", "points.txt").done()
    assert [line.split(" -> ")[0] for line in outcome.out.splitlines()] == ["0,0", "1,2", "3.5,4", "5,6"]


def test_positions_from_stdin(run: Run, model: Path) -> None:
    outcome = run("predict", model, "--xy-file", "-", stdin=b"1,1\n2,2\n").done()
    assert outcome.out.count("->") == 2


@pytest.mark.parametrize(
    "line",
    ["5", "a,b", "1,2,3", "nan,1", "1,inf", "\x1b[2J,1"],
    ids=["one", "words", "3", "nan", "inf", "esc"],
)
def test_bad_line_of_positions_is_shown_with_its_number(run: Run, model: Path, line: str) -> None:
    error = run("predict", model, "--xy-file", "-", stdin=f"1,1\n{line}\n".encode()).failed(2)
    assert error.startswith("--xy-file -: line 2 is ")
    assert error.endswith("not of the form X,Y; write one X,Y on each line")
    assert "\x1b" not in error


@pytest.mark.parametrize("name", ["gone.txt", "."])
def test_unreadable_file_of_positions(run: Run, model: Path, name: str) -> None:
    assert (
        run("predict", model, "--xy-file", name).failed(2).startswith(f"--xy-file {name}: cannot be read (")
    )


def test_positions_that_are_no_text(run: Run, model: Path) -> None:
    for content in (b"\xff\xfe1,1", b"1,1\xff"):
        error = run("predict", model, "--xy-file", "-", stdin=content).failed(2)
        assert error.startswith("--xy-file -: line 1 is ")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n\n"])
def test_fault_33_positions_as_any_editor_writes_them(
    run: Run, model: Path, encoding: str, ending: str
) -> None:
    content = f"1,1{ending}2 2{ending}".encode(encoding)
    outcome = run("predict", model, "--xy-file", "-", stdin=content).done()
    assert [line.split(" ->")[0] for line in outcome.out.splitlines()] == ["1,1", "2,2"]


@pytest.mark.parametrize("positions", [[], ["--xy-file", "-"]])
def test_no_position_is_a_usage_error(run: Run, model: Path, positions: list[str]) -> None:
    error = run("predict", model, *positions).failed(2)
    assert error == "positions: none were given; use --xy X,Y or --xy-file FILE"


def test_csv_of_regress(run: Run, model: Path) -> None:
    outcome = run("predict", model, "--xy", "1,1", "--xy", "2.5,3", "--format", "csv").done()
    rows = list(csv.DictReader(outcome.out.splitlines()))
    assert list(rows[0]) == ["x", "y", "color", "red", "green", "blue"]
    assert [(row["x"], row["y"]) for row in rows] == [("1.0", "1.0"), ("2.5", "3.0")]
    values = [[float(row[name]) for name in ("red", "green", "blue")] for row in rows]
    assert np.allclose(values, load(model).predict([[1, 1], [2.5, 3]]), atol=1e-6)


def test_csv_of_classify(run: Run, classified: Path) -> None:
    outcome = run("predict", classified, "--xy", "1,1", "--format", "csv").done()
    (row,) = csv.DictReader(outcome.out.splitlines())
    assert list(row)[-2:] == ["class", "probability"]
    assert 0.5 <= float(row["probability"]) <= 1


def test_json_is_one_object(run: Run, classified: Path) -> None:
    document = run("predict", "--xy", "1,1", "--json").done().document
    assert (document["model"], document["mode"], document["units"]) == (classified.name, "classify", "pixel")
    (answer,) = document["results"]
    assert answer["xy"] == [1.0, 1.0]
    assert sum(answer["probabilities"]) == pytest.approx(1)
    assert run("predict", "--xy", "1,1", "--format", "json").done().document == document


def test_quiet_leaves_the_answer_alone(run: Run, model: Path) -> None:
    outcome = run("predict", "--xy", "-9,1", "-q").done()
    assert outcome.out.startswith("-9,1 -> #")
    assert outcome.err == ""


def test_many_positions(run: Run, model: Path) -> None:
    lines = "".join(f"{x / 7000},{x % 12}\n" for x in range(40_000))
    outcome = run("predict", model, "--xy-file", "-", "--format", "csv", stdin=lines.encode()).done()
    assert len(outcome.out.splitlines()) == 40_001


def test_the_color_at_a_point_or_the_mean_of_the_pixel_around_it(run: Run, model: Path) -> None:
    point = run("predict", model, "--xy", "4,3", "--json").done().document
    pixel = run("predict", model, "--xy", "4,3", "--pixel", "--json").done().document
    assert (point["of"], pixel["of"]) == ("point", "pixel")
    painting = load(model)
    assert painting.pixel == "area"
    assert point["results"][0]["values"] == pytest.approx(painting.predict([[4, 3]])[0].tolist(), abs=1e-6)
    assert pixel["results"][0]["values"] == pytest.approx(painting.render()[3, 4].tolist(), abs=1e-6)
    assert point["results"] != pixel["results"]


def test_two_formats_are_refused_not_half_obeyed(
    run: Run, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for form in ("csv", "text"):
        assert run("predict", "--xy", "1,1", "--json", "--format", form).failed(2) == (
            f"--json and --format {form}: they cannot be combined; give only one of them"
        )
    assert run("predict", "--xy", "1,1", "--json", "--format", "json").done().document["of"] == "point"
    monkeypatch.setenv("PAINTNET_PREDICT_FORMAT", "csv")
    assert run("predict", "--xy", "1,1", "--json").done().document["of"] == "point"
    monkeypatch.setenv("PAINTNET_PREDICT_JSON", "1")
    assert "cannot be combined" in run("predict", "--xy", "1,1").failed(2)
    assert run("predict", "--xy", "1,1", "--format", "csv").done().out.startswith("x,y,color,")
