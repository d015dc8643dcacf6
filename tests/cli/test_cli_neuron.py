import pytest

from paintnet.activations import LESSON
from tests.command_line import Run

CLASSIC = ("--inputs", "1,0.5,-1", "--weights", "0.7,0.6,1.4", "--bias", "-0.1")


def test_classic_example(run: Run) -> None:
    outcome = run("neuron", *CLASSIC).done()
    assert outcome.out == "0.7*1 + 0.6*0.5 + 1.4*(-1) - 0.1 = -0.5 -> leaky-relu -> -0.05\n"
    assert outcome.err == ""
    assert run("neuron", *CLASSIC, "-q").done() == outcome


def test_json(run: Run) -> None:
    document = run("neuron", *CLASSIC, "--json").done().document
    assert document == {
        "weighted_sum": pytest.approx(-0.5),
        "activation": "leaky-relu",
        "output": pytest.approx(-0.05),
    }


@pytest.mark.parametrize("name", LESSON)
def test_every_activation(run: Run, name: str) -> None:
    document = (
        run("neuron", "--inputs", "2", "--weights", "-1.5", "--activation", name, "--json").done().document
    )
    assert document["weighted_sum"] == -3
    assert document["output"] == pytest.approx(float(LESSON[name].function(-3.0)))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--inputs", "1,2", "--weights", "1"], "inputs: 2 numbers were given where 1 belong"),
        (["--inputs", "1,b", "--weights", "1,2"], "'1,b' is not of the form N,N,..."),
        (["--inputs", "", "--weights", "1"], "not of the form"),
        (["--inputs", "1", "--weights", "nan"], "not of the form"),
        (["--inputs", "1", "--weights", "1", "--bias", "nan"], "'nan' is not a number"),
        (["--inputs", "1", "--weights", "1", "--bias", "inf"], "bias inf: it is not a finite number"),
        (["--inputs", "1e308", "--weights", "1e308"], "weighted sum: it is too large"),
        (["--inputs", "1", "--weights", "1", "--activation", "sine"], "'sine' is not one of"),
        (["--inputs", "1"], "Missing option '--weights'"),
    ],
)
def test_usage_errors(run: Run, options: list[str], words: str) -> None:
    assert words in run("neuron", *options).failed(2)
