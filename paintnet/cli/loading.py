"""scikit-learn loaded without what its networks need only where somebody asks: two fifths of the time."""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

_LATER = {
    "scipy.stats": ("rankdata",),
    "sklearn.metrics": ("accuracy_score", "r2_score"),
    "sklearn.model_selection": ("train_test_split",),
}
"""What scikit-learn's networks take from modules that load slowly: to measure scores, and to stop by them."""


class _Later(ModuleType):
    """Stands for a module while scikit-learn loads.

    Its functions load the real one when they are called. Any other name, which another version of
    scikit-learn may ask for, is that of the real module at once.
    """

    def __getattr__(self, name: str) -> Any:
        module = self.__name__
        if name in _LATER[module]:
            return lambda *given, **named: getattr(import_module(module), name)(*given, **named)
        if name.startswith("__"):
            raise AttributeError(name)
        _take_away(module)
        return getattr(import_module(module), name)


def load_networks() -> None:
    """Import scikit-learn's networks in three fifths of the time.

    Both packages import their parts where they are asked for by name, so whatever needs one of these
    later gets it. Where anything is otherwise than expected, all is imported.
    """
    if "sklearn" in sys.modules:
        return
    for module in _LATER.keys() - sys.modules.keys():
        sys.modules[module] = _Later(module)
    try:
        import_module("sklearn.neural_network")
    except ImportError:
        _take_away(*_LATER)
        import_module("sklearn.neural_network")
    finally:
        _take_away(*_LATER)


def _take_away(*modules: str) -> None:
    for module in modules:
        if isinstance(sys.modules.get(module), _Later):
            del sys.modules[module]
