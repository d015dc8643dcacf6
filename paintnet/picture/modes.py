"""From each of Pillow's modes to float32 pixels: grey, RGB or RGBA."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paintnet.picture.meaning import Meaning
from paintnet.picture.profiles import to_srgb
from paintnet.picture.spaces import SRGB

Pixels = NDArray[np.float32]
Opacity = NDArray[np.bool_] | None

NOTHING_SEEN = "every pixel of it is transparent"


class UnusableValuesError(ValueError):
    """The samples of a picture are numbers that are no colors; the text says which."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.why = why
        self.remedy = remedy


def to_pixels(image: Image.Image, meaning: Meaning | None = None) -> tuple[Pixels, list[str]]:
    """Turn a decoded Pillow image into pixels.

    Parameters
    ----------
    image : PIL.Image.Image
        Of any mode, loaded.
    meaning : Meaning, optional
        What its numbers mean; by default what they usually do.

    Returns
    -------
    tuple of ndarray and list of str
        Values in [0, 1] of shape (height, width, channels), straight alpha, no color where alpha
        is 0; and what there is to say about it.

    Raises
    ------
    UnusableValuesError
        When the image holds numbers that are no colors.

    Examples
    --------
    >>> pixels, notes = to_pixels(Image.new("CMYK", (2, 1), (0, 255, 255, 0)))
    >>> pixels[0, 0].tolist(), notes
    ([1.0, 0.0, 0.0], [])
    """
    meaning = meaning or Meaning()
    if meaning.space is not None:
        image.info.pop("icc_profile", None)
    if meaning.profile is not None:
        image.info["icc_profile"] = meaning.profile
    pixels, opacity, notes = _deep(image, meaning) if image.mode in DEEP else _shallow(image, meaning)
    if meaning.space is not None and meaning.space is not SRGB:
        pixels = meaning.space.to_srgb(pixels)
        notes.append(f"colors converted from {meaning.space.name} to sRGB")
    pixels = _with_opacity(pixels, opacity)
    if pixels.shape[-1] == 4 and not pixels[..., 3].any():
        notes.append(NOTHING_SEEN)
    return pixels, notes


def channels_of(image: Image.Image) -> int:
    """Count the channels that an image will have, by its header; 4 where it may have transparency.

    Examples
    --------
    >>> channels_of(Image.new("LA", (1, 1))), channels_of(Image.new("CMYK", (1, 1)))
    (4, 3)
    """
    if image.has_transparency_data:
        return 4
    return 1 if image.mode in ("1", "L", *DEEP) else 3


def _shallow(image: Image.Image, meaning: Meaning) -> tuple[Pixels, Opacity, list[str]]:
    """Everything with 8 bits a sample or fewer."""
    key = image.info.get("transparency")
    plain = _PLAIN.get(image.mode, _as_it_is)(image)
    if meaning.signed:
        pixels, notes = _from_signed(np.asarray(plain).view(np.int8))
        pixels, more = _managed_grey(pixels, plain.info.get("icc_profile"))
        return pixels[..., np.newaxis], None, notes + more
    opacity = _keyed_opacity(plain, key, meaning) if plain.mode in ("L", "RGB") else None
    managed, notes = to_srgb(plain)
    return _fractions(managed), opacity, notes


def _as_it_is(image: Image.Image) -> Image.Image:
    return image


def _from_palette(image: Image.Image) -> Image.Image:
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _to(*modes: str) -> Callable[[Image.Image], Image.Image]:
    """Build a conversion through the given modes, in order."""

    def convert(image: Image.Image) -> Image.Image:
        for mode in modes:
            image = image.convert(mode)
        return image

    return convert


def _from_lab(image: Image.Image) -> Image.Image:
    """Pillow itself cannot convert L*a*b*; its color management can."""
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    if converted is None:
        raise UnusableValuesError("its L*a*b* colors cannot be converted", "save it as RGB")
    converted.info.pop("icc_profile", None)
    return converted


# Modes that are brought to one of L, LA, RGB, RGBA or CMYK first.
_PLAIN: dict[str, Callable[[Image.Image], Image.Image]] = {
    "1": _to("L"),
    "P": _from_palette,
    "PA": _to("RGBA"),
    "La": _to("LA"),
    "RGBa": _to("RGBA"),
    "RGBX": _to("RGB"),
    "YCbCr": _to("RGB"),
    "HSV": _to("RGB"),
    "LAB": _from_lab,
}

# Modes with more than 8 bits a sample: converting them in Pillow would lose levels.
_OVERSHOOT = 0.05
DEEP = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")


def _fractions(image: Image.Image) -> Pixels:
    """8-bit levels to fractions of 255; grey with alpha becomes RGBA."""
    levels = np.asarray(image)
    if image.mode == "LA":
        levels = levels[..., [0, 0, 0, 1]]
    pixels = levels.astype(np.float32)
    pixels /= 255
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels


