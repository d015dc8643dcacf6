"""`paintnet neuron`: the lesson's first step."""

from paintnet.activations import LESSON
from paintnet.cli.console import Console
from paintnet.cli.help import command, option
from paintnet.cli.options import report_options
from paintnet.cli.types import NUMBERS, Choice, Number
from paintnet.lesson.neuron import Neuron


@command(
    epilog="""\b
Examples:
  paintnet neuron --inputs 1,0.5,-1 --weights 0.7,0.6,1.4 --bias -0.1
  paintnet neuron --inputs 1,1 --weights 1,1 --bias -1.5 --activation step"""
)
@option("--inputs", type=NUMBERS, required=True, help="The inputs of the neuron.")
@option("--weights", type=NUMBERS, required=True, help="Its weights, one for each input.")
@option("--bias", type=Number(), default=0.0, metavar="B", help="What is added to the weighted sum.")
@option(
    "--activation",
    type=Choice(list(LESSON)),
    default="leaky-relu",
    metavar="NAME",
    help=f"Its activation function: {', '.join(LESSON)}.",
)
@report_options
def neuron(
    inputs: tuple[float, ...],
    weights: tuple[float, ...],
    bias: float,
    activation: str,
    **say: bool,
) -> None:
    """Compute one neuron, with the sum written out.

    Its output is its activation function, applied to the weighted sum of its
    inputs plus its bias.
    """
    console = Console(as_json=say["json"], quiet=say["quiet"])
    cell = Neuron(len(weights), bias=bias, weights=weights, activation=activation)
    document = {
        "weighted_sum": float(cell.weighted_sum(inputs)),
        "activation": activation,
        "output": float(cell(inputs)),
    }
    console.answer(document, [cell.explain(inputs)])
