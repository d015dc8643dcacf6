"""docs/lesson.md, held to its word: its code runs, and no number in it is left unchecked."""

import doctest
import re
import shlex
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from paintnet.activations import LESSON
from paintnet.lesson.neuron import Neuron, perceptron_rule
from paintnet.picture import open_picture

PAGE = Path(__file__).parent.parent / "docs" / "lesson.md"
TEXT = PAGE.read_text(encoding="utf-8")
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


def chain(*widths: int) -> int:
    """The parameters of a network with layers of these widths."""
    return sum(before * after + after for before, after in pairwise(widths))


def hex_color(pixel: np.ndarray) -> str:
    return "#" + bytes((pixel * 255).round().astype(np.uint8).tolist()).hex()


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


def claims(pixels: np.ndarray, spoken: dict[str, object]) -> list[str]:
    """Every phrase of the lesson that has a number in it, with the number worked out here."""
    neuron = Neuron(3, bias=-0.1, weights=[0.7, 0.6, 1.4])
    levels = (pixels * 255).round().astype(int)
    height, width, _ = pixels.shape
    ten = [100] * 10
    regress, classify = chain(2, *ten, 3), chain(2, *ten, 2)
    raw, encoded = (spoken["miss"](spoken[name]) for name in ("inputs", "encoded"))  # type: ignore[operator]
    assert [hex_color(pixels[50, column]) for column in (23, 27)] == ["#cccccc", "#1da1f2"]
    assert spoken["encoded"].shape == (height * width, 16 * 16)  # type: ignore[attr-defined]
    paragraphs = f"""
        The products add up to {neuron.weighted_sum([1, 0.5, -1]) + 0.1:.6g}. With the bias, -0.1, the sum
        is {neuron.weighted_sum([1, 0.5, -1]):.6g}.

        So the neuron answers {neuron([1, 0.5, -1]):.6g}.

        a computer's 0.7 is only very nearly seven tenths

        double its input and add 1, and let a second one triple that and take away 4. The pair multiplies by
        {3 * 2} and takes away {4 - 3 * 1}

        (Rosenblatt, 1958)

        AND should answer 1 only if both inputs are 1.

        the bias: 2 + 1 - 3 = {2 + 1 - 3}, and a step neuron fires from 0 upwards

        XOR should answer 1 if exactly one of its inputs is 1.

        The count never reaches 0. From epoch 3 on, the neuron is wrong on all 4 examples, and its 4
        corrections lead back to where it was: bias 0, weights -1 and 0.

        For (0, 0) the sum is just the bias, and it must be below 0. For (0, 1) and for (1, 0), bias plus one
        weight must be 0 or more. Add these two: twice the bias plus both weights is 0 or more.

        the sum for (1, 1) is above 0

        the two corners with a 1 from the two with a 0.

        {chain(2, 4, 1)} parameters: each hidden neuron has 2 weights and a bias,
        4 * (2 + 1) = {4 * (2 + 1)}, and the last one has 4 weights and a bias, 4 + 1 = {4 + 1}.

        Its picture has {height} rows of {width} pixels

        a table of {height * width:,} lines

        each divided by 255, so that they lie between 0 and 1

        takes {len(ten)} hidden layers of {ten[0]} neurons

        The {regress:,} are 2 * 100 + 100 into the first layer, {len(ten) - 1} * (100 * 100 + 100) between the
        layers, and 100 * 3 + 3 into the three colors.

        Pixel (50, 23) is background and pixel (50, 27) is bird

        Lay 16 posts along each side of the picture, so that {16 * 16} crossings cover it.

        1 at the crossing itself, falling to 0 at the next. Only the four crossings around the position are
        not 0.

        How far off are they, out of 255, on average?

        miss by {raw}. From the encoded table, the same neurons paint the bird and miss by {encoded}.

        as whole numbers from 0 to 255. At or below the threshold, 600, a pixel is class 1, "dark"; above it,
        class 0, "light".

        The bird, {hex_color(pixels[50, 50])}, adds up to {" + ".join(map(str, levels[50, 50]))} =
        {levels[50, 50].sum()}: dark.

        The background, {hex_color(pixels[0, 0])}, adds up to 3 * {levels[0, 0, 0]} = {levels[0, 0].sum()}:
        light.

        So {(levels.sum(axis=2) > 600).sum():,} pixels are light and {(levels.sum(axis=2) <= 600).sum():,} are
        dark.

        a 1 in the place of the class, a 0 in the other

        Line {50 * width + 50} of the table is row 50, column 50, in the bird. The network is
        {regress - classify} parameters smaller than before: it has one output neuron less, with {ten[-1]}
        weights and a bias.

        If they say 0.998 and 0.002, the largest is at place {np.argmax([0.998, 0.002])},

        the point x = 1, y = 1, near the top left corner
    """
    return [" ".join(paragraph.split()) for paragraph in paragraphs.split("\n\n")]


def test_no_number_in_the_prose_is_unchecked(pixels: np.ndarray, spoken: dict[str, object]) -> None:
    prose = re.sub(r"^\|.*\|$", "", FENCE.sub("", TEXT), flags=re.MULTILINE)
    prose = " ".join(prose.split())
    for claim in claims(pixels, spoken):
        assert prose.count(claim) == 1, f"the lesson should say, once: {claim}"
        prose = prose.replace(claim, " ... ")
    left = re.findall(r".{0,40}\d.{0,40}", prose)
    assert not left, f"no claim in this test covers: {left}"


def test_the_formulas_of_the_lesson_count_the_parameters() -> None:
    assert chain(2, 4, 1) == 4 * (2 + 1) + (4 + 1) == 17
    assert chain(2, *[100] * 10, 3) == 2 * 100 + 100 + 9 * (100 * 100 + 100) + 100 * 3 + 3 == 91503
    assert chain(2, *[100] * 10, 2) == 91503 - 101
