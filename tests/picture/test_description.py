"""Of a large picture the header tells what decoding it would."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from paintnet.errors import PictureError
from paintnet.picture import OpenLimits, description
from paintnet.picture.description import ONLY_ITS_HEADER, describe
from tests.command_line import encoded, picture_levels

RGB = Image.fromarray(picture_levels(30, 20))
DEEP = Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30) * 99)
TURNED = Image.Exif()
TURNED[274] = 6
TURNED_TAG = ImageFileDirectory_v2()
TURNED_TAG[274] = 6
FILES = {
    "one bit": encoded(RGB.convert("1")),
    "grey": encoded(RGB.convert("L")),
    "grey and alpha": encoded(RGB.convert("LA")),
    "palette": encoded(RGB.quantize(8)),
    "palette with a transparent color": encoded(RGB.quantize(8), transparency=3),
    "rgb": encoded(RGB),
    "rgb with a transparent color": encoded(RGB, transparency=(1, 2, 3)),
    "grey with a transparent level": encoded(RGB.convert("L"), transparency=7),
    "rgba": encoded(RGB.convert("RGBA")),
    "deep grey": encoded(DEEP),
    "deep grey TIFF": encoded(DEEP, "TIFF"),
    "jpeg": encoded(RGB, "JPEG"),
    "cmyk": encoded(RGB.convert("CMYK"), "JPEG"),
    "jpeg on its side": encoded(RGB, "JPEG", exif=TURNED),
    "tiff on its side": encoded(RGB, "TIFF", tiffinfo=TURNED_TAG),
    "bmp": encoded(RGB, "BMP"),
    "webp": encoded(RGB, "WEBP"),
    "two frames": encoded(
        RGB.convert("L"), "GIF", save_all=True, append_images=[RGB.convert("L").rotate(180)]
    ),
    "packed tiff": encoded(RGB, "TIFF", compression="tiff_lzw"),
    "deep colors": b"P6 30 20 65535 " + bytes(range(256)) * 14 + bytes(16),
}


@pytest.mark.parametrize("name", FILES)
def test_the_header_tells_what_decoding_does(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = describe(FILES[name])
    monkeypatch.setattr(description, "HELD_PIXELS", 599)
    read = describe(FILES[name])
    assert read == replace(decoded, notes=(*decoded.notes, ONLY_ITS_HEADER))


def test_only_the_header_of_a_large_picture_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    torn = FILES["jpeg"][:-50]
    with pytest.raises(PictureError, match="damaged image"):
        describe(torn)
    monkeypatch.setattr(description, "HELD_PIXELS", 599)
    assert describe(torn).shape == (20, 30, 3)
    with pytest.raises(PictureError, match="more than the limit"):
        describe(torn, OpenLimits(max_pixels=500))