def _keyed_opacity(image: Image.Image, key: object, meaning: Meaning) -> Opacity:
    """Where the picture is opaque, when its file declares one color transparent."""
    levels, step = np.asarray(image), meaning.step
    if isinstance(key, int) and levels.ndim == 2:
        # Some versions of Pillow have scaled it already for some depths.
        return np.asarray(levels != (key * step if key * step <= 255 else key))
    if isinstance(key, tuple) and levels.ndim == 3 and len(key) == 3:
        if meaning.lower is None:
            return np.asarray((levels != key).any(axis=-1))
        high, low = np.divmod(key, 256)
        return np.asarray((levels != high).any(axis=-1) | (meaning.lower != low).any(axis=-1))
    return None


def _with_opacity(pixels: Pixels, opacity: Opacity) -> Pixels:
    """Add a mask as alpha, and drop the colors that alpha hides."""
    if opacity is not None:
        colors = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
        alpha = opacity[..., np.newaxis].astype(np.float32)
        pixels = np.concatenate([colors, alpha], axis=-1)
    if pixels.shape[-1] == 4:
        pixels[pixels[..., 3] == 0] = 0
    return pixels


def _deep(image: Image.Image, meaning: Meaning) -> tuple[Pixels, Opacity, list[str]]:
    """16-bit, 32-bit and floating point grey, all levels kept."""
    values = np.asarray(image)
    key = image.info.get("transparency")
    opacity = values != key if isinstance(key, int) else None
    notes: list[str] = []
    if image.mode == "F":
        pixels, notes = _from_floats(values)
    elif meaning.signed:
        pixels, notes = _from_signed(values.astype(np.int16))
    else:
        low, high = int(values.min()), int(values.max())
        if low < 0 or high > 65_535:
            why = f"its integers run from {low:,} to {high:,}, but those of a 16-bit picture from 0 to 65,535"
            raise UnusableValuesError(why, "scale them to 0 to 65,535 and save the picture again")
        pixels = values.astype(np.float32)
        pixels /= meaning.white
    pixels = np.clip(1 - pixels if meaning.inverted else pixels, 0, 1)
    pixels, more = _managed_grey(pixels, image.info.get("icc_profile"))
    return pixels[..., np.newaxis], opacity, notes + more


def _managed_grey(pixels: Pixels, profile: object) -> tuple[Pixels, list[str]]:
    """Convert deep grey by a profile, which Pillow applies to 8-bit levels only: by its curve at these."""
    ramp = Image.frombytes("L", (256, 1), bytes(range(256)))
    ramp.info["icc_profile"] = profile
    converted, notes = to_srgb(ramp)
    if converted is not ramp:
        places, values = _knots(np.asarray(converted)[0])
        for row in pixels:  # the interpolation is in double precision, and pictures may be large
            row[:] = np.interp(row, places, values)
    return pixels, notes


def _knots(levels: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points of the curve that a table of 256 rounded levels stands for.

    One for each value, amid the entries that have it: a line through every entry would be flat
    where rounding made neighbours equal, and levels would be lost there.
    """
    starts = np.flatnonzero(np.diff(levels.astype(int), prepend=-1))
    ends = np.append(starts[1:], len(levels)) - 1
    places = (starts + ends) / 2
    places[0], places[-1] = 0, 255
    return places / 255, levels[starts] / 255


def _from_signed(values: NDArray[np.signedinteger[Any]]) -> tuple[Pixels, list[str]]:
    """Take signed samples from the lowest of their type to the highest; from 0 where none is below."""
    kind = np.iinfo(values.dtype)
    black, white = (0 if values.min() >= 0 else int(kind.min)), int(kind.max)
    pixels = values.astype(np.float32)
    pixels -= black
    pixels /= white - black
    return pixels, [f"its samples are signed numbers: {black} was taken for black and {white} for white"]


def _from_floats(values: NDArray[np.float32]) -> tuple[Pixels, list[str]]:
    """Take floats as they are where they lie in [0, 1], nearly so, or else as far as they reach.

    A filter that sharpens goes a little beyond; what lies far beyond has another unit, and what
    white is in that one, nobody knows.
    """
    if not np.isfinite(values).all():
        why = "some of its floating point values are not finite numbers"
        raise UnusableValuesError(why, "scale its values to 0 to 1 and save again")
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 1:
        return values.astype(np.float32), []
    seen = f"its values run from {low:g} to {high:g}"
    if low == high or (low >= -_OVERSHOOT and high <= 1 + _OVERSHOOT):
        return np.clip(values, 0, 1).astype(np.float32), [f"{seen}: what is outside 0 to 1 was cut off"]
    # Halves, as the difference of two large numbers may be none.
    scaled = (values / 2 - low / 2) / (high / 2 - low / 2)
    return scaled.astype(np.float32), [f"{seen}: the lowest was taken for black and the highest for white"]
