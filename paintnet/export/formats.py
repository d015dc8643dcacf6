"""What a painting can be exported as, by the extension of the file."""

from collections.abc import Callable
from pathlib import PurePath

from paintnet.errors import SettingsError, value_text
from paintnet.export.glsl import glsl_of
from paintnet.export.onnx import onnx_of
from paintnet.export.page import page_of
from paintnet.export.svg import svg_of
from paintnet.painting import Painting

EXPORTS: dict[str, Callable[[Painting, str], bytes]] = {
    ".glsl": glsl_of,
    ".html": page_of,
    ".onnx": onnx_of,
    ".svg": svg_of,
}
"""Extension -> function from a painting and its name to the bytes of the file."""


def export_bytes(
    painting: Painting,
    extension: str,
    name: str = "painting",
    *,
    specks: float | None = None,
    note: Callable[[str], object] = lambda text: None,
) -> bytes:
    """Write a painting for other programs.

    Parameters
    ----------
    painting : Painting
        What is exported.
    extension : str
        A name of `EXPORTS`, with its dot.
    name : str
        What the file calls it: the last part of a path, without extension.
    specks : float, optional
        Of an .svg: regions of fewer pixels are left out.
    note : callable
        Is told what whoever exports should know.

    Raises
    ------
    SettingsError
        If the extension is unknown, the painting cannot be exported so, or `specks` is given for another
        extension than .svg.
    """
    if extension not in EXPORTS:
        why = f"unknown extension {value_text(extension)}"
        raise SettingsError("export", why, f"use one of {' '.join(sorted(EXPORTS))}")
    stem = PurePath(name).stem
    if extension == ".svg":
        return svg_of(painting, stem, specks=specks, note=note)
    if specks is not None:
        raise SettingsError("specks", f"a {extension} has no regions", "leave it out, or export an .svg")
    return EXPORTS[extension](painting, stem)
