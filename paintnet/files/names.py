"""Names from outside, made fit to be shown and to be given to files."""

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from paintnet.errors import SettingsError

PAINTED = ".painted.png"
"""Ending of a painted picture that is named after the one it was learned from."""

MAX_NAME = 100
_MAX_SHOWN = 500
_LONGEST_PATH = 4096

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):(?=[/\\])", re.IGNORECASE)  # two letters or more: C:/ is a drive
_OPAQUE = re.compile(r"(https?|data|blob|javascript|view-source|mailto|about|urn|cid):", re.IGNORECASE)
_HOST = re.compile(r"(\[[0-9a-f:.%]*\]|[^:@\[\]]*)(:[0-9]*)?", re.IGNORECASE)
_NUMERIC = re.compile(r"(localhost|[0-9.]+|\[.*\]):", re.IGNORECASE)
_QUOTES = {"<": ">", '"': '"', "'": "'", "(": ")"}


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


def unwrapped(text: str) -> str:
    """Take an address out of what surrounds it in mails and documents.

    Parameters
    ----------
    text : str
        What a user gave for a picture.

    Returns
    -------
    str
        The address without blanks, brackets and quotes; anything that is no address as it is.

    Examples
    --------
    >>> unwrapped(" <https://example.org/cat.png>")
    'https://example.org/cat.png'
    >>> unwrapped(" my cat.png")
    ' my cat.png'
    """
    inner = text.strip()
    while len(inner) > 1 and _QUOTES.get(inner[0]) == inner[-1]:
        inner = inner[1:-1].strip()
    if inner[:4].lower() == "url:":
        inner = inner[4:].strip()
    return inner if scheme_of(inner) else text


def scheme_of(text: str) -> str | None:
    """Name the scheme of an address.

    Parameters
    ----------
    text : str
        An address or a path.

    Returns
    -------
    str or None
        In lower case; None for a path.

    Examples
    --------
    >>> scheme_of("HTTPS://example.org"), scheme_of("data:image/png;base64,AAAA"), scheme_of("C:/cat.png")
    ('https', 'data', None)
    """
    found = _SCHEME.match(text) or _OPAQUE.match(text)
    return found[1].lower() if found else None


def printable_url(url: str) -> str:
    """Make a URL safe to show: no password, no query (it may hold a token), no fragment.

    Parameters
    ----------
    url : str
        Any URL, well formed or not.

    Returns
    -------
    str
        Scheme, host, port and path; a query is shown as ``?...``, and ``...`` stands for what
        may hide a secret.

    Examples
    --------
    >>> printable_url("https://ann:secret@example.org/cat.png?token=1")
    'https://example.org/cat.png?...'
    >>> printable_url("data:image/png;base64,AAAA")
    'data:...'
    """
    scheme, colon, rest = url.strip().partition(":")
    address = rest.lstrip("/\\")
    slashes = rest[: len(rest) - len(address)]
    if not slashes and scheme.lower() not in ("http", "https"):
        return printable(f"{scheme[:20]}{colon}...")
    plain = re.split(r"[?#;]", address, maxsplit=1)[0]
    place = re.search(r"[/\\]", plain)
    host, path = (plain[: place.start()], plain[place.start() :]) if place else (plain, "")
    host = host.rpartition("@")[2]
    # What looks like a port may be the start of a password with a slash or a question mark in it.
    is_doubtful = ":" in host and "@" in address[len(plain) - len(path) :] and not _NUMERIC.match(host)
    if is_doubtful or not _HOST.fullmatch(host):
        return printable(f"{scheme}{colon}{slashes}...")
    more = "" if plain == address else "?..." if address[len(plain)] == "?" else "..."
    return _short(printable(f"{scheme}{colon}{slashes}{host}{path}{more}"))


def printable_source(text: str) -> str:
    """Make safe to show what a user gave for a picture: a path, or an address in any spelling.

    Parameters
    ----------
    text : str
        Also an address that lacks its scheme, or stands in brackets.

    Returns
    -------
    str
        A path as it is; of an address what :func:`printable_url` shows.

    Examples
    --------
    >>> printable_source("photos/cat.png"), printable_source("ann:secret@example.org/cat.png?token=1")
    ('photos/cat.png', '...@example.org/cat.png?...')
    """
    inner = unwrapped(text)
    if scheme_of(inner):
        return printable_url(inner)
    if len(text) > _LONGEST_PATH:
        return f"a name of {len(text)} characters"
    head, mark, tail = text.partition("?")
    if not (mark and "=" in tail):
        head, mark = text, ""
    plain = re.sub(r"#[^#]*=.*", "#...", head, flags=re.DOTALL)
    plain = re.sub(r"^(?![a-z]:[/\\]).*:.*@", "...@", plain, flags=re.IGNORECASE | re.DOTALL)
    plain = re.sub(r"^[\s<\"'/]*[^/\\@]+@(?=[\w-]+(\.[\w-]+)+[/:])", "...@", plain)
    return _short(printable(plain + "?..." * bool(mark)))


def without_secrets(text: str) -> str:
    """Show every address in a message as :func:`printable_url` does.

    Parameters
    ----------
    text : str
        Words that may quote what a user typed.

    Returns
    -------
    str

    Examples
    --------
    >>> without_secrets("Got unexpected extra argument (https://ann:secret@example.org/cat.png?token=1)")
    'Got unexpected extra argument (https://example.org/cat.png?...'
    """

    def shown(match: re.Match[str]) -> str:
        opening, word = match[1], match[2]
        plain = word.rstrip(":;,'\")>")
        if plain.endswith(".") and not plain.endswith("..."):
            plain = plain[:-1]
        return opening + printable_source(plain) + word[len(plain) :]

    return re.sub(r"([<(\"']*)(\S*)", shown, text)


def _short(text: str) -> str:
    """Leave out the middle of what is far too long to be a name."""
    half = _MAX_SHOWN // 2
    return text if len(text) <= _MAX_SHOWN else f"{text[:half]}...{text[-half:]}"


def path_of(path: Any) -> Path:
    """Take a path as text or as a path-like object.

    Raises
    ------
    SettingsError
        If it is neither.

    Examples
    --------
    >>> path_of("bird.paintnet").suffix
    '.paintnet'
    >>> path_of(5)
    Traceback (most recent call last):
    paintnet.errors.SettingsError: path: a value of type int is no path; give text or a path-like object
    """
    try:
        return Path(os.fsdecode(path))
    except TypeError as error:
        why = f"a value of type {type(path).__name__} is no path"
        raise SettingsError("path", why, "give text or a path-like object") from error


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
