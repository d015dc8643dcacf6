"""paintnet: a small neural network learns a picture and paints it again."""

__version__ = "0.1.0"
