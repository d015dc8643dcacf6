"""paintnet: a small neural network learns a picture and paints it again.

Examples
--------
>>> import paintnet
>>> painting = paintnet.fit("sample:bird", preset="draft", epochs=5)
>>> painting.predict([[50, 50]]).shape
(1, 3)
"""

from __future__ import annotations

from paintnet._version import __version__ as __version__

# As typing has it, whose import would be most of the time before the program heeds Ctrl-C in its own way.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paintnet.encoding.transformers import FourierEncoding, GridEncoding, PyramidEncoding, RawEncoding
    from paintnet.errors import PaintnetError
    from paintnet.lesson.neuron import Neuron
    from paintnet.painter.painter import Painter, fit
    from paintnet.painting import Painting


__all__ = [
    "FourierEncoding",
    "GridEncoding",
    "Neuron",
    "Painter",
    "Painting",
    "PaintnetError",
    "PyramidEncoding",
    "RawEncoding",
    "fit",
    "load",
]

# Loaded on first use: scikit-learn takes a second, and answering from a saved painting needs none of it.
_HOMES = {
    "FourierEncoding": "paintnet.encoding.transformers",
    "GridEncoding": "paintnet.encoding.transformers",
    "PyramidEncoding": "paintnet.encoding.transformers",
    "RawEncoding": "paintnet.encoding.transformers",
    "Neuron": "paintnet.lesson.neuron",
    "Painter": "paintnet.painter.painter",
    "fit": "paintnet.painter.painter",
    "Painting": "paintnet.painting",
    "PaintnetError": "paintnet.errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'paintnet' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def load(path: Any) -> Painting:
    """Read a painting from a .paintnet file.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    Painting

    Raises
    ------
    ModelFileError
        If the file is missing, damaged, newer or not a painting.
    """
    from paintnet.painting import Painting

    return Painting.load(path)
