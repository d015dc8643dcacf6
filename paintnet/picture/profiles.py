"""Color profiles: every picture is brought to sRGB, the space of screens."""

import io

from PIL import Image

from paintnet.files.names import printable

_BROKEN = "its color profile is damaged and was ignored"


def to_srgb(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Convert an image to sRGB by the profile it carries.

    Without a profile nothing happens but that CMYK becomes RGB by the plain formula. A broken
    profile is ignored with a note: the colors are then a little off, but they are there.

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


def _managed(image: Image.Image, profile: bytes) -> tuple[Image.Image, list[str]]:
    """Convert by a profile; raises what ImageCms raises when the profile is no use."""
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = " ".join(printable(ImageCms.getProfileDescription(source).strip()).split())[:60]
        if name.lower().startswith("srgb") and image.mode != "CMYK":
            return image, []  # converting sRGB to itself would only add rounding errors
        return _transformed(image, source), [f"colors converted from {name or 'its profile'} to sRGB"]
    except ImageCms.PyCMSError as error:
        raise ValueError(str(error)) from error


def _transformed(image: Image.Image, source: object) -> Image.Image:
    """Run the conversion; grey stays grey, alpha stays as it is."""
    from PIL import ImageCms

    colors = image.convert(image.mode.removesuffix("A")) if image.mode.endswith("A") else image
    transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), colors.mode, "RGB")  # type: ignore[arg-type]
    converted = ImageCms.applyTransform(colors, transform)
    if converted is None:
        raise ValueError("the conversion gave no image")
    if colors.mode == "L":
        converted = converted.convert("L")
    if image.mode.endswith("A"):
        converted.putalpha(image.getchannel("A"))
    return converted
