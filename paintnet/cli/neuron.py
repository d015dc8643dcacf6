"""`paintnet neuron`: the lesson's first step."""

import click

from paintnet.activations import LESSON
from paintnet.cli.console import Console
from paintnet.cli.options import report_options
from paintnet.cli.types import NUMBERS
from paintnet.lesson.neuron import Neuron


@click.command(
    epilog="""\b
Examples:
  paintnet neuron --inputs 1,0.5,-1 --weights 0.7,0.6,1.4 --bias -0.1
  paintnet neuron --inputs 1,1 --weights 1,1 --bias -1.5 --activation step"""
)
@click.option("--inputs", type=NUMBERS, required=True, help="What the neuron is given.")
@click.option("--weights", type=NUMBERS, required=True, help="One for each input.")
@click.option("--bias", type=float, default=0.0, metavar="B", help="Added to the weighted sum.")
@click.option("--activation", type=click.Choice(list(LESSON)), default="leaky-relu", help="Of the sum.")
@report_options
def neuron(
    inputs: tuple[float, ...],
    weights: tuple[float, ...],
    bias: float,
    activation: str,
    **say: bool,
) -> None:
    """Compute one neuron, with the sum written out.

    Its output is the activation of its weighted sum plus bias.
    """
    console = Console(as_json=say["json"], quiet=say["quiet"])
    cell = Neuron(len(weights), bias=bias, weights=weights, activation=activation)
    document = {
        "weighted_sum": float(cell.weighted_sum(inputs)),
        "activation": activation,
        "output": float(cell(inputs)),
    }
    console.answer(document, [cell.explain(inputs)])
