"""From each of Pillow's modes to float32 pixels: grey, RGB or RGBA."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paintnet.errors import number_text
from paintnet.picture.profiles import to_srgb

Pixels = NDArray[np.float32]


class UnusableValuesError(ValueError):
    """The samples of a picture are numbers that are no colors; the text says which."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.why = why
        self.remedy = remedy


def to_pixels(image: Image.Image, step: int = 1, top: int = 65_535) -> tuple[Pixels, list[str]]:
    """Turn a decoded Pillow image into pixels.

    Parameters
    ----------
    image : PIL.Image.Image
        Of any mode, loaded.
    step : int, default=1
        What one unit of the file's own transparent color is worth in the levels of the image:
        above 1 where the file has fewer than 8 bits a sample.
    top : int, default=65535
        The value that means white in an image of 16-bit mode.

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
    if image.mode in _DEEP:
        return _deep(image, top)
    key = image.info.get("transparency")
    plain = _PLAIN.get(image.mode, _as_it_is)(image)
    opacity = _keyed_opacity(plain, key, step) if plain.mode in ("L", "RGB") else None
    managed, notes = to_srgb(plain)
    return _with_opacity(_fractions(managed), opacity), notes


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
_DEEP = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")


def _fractions(image: Image.Image) -> Pixels:
    """8-bit levels to fractions of 255; grey with alpha becomes RGBA."""
    levels = np.asarray(image)
    if image.mode == "LA":
        levels = levels[..., [0, 0, 0, 1]]
    pixels = levels.astype(np.float32)
    pixels /= 255
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels


def _keyed_opacity(image: Image.Image, key: object, step: int) -> NDArray[np.bool_] | None:
    """Where the picture is opaque, when its file declares one color transparent."""
    levels = np.asarray(image)
    if isinstance(key, int) and levels.ndim == 2:
        # Some versions of Pillow have scaled it already for some depths.
        return np.asarray(levels != (key * step if key * step <= 255 else key))
    if isinstance(key, tuple) and levels.ndim == 3 and len(key) == 3:
        # Pillow keeps the upper byte of 16-bit colors but the whole of the transparent one.
        high = [part >> 8 if max(key) > 255 else part for part in key]
        return np.asarray((levels != high).any(axis=-1))
    return None


def _with_opacity(pixels: Pixels, opacity: NDArray[np.bool_] | None) -> Pixels:
    """Add a mask as alpha, and drop the colors that alpha hides."""
    if opacity is not None:
        colors = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
        alpha = opacity[..., np.newaxis].astype(np.float32)
        pixels = np.concatenate([colors, alpha], axis=-1)
    if pixels.shape[-1] == 4:
        pixels[pixels[..., 3] == 0] = 0
    return pixels


def _deep(image: Image.Image, top: int) -> tuple[Pixels, list[str]]:
    """16-bit, 32-bit and floating point grey, all levels kept."""
    values = np.asarray(image)
    key = image.info.get("transparency")
    opacity = values != key if isinstance(key, int) else None
    if image.mode == "F":
        pixels = _checked_floats(values)
    else:
        low, high = int(values.min()), int(values.max())
        if low < 0 or high > 65_535:
            why = f"its integers run from {low:,} to {high:,}, but those of a 16-bit picture from 0 to 65,535"
            raise UnusableValuesError(why, "scale them to 0 to 65,535 and save the picture again")
        pixels = values.astype(np.float32)
        pixels /= top
    notes = (
        ["its color profile was ignored, as for every 16-bit grey picture"]
        if "icc_profile" in image.info
        else []
    )
    return _with_opacity(np.clip(pixels, 0, 1)[..., np.newaxis], opacity), notes


def _checked_floats(values: NDArray[np.float32]) -> Pixels:
    """Floats are used as they are; what white would be in any other range is a guess."""
    remedy = "scale its values to 0 to 1 and save the picture again"
    if not np.isfinite(values).all():
        raise UnusableValuesError("some of its floating point values are not finite numbers", remedy)
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > 1:
        raise UnusableValuesError(
            f"its floating point values run from {number_text(low)} to {number_text(high)}", remedy
        )
    return values.astype(np.float32)
