"""The painter: settings and a picture go in, a painting comes out."""

from paintnet.painter.training import Painter, fit

__all__ = ["Painter", "fit"]
