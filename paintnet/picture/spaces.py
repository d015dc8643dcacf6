"""Color spaces that a file describes by numbers: from their curve and primaries to sRGB."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]]
Curve = Callable[[Values], Values]
Matrix = NDArray[np.float64]
Points = tuple[tuple[float, float], ...]
"""Chromaticities x, y of white, red, green and blue."""

_D65 = (0.3127, 0.3290)
_SRGB = (_D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))

# Primaries by their number in Recommendation ITU-T H.273, table 2.
_PRIMARIES: dict[int, tuple[str, Points]] = {
    1: ("BT.709", _SRGB),
    4: ("NTSC", ((0.310, 0.316), (0.67, 0.33), (0.21, 0.71), (0.14, 0.08))),
    5: ("PAL", (_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06))),
    6: ("SMPTE 170M", (_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070))),
    7: ("SMPTE 240M", (_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070))),
    9: ("BT.2020", (_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046))),
    11: ("DCI-P3", ((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))),
    12: ("Display P3", (_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))),
    22: ("EBU 3213", (_D65, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077))),
}


def _power(exponent: float) -> Curve:
    return lambda signal: np.power(signal, exponent)


def _same(signal: Values) -> Values:
    return signal


def _from_srgb(signal: Values) -> Values:
    """IEC 61966-2-1."""
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def _to_srgb(linear: Values) -> Values:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _from_bt709(signal: Values) -> Values:
    return np.where(signal < 0.081, signal / 4.5, ((signal + 0.099) / 1.099) ** (1 / 0.45))


# Curves by their number in H.273, table 3; 16 and 18 are those of high dynamic range.
_CURVES: dict[int, tuple[str, Curve]] = {
    1: ("", _from_bt709),
    4: ("gamma 2.2 ", _power(2.2)),
    5: ("gamma 2.8 ", _power(2.8)),
    6: ("", _from_bt709),
    8: ("linear ", _same),
    13: ("", _from_srgb),
    14: ("", _from_bt709),
    15: ("", _from_bt709),
}
_HDR = {16: "PQ", 18: "HLG"}

# A power that differs by less than 2 % moves no color by more than two levels.
_SRGB_GAMMA, _GAMMA_TOLERANCE = 0.45455, 0.02
_GAMMAS = (0.1, 10.0)

_PIXELS_AT_ONCE = 2**18


@dataclass(frozen=True)
class ColorSpace:
    """How the values of a picture mean light.

    Parameters
    ----------
    name : str
        What people call it.
    curve : callable
        From signal to linear light, both in [0, 1].
    matrix : ndarray of shape (3, 3) or None
        From its linear RGB to that of sRGB; None where the primaries are the same.
    """

    name: str
    curve: Curve
    matrix: Matrix | None

    def to_srgb(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Convert pixels.

        Parameters
        ----------
        pixels : ndarray of shape (height, width, channels)
            1, 3 or 4 channels in [0, 1], straight alpha.

        Returns
        -------
        ndarray of float32
            The same shape; colors that sRGB does not have are clipped.

        Examples
        --------
        >>> linear = ColorSpace("linear", lambda signal: signal, None)
        >>> (linear.to_srgb(np.array([[[64 / 255]]], np.float32)) * 255).round()
        array([[[137.]]], dtype=float32)
        """
        converted = pixels.copy()
        flat = converted.reshape(-1, pixels.shape[-1])
        colors = min(3, pixels.shape[-1])
        for start in range(0, len(flat), _PIXELS_AT_ONCE):
            part = flat[start : start + _PIXELS_AT_ONCE, :colors]
            linear = self.curve(part.astype(np.float64))
            if self.matrix is not None and colors == 3:
                linear = linear @ self.matrix.T
            part[:] = np.clip(_to_srgb(np.clip(linear, 0, 1)), 0, 1)
        return converted


SRGB = ColorSpace("sRGB", _from_srgb, None)


