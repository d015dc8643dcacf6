"""Palettes as artists have them: texts of any editor, files of other programs, pictures."""

import os
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paintnet.dataset.palettes import palette_of, read_palette
from paintnet.errors import SettingsError

COLORS = ("#1da1f2", "#cccccc", "#000000")
GPL = """GIMP Palette
Name: Twitter
Columns: 3
# a comment
 29 161 242\tBlue
204 204 204
  0   0   0 Black as night
"""
JASC = "JASC-PAL\n0100\n3\n29 161 242\n204 204 204\n0 0 0\n"


def file_of(folder: Path, content: bytes | str, name: str = "colors.txt") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refused(path: str | Path) -> str:
    with pytest.raises(SettingsError) as caught:
        read_palette(path)
    return str(caught.value).removeprefix(f"palette {path}: ")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\n\n", "  \r\n\r\n"])
@pytest.mark.parametrize("kind", ["hex", "gpl", "jasc"])
def test_fault_33_text_of_any_editor(tmp_path: Path, encoding: str, ending: str, kind: str) -> None:
    text = {"hex": "; from the web\n#1da1f2\n  ccc \n000000\n", "gpl": GPL, "jasc": JASC}[kind]
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    path = file_of(tmp_path, mark + text.replace("\n", ending).encode(encoding))
    wanted = ("#1da1f2", "ccc", "000000") if kind == "hex" else COLORS
    assert read_palette(path).colors == wanted


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("#fff\nbleu\n", "line 2: 'bleu' is not a color; write colors like #1da1f2 or red"),
        ("#fff\r\n\r\n#12345\r\n", "line 3: '#12345' is not a color; write colors like #1da1f2 or red"),
        (b"#fff\n\xe9t\xe9\n", "line 2: '?t?' is not a color; write colors like #1da1f2 or red"),
        (b"\xff\xfe\x00", "line 1: '?' is not a color; write colors like #1da1f2 or red"),
        ("GIMP Palette\n1 2 300\n", "line 2: '1 2 300' is beyond 255; write colors like #1da1f2 or red"),
        ("GIMP Palette\n1 2\n", "line 2: '1 2' is not a color; write colors like #1da1f2 or red"),
        ("GIMP Palette\nName: none\n", "0 colors; give 1 to 256"),
        ("", "0 colors; give 1 to 256"),
        ("\n\n", "0 colors; give 1 to 256"),
        ("#fff\n" * 257, "257 colors; give 1 to 256"),
        ("#fff\n" * 300_000, "has more than 1 MB; write colors like #1da1f2 or red"),
        (b"\0\1\0\2\0\0", "is damaged; get an intact copy"),
        (
            b"\0\1\0\1" + struct.pack(">5H", 7, 1, 2, 3, 4),
            "color 1 is of the unknown space 7; write colors like #1da1f2 or red",
        ),
        (b"ASEF\0\1\0\0\0\0\0\2", "is damaged; get an intact copy"),
    ],
)
def test_fault_33_file_that_cannot_be_used_is_named_with_its_line(
    tmp_path: Path, content: bytes | str, message: str
) -> None:
    assert refused(file_of(tmp_path, content)).replace("\ufffd", "?") == message


def test_fault_33_no_file(tmp_path: Path) -> None:
    assert refused(tmp_path / "nosuch.txt") == "there is no such file; check its spelling"
    assert refused(tmp_path) == "is not a regular file; give a palette file or a picture"
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe") == "is not a regular file; give a palette file or a picture"


