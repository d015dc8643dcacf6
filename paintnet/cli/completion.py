"""What the shell is offered for names of files: those that a command takes, and folders on the way."""

import os
from collections.abc import Callable, Collection, Iterator

import click
from click.shell_completion import CompletionItem

MODELS = frozenset({".paintnet"})
PICTURES = frozenset(
    ".png .apng .jpg .jpeg .jpe .jfif .webp .tif .tiff .bmp .dib .gif .ppm .pgm .pbm .pnm .pfm".split()  # noqa: SIM905
)
SAMPLES = ("sample:bird", "sample:china", "sample:flower")

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def complete_files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Let the shell complete the names of files, of whatever kind."""
    return [CompletionItem(incomplete, type="file")]


def _completer(extensions: Collection[str], names: Collection[str] = ()) -> Completer:
    def complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        items = [CompletionItem(name) for name in names if incomplete and name.startswith(incomplete)]
        found = sorted(_paths(incomplete, extensions))
        # With nothing to choose among, the shell looks itself: it knows ~ and what is called strangely.
        return items + [CompletionItem(path) for path in found] or complete_files(_ctx, _param, incomplete)

    return complete


def _paths(incomplete: str, extensions: Collection[str]) -> Iterator[str]:
    """Folders, and files of some extensions, whose path begins as it was typed."""
    folder, start = os.path.split(incomplete)
    try:
        with os.scandir(folder or ".") as entries:
            for entry in entries:
                if not entry.name.startswith(start) or (entry.name.startswith(".") and not start):
                    continue
                path = os.path.join(folder, entry.name)  # noqa: PTH118 (it keeps ./ as it was typed)
                if entry.is_dir():
                    yield path + os.sep
                elif os.path.splitext(entry.name)[1].lower() in extensions:  # noqa: PTH122
                    yield path
    except (OSError, ValueError):
        return


complete_models = _completer(MODELS)
complete_pictures = _completer(PICTURES, SAMPLES)
complete_models_and_pictures = _completer(MODELS | PICTURES, SAMPLES)
