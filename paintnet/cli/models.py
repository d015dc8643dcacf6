"""Which painting a command means: the one named, or the newest of the folder."""

from pathlib import Path

from paintnet.cli.console import Console
from paintnet.errors import ModelFileError
from paintnet.modelfile import EXTENSION
from paintnet.painting import Painting


def load_painting(model: str | None, console: Console) -> tuple[Painting, str]:
    """Load the painting named, or the newest of the current folder, and say which."""
    if model is None:
        model = str(_newest())
        console.notes([f"using {model}, the newest {EXTENSION} file here"])
    return Painting.load(model), model


def _newest() -> Path:
    candidates = [path for path in Path().glob(f"*{EXTENSION}") if path.is_file()]
    if not candidates:
        raise ModelFileError(
            f"*{EXTENSION}",
            "there is none in this folder",
            "make one with `paintnet fit IMAGE`, or name a MODEL",
        )
    # The name breaks ties, so that folder order does not decide.
    return max(candidates, key=lambda path: (path.stat().st_mtime_ns, path.name))
