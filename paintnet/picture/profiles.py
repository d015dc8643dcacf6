"""Color profiles: every picture is brought to sRGB, the space of screens."""

import io
from typing import Any

import numpy as np
from PIL import Image

from paintnet.files.names import printable

_BROKEN = "its color profile is damaged and was ignored"

# What a profile describes, as its header names it, and the modes of images that it is for.
_MODES = {"RGB": ("RGB", "L"), "GRAY": ("L",), "CMYK": ("CMYK",)}
_WORDS = {"L": "grey", "RGB": "RGB", "CMYK": "CMYK"}


def to_srgb(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Convert an image to sRGB by the profile it carries.

    A profile is judged by what it does to colors: its name may say sRGB where its curves say
    otherwise. Without a profile nothing happens but that CMYK becomes RGB by the plain formula.
    A broken profile is ignored with a note: the colors are then a little off, but they are there.

    Parameters
    ----------
    image : PIL.Image.Image
        Of mode L, LA, RGB, RGBA or CMYK.

    Returns
    -------
    tuple of PIL.Image.Image and list of str
        The image in mode L, LA, RGB or RGBA, and what there is to say about it.

    Examples
    --------
    >>> to_srgb(Image.new("CMYK", (1, 1)))[0].getpixel((0, 0))
    (255, 255, 255)
    """
    profile = image.info.get("icc_profile")
    notes: list[str] = []
    if profile:
        try:
            image, notes = _managed(image, profile)
        except (ImportError, OSError, ValueError, TypeError, AttributeError) as error:
            # Without Pillow's color management an ImportError comes; the others tell of a broken profile.
            notes = [_BROKEN if not isinstance(error, ImportError) else "its color profile was ignored"]
    return (image.convert("RGB") if image.mode == "CMYK" else image), notes


def leaves_alone(image: Image.Image) -> bool:
    """Whether `to_srgb` would change no color of an image, by its header.

    Examples
    --------
    >>> leaves_alone(Image.new("RGB", (1, 1)))
    True
    """
    probe = Image.new(image.mode, (1, 1))
    probe.info["icc_profile"] = image.info.get("icc_profile")
    return to_srgb(probe)[0] is probe


def _managed(image: Image.Image, profile: bytes) -> tuple[Image.Image, list[str]]:
    """Convert by a profile; raises what ImageCms raises when the profile is no use."""
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = " ".join(printable(ImageCms.getProfileDescription(source).strip()).split())[:60]
        space = source.profile.xcolor_space.strip()
        plain = image.mode.removesuffix("A")
        if plain not in _MODES.get(space, ()):
            kind = printable(space).capitalize() if space not in _MODES else _WORDS[_MODES[space][0]]
            return image, [f"its color profile is for {kind}, not for {_WORDS[plain]}, and was ignored"]
        mode = _MODES[space][0]  # grey with a profile for RGB: three equal parts, and grey again
        target = ImageCms.createProfile("sRGB")
        # Greys are converted as a table of 256 levels: exactly, since lcms's own shortcut for them is
        # up to ten levels off where a profile is linear.
        flags = ImageCms.Flags.NOOPTIMIZE if plain == "L" else ImageCms.Flags.HIGHRESPRECALC
        transform = ImageCms.buildTransform(source, target, mode, "RGB", flags=flags)
        if mode != "CMYK" and _is_identity(transform, mode):
            return image, []
        converted = _grey(image, transform, mode) if plain == "L" else _colors(image, transform)
        return converted, [f"colors converted from {name or 'its profile'} to sRGB"]
    except ImageCms.PyCMSError as error:
        raise ValueError(str(error)) from error


def _is_identity(transform: Any, mode: str) -> bool:
    """Whether a transform moves no color by more than one level, which is rounding.

    The many profiles that are sRGB differ in their last digits.
    """
    probe = _greys(mode)
    if mode == "RGB":
        steps = np.linspace(0, 255, 18).astype(np.uint8)
        colors = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
        probe = Image.fromarray(np.concatenate([np.asarray(probe), colors], axis=1))
    wanted = np.asarray(probe.convert("RGB")).astype(int)
    return bool(np.abs(np.asarray(_applied(probe, transform)).astype(int) - wanted).max() <= 1)


def _greys(mode: str) -> Image.Image:
    """Every grey there is, in one row."""
    return Image.frombytes("L", (256, 1), bytes(range(256))).convert(mode)


def _grey(image: Image.Image, transform: Any, mode: str) -> Image.Image:
    """Convert grey by a table, which leaves alpha as it is."""
    table = list(_applied(_greys(mode), transform).convert("L").tobytes())
    return image.point(table + list(range(256)) if image.mode == "LA" else table)


def _colors(image: Image.Image, transform: Any) -> Image.Image:
    """Convert colors; alpha stays as it is."""
    converted = _applied(image.convert("RGB") if image.mode == "RGBA" else image, transform)
    if image.mode == "RGBA":
        converted.putalpha(image.getchannel("A"))
    return converted


def _applied(image: Image.Image, transform: Any) -> Image.Image:
    from PIL import ImageCms

    converted = ImageCms.applyTransform(image, transform)
    if converted is None:
        raise ValueError("the conversion gave no image")
    return converted
