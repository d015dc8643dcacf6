"""The size of a picture by its header, without decoding it."""

from io import BytesIO
from pathlib import Path

from paintnet.picture.decoding import _DECODERS, _guarded_pillow, _silence, sniff


def size_by_header(source: Path | bytes, max_pixels: int) -> tuple[int, int] | None:
    """Read the size of a picture.

    Parameters
    ----------
    source : Path or bytes
        A regular file, or what one holds.
    max_pixels : int
        Larger ones are not looked at.

    Returns
    -------
    (int, int) or None
        Width and height as they are stored; None for what is no picture, or too large.

    Examples
    --------
    >>> size_by_header(Path("nowhere.png"), 100) is None
    True
    """
    try:
        with source.open("rb") if isinstance(source, Path) else BytesIO(source) as file:
            name = sniff(file.read(16))
            if name is None:
                return None
            file.seek(0)
            with _guarded_pillow(max_pixels), _silence(name == "TIFF"):
                width, height = _DECODERS[name](file).size  # type: ignore[arg-type]
    except Exception:  # of a decoder that meets a damaged file: the job will say what is wrong
        return None
    return (width, height) if width * height <= max_pixels else None
