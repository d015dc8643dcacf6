"""Pictures that are at hand everywhere, as the bytes of their files."""

from importlib.resources import files

from paintnet.errors import PictureError
from paintnet.files.names import printable

SAMPLES = {
    "bird": ("paintnet.picture", "bird.png"),  # the project's own drawing, see tools/draw_bird.py
    "china": ("sklearn.datasets.images", "china.jpg"),
    "flower": ("sklearn.datasets.images", "flower.jpg"),
}


def sample_bytes(name: str) -> bytes:
    """Read the file of a sample picture.

    The photographs are read where ``sklearn.datasets.load_sample_image`` reads them, but as
    files, so that they pass the same door as every other picture.

    Parameters
    ----------
    name : str
        ``bird``, ``china`` or ``flower``.

    Returns
    -------
    bytes
        A PNG or JPEG file.

    Raises
    ------
    PictureError
        When there is no such sample.

    Examples
    --------
    >>> sample_bytes("bird")[1:4]
    b'PNG'
    """
    if name not in SAMPLES:
        known = ", ".join(f"sample:{each}" for each in SAMPLES)
        raise PictureError(f"sample:{printable(name)}", "there is no such sample", f"use one of {known}")
    package, file = SAMPLES[name]
    try:
        return files(package).joinpath(file).read_bytes()
    except (ImportError, OSError) as error:
        remedy = "reinstall scikit-learn" if package.startswith("sklearn") else "reinstall paintnet"
        raise PictureError(f"sample:{name}", "its file is missing from this installation", remedy) from error
