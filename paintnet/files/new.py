"""Files under names that are free: what is there already is never replaced."""

from itertools import count
from pathlib import Path

from paintnet.errors import OutputError
from paintnet.files.names import printable
from paintnet.files.staging import StagedFile


def write_new(folder: Path, name: str, content: bytes) -> Path:
    """Write a file under a name that is free: where there is one already, the new one gets a number.

    Parameters
    ----------
    folder : Path
        Where it is to go.
    name : str
        What it is called, if that is free.
    content : bytes
        All of it.

    Returns
    -------
    Path
        The file, whole.

    Raises
    ------
    OutputError
        When it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [write_new(Path(folder), "bird.png", b"painted").name for _ in range(3)]
    ['bird.png', 'bird-2.png', 'bird-3.png']
    """
    stem, dot, extension = name.partition(".")
    for number in count(1):
        path = folder / (name if number == 1 else f"{stem}-{number}{dot}{extension}")
        try:
            with StagedFile(path, None) as staged:
                staged.file.write(content)
                staged.finish()
                staged.take_free_place()
        except FileExistsError:
            continue
        except OSError as error:
            why = f"cannot be written ({printable(error.strerror or error)})"
            raise OutputError(printable(path), why, "start the program in another folder") from error
        return path
    raise AssertionError  # count has no end; told to mypy
