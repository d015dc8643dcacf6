"""docs/lesson.md and docs/lesson.ja.md, held to their word: the code runs, no number is left unchecked."""

import doctest
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from paintnet.activations import LESSON
from paintnet.lesson.neuron import Neuron, perceptron_rule
from paintnet.picture import open_picture
from tests.lesson_claims import TEN_LAYERS, Facts, chain, english, hex_color, japanese

PAGE = Path(__file__).parent.parent / "docs" / "lesson.md"
TEXT = PAGE.read_text(encoding="utf-8")
JAPANESE = PAGE.with_suffix(".ja.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]]


def blocks(language: str) -> list[str]:
    return [code for name, code in FENCE.findall(TEXT) if name == language]


def table(first_heading: str) -> tuple[list[str], list[list[str]]]:
    """The heading and the rows of the table whose first heading is this."""
    lines = re.search(rf"(^\| {first_heading} .*\n)(\|[-:| ]+\n)((?:\|.*\n)+)", TEXT, re.MULTILINE)
    assert lines, f"no table begins with {first_heading!r}"
    heading, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (lines[1] + lines[3]).strip().split("\n")
    )
    return heading, rows


def numbers(cells: list[str]) -> list[float]:
    return [float(cell) for cell in cells]


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return open_picture("sample:bird").pixels


@pytest.fixture(scope="module")
def spoken() -> dict[str, object]:
    """Run every Python block, in order, in one namespace; answer with what they leave behind."""
    kept, end = "", 0
    for block in FENCE.finditer(TEXT):
        if block[1] == "python":  # all else becomes empty lines, so that a failure names its line
            kept += "\n" * TEXT.count("\n", end, block.start(2)) + block[2]
            end = block.end(2)
    test = doctest.DocTestParser().get_doctest(kept, {}, PAGE.name, str(PAGE), 0)
    report: list[str] = []
    outcome = doctest.DocTestRunner(verbose=False).run(test, out=report.append, clear_globs=False)
    assert outcome.attempted > 30
    assert outcome.failed == 0, "".join(report)
    return test.globs


def test_the_code_of_the_lesson_runs(spoken: dict[str, object]) -> None:
    assert {"neuron", "network", "painter"} <= set(spoken)


def test_every_block_says_what_it_is() -> None:
    assert TEXT.count("```") == 2 * len(FENCE.findall(TEXT))
    assert {name for name, _ in FENCE.findall(TEXT)} == {"python", "console"}
    assert all(code.startswith(">>> ") for code in blocks("python"))
    assert all(code.startswith("$ paintnet ") for code in blocks("console"))


def test_the_neuron_command_shows_what_the_library_says() -> None:
    command, answer = blocks("console")[0].strip().split("\n")
    words = shlex.split(command.removeprefix("$ paintnet neuron "))
    options = {name: numbers(values.split(",")) for name, values in zip(words[::2], words[1::2], strict=True)}
    assert set(options) == {"--inputs", "--weights", "--bias"}
    neuron = Neuron(len(options["--weights"]), bias=options["--bias"][0], weights=options["--weights"])
    assert answer == neuron.explain(options["--inputs"])


def test_the_other_commands_show_what_the_text_explains(pixels: np.ndarray) -> None:
    commands = "".join(blocks("console")[1:])
    assert re.findall(r"^\$ (.*)$", commands, re.MULTILINE) == [
        "paintnet fit sample:bird --mode regress --preset tutorial",
        "paintnet fit sample:bird --mode regress --preset standard --force",
        "paintnet fit sample:bird --mode classify --preset tutorial --threshold 600 --force",
        "paintnet predict --xy 1,1",
    ]
    light = int((pixels[1, 1] * 255).round().sum() <= 600)
    answers = re.findall(r"^[^$].*$", commands, re.MULTILINE)
    assert answers == [f"1,1 -> class {light} {hex_color(pixels[1, 1])} (p = 0.998)"]


def test_the_products_of_the_first_neuron() -> None:
    _, rows = table("input")
    assert [row[:2] for row in rows] == [["1", "0.7"], ["0.5", "0.6"], ["-1", "1.4"]]
    for row in rows:
        value, weight, product = numbers(row)
        assert value * weight == pytest.approx(product)


def test_the_table_of_activation_functions() -> None:
    heading, rows = table("sum")
    assert [row[0] for row in rows] == list(LESSON)
    sums = np.array(numbers(heading[1:]))
    for name, *answers in rows:
        assert numbers(answers) == (LESSON[name].function(sums).round(3) + 0.0).tolist()


def test_the_table_of_the_perceptron() -> None:
    heading, rows = table("epoch")
    assert heading == ["epoch", "mistakes", "first weight", "second weight", "bias"]
    neuron = Neuron(2, weights=[0, 0], activation="step")
    for epoch, row in enumerate(rows, start=1):
        neuron, mistakes = perceptron_rule(neuron, CORNERS, [0, 0, 0, 1], epochs=1)
        assert numbers(row) == [epoch, *mistakes, *neuron.weights, neuron.bias]
    assert mistakes == [0]


def test_the_table_of_the_bird(pixels: np.ndarray) -> None:
    heading, rows = table("row")
    assert heading == ["row", "column", "red", "green", "blue", "color"]
    for *cells, color in rows:
        row, column, *rgb = numbers(cells)
        pixel = pixels[int(row), int(column)]
        assert rgb == [round(float(value), 3) for value in pixel]
        assert color == hex_color(pixel)
    background, bird = "#cccccc", "#1da1f2"
    assert [rows[0][-1], rows[-2][-1], rows[-1][-1]] == [background, bird, background]
    assert rows[len(rows) // 2][-1] not in (background, bird)
    assert rows[0][:2] == ["0", "0"]


def test_xor_goes_round_for_ever() -> None:
    settled = Neuron(2, weights=[-1, 0], bias=0, activation="step")
    again, mistakes = perceptron_rule(settled, CORNERS, [0, 1, 1, 0], epochs=1)
    assert (again.weights.tolist(), again.bias, mistakes) == ([-1, 0], 0, [4])
    start = Neuron(2, weights=[0, 0], activation="step")
    second = perceptron_rule(start, CORNERS, [0, 1, 1, 0], epochs=2).neuron
    assert repr(second) == repr(settled)


@pytest.mark.parametrize(("text", "claims"), [(TEXT, english), (JAPANESE, japanese)], ids=["en", "ja"])
def test_no_number_in_the_prose_is_unchecked(
    text: str, claims: Callable[[Facts], list[str]], pixels: np.ndarray, spoken: dict[str, object]
) -> None:
    prose = re.sub(r"^\|.*\|$", "", FENCE.sub("", text), flags=re.MULTILINE)
    prose = " ".join(prose.split())
    for claim in claims(Facts(pixels, spoken)):
        assert prose.count(claim) == 1, f"the lesson should say, once: {claim}"
        prose = prose.replace(claim, " ... ")
    left = re.findall(r".{0,40}\d.{0,40}", prose)
    assert not left, f"no claim in this test covers: {left}"


def test_the_formulas_of_the_lesson_count_the_parameters() -> None:
    assert chain(2, 4, 1) == 4 * (2 + 1) + (4 + 1) == 17
    assert chain(2, *TEN_LAYERS, 3) == 2 * 100 + 100 + 9 * (100 * 100 + 100) + 100 * 3 + 3 == 91503
    assert chain(2, *TEN_LAYERS, 2) == 91503 - 101
