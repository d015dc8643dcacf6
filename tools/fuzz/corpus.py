"""What mutations start from: Pillow's own test files, and small files made here."""

import io
import struct
import subprocess
import sys
import tarfile
import tempfile
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import tifffile
from PIL import Image

import paintnet
from paintnet.coding.coded import Coded, Shape
from paintnet.coding.layout import Layout
from paintnet.coding.weights import Steps
from paintnet.dataset.classes import Classes
from paintnet.picture.decoding import sniff
from paintnet.smallfile import encode_small

LARGEST_FILE = 300_000
_PATIENCE = 1_800
_ROWS = 278  # of a strip


def pillow_files(folder: Path) -> list[Path]:
    """Find the files of Pillow's test folder, fetched with its source package where they are not there.

    Parameters
    ----------
    folder : Path
        Where the package is kept.

    Returns
    -------
    list of Path
        Empty where pip cannot fetch the package.
    """
    tests = folder / f"pillow-{PIL.__version__}" / "Tests"
    if not tests.exists():
        package = f"pillow=={PIL.__version__}"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "pillow"]
        try:
            subprocess.run([*command, package, "-d", str(folder)], check=True, timeout=_PATIENCE)
        except (subprocess.SubprocessError, OSError):
            return []
        with tarfile.open(folder / f"pillow-{PIL.__version__}.tar.gz") as archive:
            wanted = [each for each in archive.getmembers() if "/Tests/" in each.name]
            archive.extractall(folder, wanted, filter="data")
    return sorted(path for path in tests.rglob("*") if path.is_file())


def picture_seeds(files: list[Path]) -> list[bytes]:
    """Small files that begin like a picture that is read, after those made here."""
    found = [path.read_bytes() for path in files if path.stat().st_size <= LARGEST_FILE]
    return _own_pictures() + [data for data in found if sniff(data) is not None]


def model_seeds() -> list[bytes]:
    """One small painting for each way to learn, and one that is large enough to be packed."""
    across, down = np.meshgrid(np.linspace(0.1, 0.9, 11), np.linspace(0.2, 0.8, 9))
    pixels = np.stack([across, down, 1 - across, down], axis=-1).astype(np.float32)
    kinds = (
        {"encoding": "raw", "layers": (8,)},
        {"encoding": "fourier", "layers": (8,)},
        {"encoding": "grid"},
        {"mode": "classify", "classes": Classes(colors=3)},
        {"encoding": "grid", "epochs": 5},
    )
    large = np.tile(pixels, (4, 4, 1))
    models = []
    with tempfile.TemporaryDirectory() as folder:
        for channels, kind in zip((1, 3, 4, 3, 3), kinds, strict=True):
            path = Path(folder) / "a.paintnet"
            picture = large if "epochs" in kind else pixels
            settings = {"epochs": 200, **kind}
            painting = paintnet.fit(picture[..., :channels], preset="draft", seed=0, **settings)
            painting.save(path)
            models.append(path.read_bytes())
            path.unlink()
    return models


def small_seeds() -> list[bytes]:
    """Paintings in whole numbers, of one a level up to thousands, as expected or far from it."""
    files = []
    for width, height, channels, spread in ((1, 1, 1, 1), (13, 9, 3, 1), (40, 30, 4, 6), (3, 60, 3, 9000)):
        random = np.random.default_rng(width)
        layout = Layout(width, height, (1, 2, 8))
        flat = np.zeros(layout.size)
        for level in range(layout.n_levels):
            view = layout.view(flat, level)
            view[...] = random.integers(-spread, spread + 1, view.shape) * random.integers(0, 2, view.shape)
        shape = Shape(layout, channels, (4, 3), (5, 6))
        groups = [Steps(random.integers(-9, 10, prod(each)), 5) for each in shape.all]
        files.append(encode_small(width, height, Coded(shape, groups, flat)))
    return files


def palette_seeds() -> list[bytes]:
    """Every kind of palette that is read."""
    picture = _encoded(Image.new("RGB", (4, 4), (29, 161, 242)), "PNG")
    swatch = struct.pack(">2H", 1, 2) + struct.pack(">5H", 0, 9, 9, 9, 0) + struct.pack(">5H", 8, 9, 0, 0, 0)
    color = b"\0\1\0\0RGB " + struct.pack(">3fH", 0, 1, 0, 0)
    block = struct.pack(">HI", 1, len(color)) + color
    exchange = b"ASEF" + struct.pack(">HHI", 1, 0, 1) + block
    texts = ("#1da1f2\nccc\n\n; a comment\n000000\n", "GIMP Palette\nName: x\n#\n 1 2 3\tred\n4 5 6\n")
    jasc = "JASC-PAL\r\n0100\r\n2\r\n1 2 3\r\n4 5 6\r\n"
    plain = [text.encode(name) for text in (*texts, jasc) for name in ("utf-8", "utf-8-sig", "utf-16")]
    return [*plain, picture, swatch, exchange]


