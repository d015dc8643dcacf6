"""Kinds of whole files that Pillow cannot read, told apart from broken ones."""

from paintnet.picture import tiff
from paintnet.picture.content import Content, whole

_BIG_ENDIAN_BIGTIFF = b"MM\0+"

# What Pillow's decoders say when they meet a kind that they do not know.
_PHRASES = (
    "unknown pixel mode",
    "unknown data organization",
    "unsupported",
    "not supported",
    "no decoder",
    "unknown bmp",
    "cannot handle",
    "invalid palette size",
)

# Ways to pack a TIFF that not every build of Pillow has, or none.
_TIFF_COMPRESSIONS = {
    34712: "JPEG 2000",
    34887: "LERC",
    34892: "lossy JPEG",
    34925: "LZMA",
    34933: "PNG",
    34934: "JPEG XR",
    50000: "Zstandard",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}

# Frame headers of JPEG (ITU-T T.81, table B.1) and of JPEG-LS, by what Pillow cannot decode.
_JPEG_FRAMES = {
    0xC3: "lossless",
    0xC5: "hierarchical",
    0xC6: "hierarchical",
    0xC7: "lossless",
    0xCB: "lossless",
    0xCD: "hierarchical",
    0xCE: "hierarchical",
    0xCF: "lossless",
    0xF7: "JPEG-LS",
}
_PLAIN_JPEG_FRAMES = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA)
_MOST_MARKERS = 1_000


def unusual_kind(name: str, data: Content, reason: str) -> str | None:
    r"""Tell what is unusual about a file that could not be decoded.

    Parameters
    ----------
    name : str
        Its format, as :func:`paintnet.picture.decoding.sniff` names it.
    data : bytes or StoredBytes
        The whole file.
    reason : str
        What the decoder said.

    Returns
    -------
    str or None
        Words for a message; None where the file is broken, as far as one can see.

    Examples
    --------
    >>> unusual_kind("TIFF", b"MM\0+" + bytes(20), "not a TIFF")
    'big-endian BigTIFF'
    >>> unusual_kind("BMP", b"BM", "truncated") is None
    True
    """
    if name == "TIFF" and data.startswith(_BIG_ENDIAN_BIGTIFF):
        return "big-endian BigTIFF"
    if name == "TIFF" and (packed := tiff.compression(data)) in _TIFF_COMPRESSIONS:
        return f"{_TIFF_COMPRESSIONS[packed]} compression"
    if name == "JPEG" and (frame := _unusual_frame(whole(data))):
        return frame
    return reason if any(phrase in reason.lower() for phrase in _PHRASES) else None


def _unusual_frame(data: bytes) -> str | None:
    """Look for the header of the frame, which says by which process it was made."""
    place = 2
    for _ in range(_MOST_MARKERS):
        start = data.find(b"\xff", place)
        if start < 0 or start + 5 > len(data):
            return None
        marker = data[start + 1]
        if marker in _JPEG_FRAMES:
            return _JPEG_FRAMES[marker]
        if marker in _PLAIN_JPEG_FRAMES:
            bits = data[start + 4]
            return f"{bits} bits a sample" if bits in (12, 16) else None
        has_length = marker not in (0x00, 0x01, 0xFF) and not 0xD0 <= marker <= 0xD9
        place = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big") * has_length
        place -= marker == 0xFF
    return None
