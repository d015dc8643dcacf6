"""The version, on the ground floor: a download names it, and so does a training's record."""

__version__ = "0.1.0"