def position_seeds() -> list[bytes]:
    """Files of positions, in the forms that are read."""
    text = "1,1\n2 3\n# a comment\n\n-1e3,0.5\n"
    return [text.encode(name) for name in ("utf-8", "utf-8-sig", "utf-16", "utf-32")]


def answer_seeds() -> list[bytes]:
    """What servers send: whole, in chunks, packed, elsewhere, later, and with what comes before."""
    body = _encoded(Image.new("L", (3, 3), 200), "PNG")
    size = b"Content-Length: %d\r\n" % len(body)
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    return [
        b"HTTP/1.1 200 OK\r\n" + size + b"Content-Type: image/png\r\n\r\n" + body,
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 203 Changed\r\n" + size + b"\r\n" + body,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n" + size + b"\r\n" + body,
        b"HTTP/1.1 302 Found\r\nLocation: /caf\xe9?a=b\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nLocation: http://ann:secret@127.0.0.1/\r\n\r\n",
        b"HTTP/1.1 429 Wait\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 404 Gone\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + body,
    ]


def _own_pictures() -> list[bytes]:
    """A small picture in every format and mode that can be written."""
    pattern = np.random.default_rng(1).integers(0, 256, (7, 9, 4), dtype=np.uint8)
    rgba = Image.fromarray(pattern)
    modes = {
        "PNG": ("RGB", "RGBA", "L", "LA", "P", "1", "I;16"),
        "JPEG": ("RGB", "L", "CMYK"),
        "WEBP": ("RGB", "RGBA"),
        "TIFF": ("RGB", "RGBA", "L", "LA", "P", "1", "I;16", "F", "CMYK", "LAB"),
        "BMP": ("RGB", "L", "P", "1"),
        "GIF": ("RGB", "P"),
        "PPM": ("RGB", "L", "1", "F"),
    }
    deep = {
        "I;16": Image.fromarray(pattern[..., 0].astype(np.uint16) * 257),
        "F": Image.fromarray(pattern[..., 0].astype(np.float32)),
        "LAB": Image.new("LAB", (7, 9), (99, 128, 128)),
    }
    files = []
    for name, kinds in modes.items():
        for mode in kinds:
            files.append(_encoded(deep[mode] if mode in deep else rgba.convert("RGB").convert(mode), name))
    return files


def tile_seeds() -> list[bytes]:
    """TIFFs of several tiles or strips, in the ways to pack them that are read tile by tile."""
    levels = np.random.default_rng(2).integers(0, 256, (37, 53, 4), dtype=np.uint8)
    levels[8:30, 5:40] = 77  # something to pack
    rgb, grey, deep = levels[..., :3], levels[..., 0], levels[..., 0].astype(np.uint16) * 257
    tiles: list[tuple[np.ndarray, dict[str, Any]]] = [
        (rgb, {"photometric": "rgb"}),
        (rgb, {"photometric": "rgb", "compression": "zlib"}),
        (rgb, {"photometric": "rgb", "compression": "zlib", "predictor": True, "byteorder": ">"}),
        (rgb, {"photometric": "rgb", "bigtiff": True}),
        (rgb, {"photometric": "rgb", "tile": None, "rowsperstrip": 8}),
        (levels, {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
        (grey, {"photometric": "minisblack"}),
        (deep, {"photometric": "minisblack"}),
        (levels.astype(np.uint16) * 257, {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
        (rgb.astype(np.uint16) * 251, {"photometric": "rgb", "compression": "zlib", "predictor": True}),
    ]
    strips: list[tuple[Image.Image, dict[str, Any]]] = [
        (Image.fromarray(rgb), {"compression": "tiff_lzw"}),
        (Image.fromarray(rgb), {"compression": "jpeg", "strip": 16}),
        (Image.fromarray(rgb).convert("CMYK"), {"compression": "packbits"}),
        (Image.fromarray(rgb).convert("YCbCr"), {"compression": "tiff_adobe_deflate"}),
        (Image.fromarray(grey).convert("1"), {"compression": "group4"}),
        (Image.fromarray(grey).convert("LA"), {}),
    ]
    files = []
    for array, given in tiles:
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, array, **{"tile": (16, 16), **given})
        files.append(buffer.getvalue())
    for image, given in strips:
        files.append(_encoded(image, "TIFF", tiffinfo={_ROWS: given.pop("strip", 7)}, **given))
    return files


def _encoded(image: Image.Image, name: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=name, **options)
    return buffer.getvalue()
