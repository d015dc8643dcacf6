"""The house rules that no linter knows: imports run downwards, and the library keeps quiet.

Each rule walks all files and names every offender, so one test holds for the whole house.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

import paintnet

HOUSE = Path(paintnet.__file__).parent
FILES = sorted(HOUSE.rglob("*.py"))
LIBRARY = [path for path in FILES if path.relative_to(HOUSE).parts[0] not in ("cli", "__main__.py")]

FLOORS = (
    "cli",
    "play",
    "fleet",
    "job",
    "outputs",
    "report",
    "export",
    "animation",
    "painter",
    "engine",
    "settings",
    "painting",
    "modelfile",
    "modelfile_1",
    "small_mosaic",
    "smallfile",
    "record",
    "stored_patches",
    "model_parts",
    "packing",
    "patches",
    "dataset",
    "coding",
    "network",
    "rounding",
    "metrics",
    "encoding",
    "picture",
    "files",
    "lesson",
    "activations",
    "checked_settings",
    "lattice",
    "positions",
    "executor",
    "blas",
    "threads",
    "cores",
    "signals",
    "extras",
    "errors",
    "_version",
    "typing",
)
"""Top to bottom. Outside stand `__init__`, the door to all floors, and `__main__`, which calls cli."""

PRIVATE = {
    "_optimizer",
    "_random_state",
    "_label_binarizer",
    "_backprop",
    "_no_improvement_count",
    "_fit",
    "_loss_grad_lbfgs",
}
"""Names that scikit-learn keeps to itself, on its networks."""


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def place(path: Path) -> str:
    return str(path.relative_to(HOUSE))


def floor_of(path: Path) -> str:
    return path.relative_to(HOUSE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Full names of what a file imports, anywhere in it: in functions and for type checking too."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def own_files(path: Path) -> set[Path]:
    """Files of the house that a file imports."""
    found = set()
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "paintnet":
            continue
        for end in range(len(parts), 0, -1):
            base = HOUSE.joinpath(*parts[1:end])
            for candidate in (base.with_suffix(".py"), base / "__init__.py"):
                if candidate in FILES:
                    found.add(candidate)
                    break
            else:
                continue
            break
    return found


def calls(path: Path) -> set[str]:
    """Names that a file calls, with dots."""
    return {ast.unparse(node.func) for node in nodes(path) if isinstance(node, ast.Call)}


def test_imports_run_downwards() -> None:
    floors = {floor_of(path) for path in FILES} - {"__init__", "__main__"}
    assert floors <= set(FLOORS), "a new floor: give it its place in FLOORS"
    offenders = [
        f"{place(path)} imports {place(other)}"
        for path in FILES
        if floor_of(path) in FLOORS
        for other in own_files(path)
        if floor_of(other) not in FLOORS or FLOORS.index(floor_of(other)) < FLOORS.index(floor_of(path))
    ]
    assert not offenders
    assert {floor_of(other) for other in own_files(HOUSE / "__main__.py")} == {"cli"}


def test_no_imports_run_in_a_circle() -> None:
    done: set[Path] = set()

    def visit(path: Path, way: tuple[Path, ...]) -> None:
        assert path not in way, " -> ".join(map(place, (*way, path)))
        if path not in done:
            for other in own_files(path):
                visit(other, (*way, path))
            done.add(path)

    for path in FILES:
        visit(path, ())


def test_only_the_command_line_knows_click_and_the_names_of_options() -> None:
    parsers = {"click", "argparse", "getopt"}
    assert not [place(path) for path in LIBRARY if {name.split(".")[0] for name in imports(path)} & parsers]
    naming = [
        f"{place(path)}: {node.value!r}"
        for path in LIBRARY
        for node in nodes(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for word in node.value.split()
        if word.startswith("--") and word[2:3].isalpha() and "upgrade" not in word
    ]
    assert not naming


def test_the_library_neither_prints_nor_exits() -> None:
    ways = {"print", "input", "exit", "quit", "sys.exit", "os._exit", "os.abort", "SystemExit"}
    streams = {"sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__"}
    for path in LIBRARY:
        used = {ast.unparse(node) for node in nodes(path) if isinstance(node, ast.Attribute)}
        named = {node.id for node in nodes(path) if isinstance(node, ast.Name)}
        assert not calls(path) & ways, place(path)
        assert not used & streams, place(path)
        assert "SystemExit" not in named, place(path)
        assert not imports(path) & {*streams, "sys.exit"}, place(path)


def test_nothing_that_is_loaded_can_run_code() -> None:
    forbidden = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "torch", "yaml"}
    called = {"eval", "exec", "np.load", "numpy.load", "np.save", "os.system"}
    for path in FILES:
        # Its workers get their tasks from their own parent, and joblib opens no file here.
        allowed = {"joblib"} if place(path) == "executor.py" else set()
        found = {name.split(".")[0] for name in imports(path)} & forbidden
        assert found <= allowed, place(path)
        assert not calls(path) & called, place(path)
        assert "allow_pickle" not in path.read_text(encoding="utf-8"), place(path)


def test_a_file_is_read_in_one_sitting_and_says_what_it_is() -> None:
    long = [place(path) for path in FILES if len(path.read_text(encoding="utf-8").splitlines()) > 400]
    silent = [
        p for p in map(place, FILES) if not ast.get_docstring(ast.parse((HOUSE / p).read_text("utf-8")))
    ]
    assert (long, silent) == ([], [])


def test_private_names_of_scikit_learn_are_touched_in_two_files() -> None:
    touching = set()
    for path in FILES:
        attributes = {node.attr for node in nodes(path) if isinstance(node, ast.Attribute)}
        words = {node.value for node in nodes(path) if isinstance(node, ast.Constant)}
        if PRIVATE & (attributes | {word for word in words if isinstance(word, str)}):
            touching.add(place(path))
    assert touching <= {"engine/sklearn_mlp.py"}


def test_what_it_promises_is_there() -> None:
    assert paintnet.__all__ == sorted(paintnet.__all__)
    for name in paintnet.__all__:
        assert getattr(paintnet, name).__doc__
    with pytest.raises(AttributeError, match="module 'paintnet' has no attribute 'nothing'"):
        paintnet.nothing  # noqa: B018