def space_of_png(info: Mapping[Any, Any], cicp: bytes | None) -> tuple[ColorSpace | None, list[str]]:
    """Find the color space that a PNG declares by numbers.

    The order is that of the PNG specification, third edition, section 4.3: cICP, then an ICC
    profile, then sRGB, then gAMA and cHRM.

    Parameters
    ----------
    info : mapping
        ``gamma``, ``chromaticity``, ``srgb`` and ``icc_profile``, as Pillow names them.
    cicp : bytes or None
        The content of the cICP chunk.

    Returns
    -------
    tuple of ColorSpace or None and list of str
        None where the ICC profile says it, or nothing does; and what was left out.

    Examples
    --------
    >>> space_of_png({"gamma": 1.0}, None)[0].name
    'linear light'
    >>> space_of_png({}, bytes([9, 16, 0, 1]))
    (None, ['its high dynamic range (PQ) was not converted: its colors look pale'])
    """
    space, notes = (None, []) if cicp is None else _space_of_cicp(cicp)
    if space is None and "icc_profile" not in info and "srgb" not in info:
        space, more = _space_of_gamma(info.get("gamma"), info.get("chromaticity"))
        notes = notes + more
    return space, notes


def _space_of_cicp(cicp: bytes) -> tuple[ColorSpace | None, list[str]]:
    """Coding-independent code points: primaries, curve, matrix and range, by H.273."""
    if len(cicp) != 4:
        return None, ["its cICP part is damaged and was ignored"]
    primaries, curve, matrix, full_range = cicp
    if curve in _HDR:
        why = f"its high dynamic range ({_HDR[curve]}) was not converted: its colors look pale"
        return None, [why]
    if primaries not in _PRIMARIES or curve not in _CURVES or matrix != 0 or full_range != 1:
        return None, [f"its color space (cICP {', '.join(map(str, cicp))}) is not known and was ignored"]
    name, points = _PRIMARIES[primaries]
    return _space(_CURVES[curve][0] + name, _CURVES[curve][1], points), []


def _space_of_gamma(gamma: object, points: object) -> tuple[ColorSpace | None, list[str]]:
    """A power law and chromaticities; either may be missing."""
    if gamma is None and points is None:
        return None, []
    notes: list[str] = []
    curve: Curve = _from_srgb
    name = "the curve of sRGB"
    if isinstance(gamma, float) and _GAMMAS[0] <= gamma <= _GAMMAS[1]:
        if abs(gamma / _SRGB_GAMMA - 1) > _GAMMA_TOLERANCE:
            curve, name = _power(1 / gamma), "linear light" if gamma == 1 else f"gamma {1 / gamma:.3g}"
    elif gamma is not None:
        notes.append(f"its gamma of {gamma:g} makes no sense and was ignored")
    primaries: Points = _SRGB
    if isinstance(points, tuple) and len(points) == 8:
        primaries = tuple(zip(points[::2], points[1::2], strict=True))
        if primaries != _SRGB:
            name += " and primaries of its own"
    try:
        return _space(name, curve, primaries), notes
    except (ValueError, np.linalg.LinAlgError):
        notes.append("its chromaticities make no sense and were ignored")
        return _space(name, curve, _SRGB), notes


def _space(name: str, curve: Curve, points: Points) -> ColorSpace:
    """Build a space, or give sRGB itself where nothing moves by more than a level, which is rounding."""
    space = ColorSpace(name, curve, None if points == _SRGB else _matrix(points))
    steps = np.linspace(0, 1, 18, dtype=np.float32)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    return SRGB if np.abs(space.to_srgb(grid) - grid).max() <= 1 / 255 else space


def _matrix(points: Points) -> Matrix:
    """From linear RGB of these chromaticities to that of sRGB, white to white by Bradford."""
    white, own = _xyz(points[0]), _to_xyz(points)
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    gains = (bradford @ _xyz(_D65)) / (bradford @ white)
    adapted = np.linalg.inv(bradford) @ np.diag(gains) @ bradford @ own
    matrix = np.linalg.inv(_to_xyz(_SRGB)) @ adapted
    if not np.isfinite(matrix).all() or np.abs(matrix).max() > 100:
        raise ValueError
    return np.asarray(matrix)


def _to_xyz(points: Points) -> Matrix:
    """From linear RGB to XYZ: each primary as bright as makes their sum white (SMPTE RP 177)."""
    white, *primaries = (_xyz(point) for point in points)
    columns = np.stack(primaries, axis=1)
    return np.asarray(columns * np.linalg.solve(columns, white))


def _xyz(point: tuple[float, float]) -> NDArray[np.float64]:
    x, y = point
    if not 0 < y <= 1:
        raise ValueError
    return np.array([x / y, 1, (1 - x - y) / y])
