"""Text files as editors on any system write them."""

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins in the same way
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decode_text(data: bytes) -> str:
    r"""Decode the bytes of a text file.

    Parameters
    ----------
    data : bytes
        UTF-8, or what a byte order mark at the start says.

    Returns
    -------
    str
        Without the mark; what cannot be decoded becomes U+FFFD, so that whoever reads the lines
        can name the one with the damage.

    Examples
    --------
    >>> decode_text(b"\xff\xfea\0"), decode_text(b"\xef\xbb\xbfa"), decode_text(b"a")
    ('a', 'a', 'a')
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data.removeprefix(mark).decode(name, "replace")
    return data.decode("utf-8", "replace")
