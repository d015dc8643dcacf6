"""`paintnet warm`: compile ahead of the first run."""

from paintnet.cli.console import Console
from paintnet.cli.help import command
from paintnet.cli.options import report_options
from paintnet.engine.compiler import check_compiler


@command(
    epilog="""\b
Examples:
  paintnet warm
  XDG_CACHE_HOME=/opt/cache paintnet warm --json"""
)
@report_options
def warm(**say: bool) -> None:
    """Compile the training step ahead, once for all runs.

    The first large picture compiles it otherwise, which takes about 20 s; so
    container images and CI caches run this once, as the user who will paint. It
    needs numba (pip install 'paintnet[fast]'), and keeps what it compiles in
    the folder paintnet of the user's cache folder, which XDG_CACHE_HOME moves.
    """
    console = Console(as_json=say["json"], quiet=say["quiet"])
    check_compiler()
    # It imports the engine, which the help need not wait for.
    from paintnet.engine.warming import compile_ahead

    warmed = compile_ahead()
    did = f"compiled in {warmed.seconds:.0f} s" if warmed.compiled else "compiled already: nothing to do"
    document = {
        "compiled": warmed.compiled,
        "folder": str(warmed.folder),
        "seconds": round(warmed.seconds, 3),
    }
    console.summary(document, [f"{did}; kept in {warmed.folder}"])
