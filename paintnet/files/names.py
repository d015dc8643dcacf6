"""Names from outside, made fit to be shown and to be given to files."""

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

MAX_NAME = 100


def printable(text: object) -> str:
    r"""Make a text safe to put into one line of a message.

    Control characters (which could move the cursor or hide what follows), invisible ones and
    bytes that are no text become ``?``.

    Parameters
    ----------
    text : object
        A path, a URL, a server's words: anything from outside.

    Returns
    -------
    str
        One printable line.

    Examples
    --------
    >>> printable("bird\x1b[2J\n.png")
    'bird?[2J?.png'
    """
    return "".join(character if character.isprintable() else "?" for character in str(text))


def printable_url(url: str) -> str:
    """Make a URL safe to show: no password, no query (it may hold a token), no fragment.

    Parameters
    ----------
    url : str
        Any URL, well formed or not.

    Returns
    -------
    str
        Scheme, host, port and path; a query is shown as ``?...``.

    Examples
    --------
    >>> printable_url("https://ann:secret@example.org/cat.png?token=1")
    'https://example.org/cat.png?...'
    """
    address, mark, _ = url.partition("#")[0].partition("?")
    scheme, separator, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    host = host.rpartition("@")[2]
    return printable(f"{scheme}{separator}{host}{slash}{path}{'?...' if mark else ''}")


def file_stem(name: str) -> str:
    r"""Turn the name of a source into the stem of an output file.

    Parameters
    ----------
    name : str
        The last part of a path or of a URL.

    Returns
    -------
    str
        Without extension, separators and odd characters, never empty, never hidden.

    Examples
    --------
    >>> file_stem("kodim03.png")
    'kodim03'
    >>> file_stem("../-x\n.jpg")
    'x'
    """
    stem = PurePosixPath(name.replace("\\", "/")).stem
    printable = "".join(character if character.isprintable() else "_" for character in stem)
    safe = re.sub(r'[/:*?"<>|]+', "_", printable).strip(" ._-")
    return safe[:MAX_NAME].rstrip(" ._-") or "picture"


def url_stem(url: str) -> str:
    """Turn a URL into the stem of an output file.

    Parameters
    ----------
    url : str
        A well formed http or https URL.

    Returns
    -------
    str
        From the last part of its path.

    Examples
    --------
    >>> url_stem("https://example.org/a/kodim%2003.png?size=1")
    'kodim 03'
    >>> url_stem("https://example.org/")
    'picture'
    """
    return file_stem(unquote(urlsplit(url).path).rstrip("/").rpartition("/")[2])
