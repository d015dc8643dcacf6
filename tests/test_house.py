"""The house rules that no linter knows: imports run downwards, and the library keeps quiet."""

import ast
from functools import cache
from pathlib import Path

import pytest

import paintnet

HOUSE = Path(paintnet.__file__).parent
FILES = sorted(HOUSE.rglob("*.py"))
LIBRARY = [path for path in FILES if path.relative_to(HOUSE).parts[0] not in ("cli", "__main__.py")]

FLOORS = [
    "cli",
    "studio",
    "fleet",
    "painter",
    "engine",
    "painting",
    "modelfile",
    "network",
    "encoding",
    "dataset",
    "densify",
    "metrics",
    "picture",
    "neuron",
    "errors",
]
"""Top to bottom. Outside stand `__init__`, the door to all floors, and `__main__`, which calls cli."""

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
each_of_the_library = pytest.mark.parametrize("path", LIBRARY, ids=lambda path: str(path.relative_to(HOUSE)))


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imports(path: Path) -> set[str]:
    """Full names of what a file imports, anywhere in it."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def floor_of(path: Path) -> str:
    return path.relative_to(HOUSE).parts[0].removesuffix(".py")


def calls(path: Path) -> set[str]:
    """Names that a file calls, with dots."""
    return {ast.unparse(node.func) for node in nodes(path) if isinstance(node, ast.Call)}


@each_file
def test_imports_run_downwards(path: Path) -> None:
    floor = floor_of(path)
    inside = {name.split(".")[1] for name in imports(path) if name.startswith("paintnet.")}
    if floor == "__init__":
        return
    if floor == "__main__":
        assert inside == {"cli"}
        return
    assert floor in FLOORS, "a new floor: give it its place in FLOORS"
    below = set(FLOORS[FLOORS.index(floor) :]) | {"__version__"}
    assert inside <= below, f"{floor} is above {sorted(inside - below)}"


def test_the_two_files_of_one_floor_do_not_need_each_other() -> None:
    assert not any(name.startswith("paintnet.modelfile") for name in imports(HOUSE / "network.py"))
    assert not any(name.startswith("paintnet.network") for name in imports(HOUSE / "modelfile.py"))


@each_of_the_library
def test_only_the_command_line_imports_click(path: Path) -> None:
    assert not {name for name in imports(path) if name.split(".")[0] in ("click", "argparse", "getopt")}


@each_of_the_library
def test_the_library_neither_prints_nor_exits(path: Path) -> None:
    called = calls(path)
    assert not called & {"print", "input", "exit", "quit", "sys.exit", "os._exit", "os.abort", "SystemExit"}
    used = {ast.unparse(node) for node in nodes(path) if isinstance(node, ast.Attribute)}
    assert not used & {"sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__"}
    assert "SystemExit" not in {node.id for node in nodes(path) if isinstance(node, ast.Name)}
    assert not {name for name in imports(path) if name in ("sys.exit", "sys.stdout", "sys.stderr")}


@each_file
def test_nothing_that_is_loaded_can_run_code(path: Path) -> None:
    forbidden = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "torch", "yaml"}
    assert not {name for name in imports(path) if name.split(".")[0] in forbidden}
    assert not calls(path) & {"eval", "exec", "np.load", "numpy.load", "np.save", "os.system"}
    assert "allow_pickle" not in path.read_text(encoding="utf-8")


@each_file
def test_a_file_is_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@each_file
def test_every_file_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


PRIVATE = {"_optimizer", "_random_state", "_label_binarizer", "_backprop", "_no_improvement_count", "_fit"}
"""Names that scikit-learn keeps to itself, on its networks."""


def test_private_names_of_scikit_learn_are_touched_in_one_file_a_floor() -> None:
    touching = set()
    for path in FILES:
        attributes = {node.attr for node in nodes(path) if isinstance(node, ast.Attribute)}
        words = {node.value for node in nodes(path) if isinstance(node, ast.Constant)}
        if PRIVATE & (attributes | {word for word in words if isinstance(word, str)}):
            touching.add(str(path.relative_to(HOUSE)))
    assert touching <= {"painter/estimator.py", "engine/mlp.py"}


def test_what_it_promises_is_there() -> None:
    assert paintnet.__all__ == sorted(paintnet.__all__)
    for name in paintnet.__all__:
        assert getattr(paintnet, name).__doc__
    with pytest.raises(AttributeError, match="module 'paintnet' has no attribute 'nothing'"):
        paintnet.nothing  # noqa: B018
