"""Which painting a command means: the one named, or the newest of the folder."""

import os
from pathlib import Path
from typing import NamedTuple

from paintnet.cli.console import Console, standard_input
from paintnet.cli.outputs import STDOUT
from paintnet.errors import ModelFileError
from paintnet.modelfile import EXTENSION, receive_model
from paintnet.painting import Painting

STDIN = STDOUT


class LoadedPainting(NamedTuple):
    """A painting, what messages call it, and the size of its file."""

    painting: Painting
    name: str
    n_bytes: int


def load_painting(model: str | None, console: Console) -> LoadedPainting:
    """Load the painting named, or the newest of the current folder, and say which."""
    if model == STDIN:
        return _from_stdin()
    if model is None:
        model = str(_newest())
        console.notes([f"using {model}, the newest {EXTENSION} file here"])
    return LoadedPainting(Painting.load(model), model, Path(model).stat().st_size)


def is_model(source: str) -> bool:
    """Whether a name is that of a painting."""
    return Path(source).suffix.lower() == EXTENSION


def is_picture(source: str) -> bool:
    """Whether a source is a picture: by its kind, or by the first bytes of a file, whatever its name."""
    # Its readers of addresses and formats are needed only here.
    from paintnet.files.names import scheme_of, unwrapped

    if source.startswith("sample:"):
        return True
    if source == STDIN or is_model(source):
        return False
    if not os.path.isfile(source):  # noqa: PTH113 (Path raises for what is no name)
        return scheme_of(unwrapped(source)) is not None
    from paintnet.picture.decoding import sniff

    try:
        with open(source, "rb") as file:  # noqa: PTH123
            return sniff(file.read(16)) is not None
    except OSError:
        return False


def _from_stdin() -> LoadedPainting:
    file = standard_input()
    if file is None:
        raise ModelFileError("-", "there is no standard input here", "give the path of a model")
    content = receive_model(file, "stdin")
    return LoadedPainting(Painting.from_bytes(content, "stdin"), "stdin", len(content))


def _newest() -> Path:
    candidates = [path for path in Path().glob(f"*{EXTENSION}") if path.is_file()]
    if not candidates:
        raise ModelFileError(
            f"*{EXTENSION}",
            "there is no such file in this folder",
            "make one with `paintnet fit IMAGE`, or give the path of a model",
        )
    # The name breaks ties, so that folder order does not decide.
    return max(candidates, key=lambda path: (path.stat().st_mtime_ns, path.name))
