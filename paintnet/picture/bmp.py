"""The color profile of a BMP file, which Pillow passes over."""

import struct

_FILE_HEADER = 14
_V5_HEADER = 124
_COLOR_SPACE, _PROFILE = 56, 112
_EMBEDDED, _LINKED = b"DEBM", b"KNIL"  # 'MBED' and 'LINK' as little-endian numbers


def color_profile(data: bytes) -> tuple[bytes | None, list[str]]:
    """Read the ICC profile of a version 5 header.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    tuple of bytes or None and list of str
        The profile, where there is one; and what was left out.
    """
    if len(data) < _FILE_HEADER + _V5_HEADER:
        return None, []
    (size,) = struct.unpack_from("<I", data, _FILE_HEADER)
    kind = data[_FILE_HEADER + _COLOR_SPACE : _FILE_HEADER + _COLOR_SPACE + 4]
    if size < _V5_HEADER or kind not in (_EMBEDDED, _LINKED):
        return None, []
    if kind == _LINKED:
        return None, ["its color profile lies in another file and was ignored"]
    start, length = struct.unpack_from("<II", data, _FILE_HEADER + _PROFILE)
    profile = data[_FILE_HEADER + start : _FILE_HEADER + start + length]
    return (profile, []) if profile else (None, ["its color profile is damaged and was ignored"])
