"""What the shell is offered for names of files: those that a command takes, and folders on the way."""

from collections.abc import Callable, Collection

import click
from click.shell_completion import CompletionItem

MODELS = ("paintnet",)
PICTURES = (
    *("png", "apng", "jpg", "jpeg", "jpe", "jfif", "webp", "tif", "tiff"),
    *("bmp", "dib", "gif", "ppm", "pgm", "pbm", "pnm", "pfm"),
)
SAMPLES = ("sample:bird", "sample:china", "sample:flower")

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def complete_files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Let the shell complete the names of files, of whatever kind."""
    return [CompletionItem(incomplete, type="file")]


def _completer(extensions: Collection[str], names: Collection[str] = ()) -> Completer:
    """Offer names, and files of some extensions to shells that can tell them (see `shells`)."""

    def complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        items = [CompletionItem(name) for name in names if name.startswith(incomplete)]
        # A file comes first: in bash, click's own way with it forgets what came before.
        return [CompletionItem(incomplete, type="file", extensions=extensions), *items]

    return complete


complete_models = _completer(MODELS)
complete_pictures = _completer(PICTURES, SAMPLES)
complete_models_and_pictures = _completer((*MODELS, *PICTURES), SAMPLES)