@pytest.mark.parametrize("text", ["nosuch.txt", "palettes/nosuch.gpl", "bleu", "#12345"])
def test_fault_33_what_is_neither_file_nor_color_is_said_to_be(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        palette_of(text)
    assert str(caught.value) == (
        f"palette {text}: there is no such file, nor is it a color;"
        " check the spelling of the file, or write colors like #1da1f2 or red"
    )


def test_what_a_user_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file_of(tmp_path, "#1da1f2\n", "fade")
    assert palette_of("#1da1f2, ccc").colors == ("#1da1f2", " ccc")
    assert palette_of("fff").colors == ("fff",)
    assert palette_of("fade").colors == ("#1da1f2",)
    with pytest.raises(
        SettingsError, match=r"^palette: 'bleu' is not a color; write colors like #1da1f2 or red$"
    ):
        palette_of("#fff,bleu")
    assert len(palette_of(",".join(["#fff"] * 256)).colors) == 256


@pytest.mark.parametrize("name", ["PNG", "GIF", "BMP"])
def test_fault_33_palette_of_a_picture(tmp_path: Path, name: str) -> None:
    image = Image.new("P", (4, 2), 2)
    image.putpalette([0, 0, 0, 204, 204, 204, 29, 161, 242])
    image.putpixel((2, 0), 1)
    image.putpixel((3, 1), 0)
    path = tmp_path / "swatches"
    image.save(path, name)
    assert read_palette(path).colors == COLORS
    assert read_palette(str(path)).notes == ()


def test_fault_33_transparent_pixels_are_no_part_of_a_palette(tmp_path: Path) -> None:
    image = Image.new("RGBA", (3, 1), (9, 9, 9, 0))
    path = tmp_path / "swatches.png"
    image.save(path)
    assert refused(path) == "every pixel of it is transparent; give a picture with colors"
    image.putpixel((1, 0), (29, 161, 242, 255))
    image.save(path)
    assert read_palette(path).colors == ("#1da1f2",)


def test_fault_33_typical_colors_of_a_photograph(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    centers = generator.integers(30, 225, (16, 3))
    noisy = centers[generator.integers(0, 16, (40, 40))] + generator.integers(-2, 3, (40, 40, 3))
    path = tmp_path / "photo.png"
    Image.fromarray(noisy.astype(np.uint8)).save(path)
    palette = read_palette(path)
    found = np.array([[int(color[k : k + 2], 16) for k in (1, 3, 5)] for color in palette.colors])
    assert len(found) == 16
    distances = np.abs(found[:, None] - centers).max(axis=2).min(axis=1)
    assert np.median(distances) <= 2
    (note,) = palette.notes
    assert note.startswith("the palette's picture has ")
    assert note.endswith(" colors: the 16 most typical were taken")


def test_fault_33_damaged_picture_as_a_palette(tmp_path: Path) -> None:
    path = tmp_path / "swatches.png"
    Image.new("RGB", (30, 30)).save(path)
    path.write_bytes(path.read_bytes()[:50])
    assert refused(path).startswith("damaged image: its PNG data cannot be decoded")


def test_fault_33_adobe_color_swatches(tmp_path: Path) -> None:
    def swatch(space: int, *values: int) -> bytes:
        return struct.pack(">5H", space, *values, *(0,) * (4 - len(values)))

    full = 65_535
    swatches = [
        swatch(0, 29 * 257, 161 * 257, 242 * 257),  # RGB
        swatch(1, 0, 0, full * 204 // 255),  # hue, saturation, brightness
        swatch(2, full, full, full, 0),  # CMYK: black alone
        swatch(8, 10_000),  # grey
    ]
    data = struct.pack(">2H", 1, 4) + b"".join(swatches)
    wanted = (*COLORS, "#ffffff")
    assert read_palette(file_of(tmp_path, data, "a.aco")).colors == wanted
    name = struct.pack(">I", 2) + "a\0".encode("utf-16-be")
    second = struct.pack(">2H", 2, 4) + b"".join(each + name for each in swatches)
    assert read_palette(file_of(tmp_path, data + second, "a.aco")).colors == wanted
    assert read_palette(file_of(tmp_path, second, "a.aco")).colors == wanted


def test_fault_33_adobe_swatch_exchange(tmp_path: Path) -> None:
    def block(model: bytes, *values: float) -> bytes:
        name = struct.pack(">H", 2) + "a\0".encode("utf-16-be")
        body = name + model + struct.pack(f">{len(values)}f", *values) + struct.pack(">H", 0)
        return struct.pack(">HI", 1, len(body)) + body

    group = struct.pack(">HIH", 0xC001, 6, 2) + "g\0".encode("utf-16-be") + struct.pack(">HI", 0xC002, 0)
    blocks = block(b"RGB ", 29 / 255, 161 / 255, 242 / 255) + group + block(b"Gray", 0.8)
    blocks += block(b"CMYK", 0, 0, 0, 1)
    data = b"ASEF" + struct.pack(">HHI", 1, 0, 5) + blocks
    assert read_palette(file_of(tmp_path, data, "a.ase")).colors == COLORS
    strange = b"ASEF" + struct.pack(">HHI", 1, 0, 1) + block(b"LAB ", 1, 0, 0)
    assert "block 1 is of the unknown color space LAB" in refused(file_of(tmp_path, strange, "b.ase"))
