import hashlib
import io
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paintnet.errors import PictureError, SettingsError
from paintnet.picture import OpenLimits, open_picture
from paintnet.picture.samples import sample_bytes
from tests.picture.picture_helpers import PATTERN, encoded, picture_file


def gif_of(frames: int) -> bytes:
    start = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\x1d\xa1\xf2\xcc\xcc\xcc"
    frame = b"\x21\xf9\x04\0\1\0\0\0" + b"\x2c\0\0\0\0\1\0\1\0\0" + b"\x02\x02\x44\x01\0"
    return start + frame * frames + b";"


def test_path_is_opened_and_named(tmp_path: Path) -> None:
    path = picture_file(tmp_path, encoded(Image.fromarray(PATTERN), "PNG"), "kodim03.png")
    for source in (path, str(path)):
        opened = open_picture(source)
        assert opened.pixels.dtype == np.float32
        assert np.array_equal(np.rint(opened.pixels * 255), PATTERN)
        assert (opened.name, opened.source, opened.notes) == ("kodim03", str(path), ())


def test_stdin_is_read() -> None:
    opened = open_picture("-", stdin=io.BytesIO(encoded(Image.fromarray(PATTERN), "BMP")))
    assert (opened.name, opened.source) == ("stdin", "stdin")
    assert np.array_equal(np.rint(opened.pixels * 255), PATTERN)


def test_dash_without_stdin_is_refused() -> None:
    with pytest.raises(PictureError, match=r"^-: there is no standard input here; give a path or a URL$"):
        open_picture("-")


def test_dash_as_a_path_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    picture_file(tmp_path, encoded(Image.fromarray(PATTERN), "PNG"), "-")
    assert open_picture(Path("-")).pixels.shape == PATTERN.shape


def test_stdin_is_bounded() -> None:
    class Endless(io.RawIOBase):
        asked = 0

        def read(self, size: int = -1) -> bytes:
            assert size >= 0, "an unbounded read of an endless stream"
            self.asked = size
            return bytes(size)

    with pytest.raises(PictureError, match=r"^stdin: is larger than 64 MB: no picture within"):
        open_picture("-", limits=OpenLimits(max_pixels=1), stdin=Endless())


def test_file_longer_than_any_picture_within_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "long.png"
    with path.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(PictureError, match=r"long\.png: is larger than 864 MB: no picture"):
        open_picture(path)


@pytest.mark.parametrize("name", ["png", "jpg", "gif", "webp", "tiff", "bmp", "ppm"])
def test_format_is_told_by_the_bytes_not_by_the_name(tmp_path: Path, name: str) -> None:
    kind = {"jpg": "JPEG"}.get(name, name.upper())
    path = picture_file(tmp_path, encoded(Image.fromarray(PATTERN), kind), "cat.txt")
    assert open_picture(path).pixels.shape == PATTERN.shape


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1)])
def test_fault_05_tiny_pictures(size: tuple[int, int]) -> None:
    data = encoded(Image.new("RGB", size, (29, 161, 242)), "PNG")
    pixels = open_picture("-", stdin=io.BytesIO(data)).pixels
    assert pixels.shape == (size[1], size[0], 3)
    assert (np.rint(pixels * 255) == (29, 161, 242)).all()


def calls_to_open(data: bytes) -> int:
    """How many functions are called while a picture is opened."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        open_picture("-", stdin=io.BytesIO(data))
    finally:
        sys.setprofile(before)
    return calls


def test_fault_09_frames_after_the_first_are_not_walked() -> None:
    opened = open_picture("-", stdin=io.BytesIO(gif_of(10_000)))
    few, many = (calls_to_open(gif_of(frames)) for frames in (10, 10_000))
    assert many < 2 * few
    assert opened.notes == ("only the first of several frames was read",)
    assert np.rint(opened.pixels * 255).tolist() == [[[29, 161, 242]]]


@pytest.mark.parametrize(("name", "words"), [("GIF", "frames"), ("TIFF", "pages")])
@pytest.mark.parametrize("count", [1, 3])
def test_fault_09_first_frame_with_a_note(name: str, words: str, count: int) -> None:
    frames = [Image.new("RGB", (4, 4), (60 * index, 0, 0)) for index in range(count)]
    data = encoded(frames[0], name, save_all=True, append_images=frames[1:])
    opened = open_picture("-", stdin=io.BytesIO(data))
    assert opened.notes == ((f"only the first of several {words} was read",) if count > 1 else ())
    assert not opened.pixels.any()


@pytest.mark.parametrize("name", ["PNG", "WEBP"])
def test_fault_09_other_animations(name: str) -> None:
    frames = [Image.new("RGB", (4, 4), color) for color in ("black", "white", "red")]
    data = encoded(frames[0], name, save_all=True, append_images=frames[1:], duration=50)
    opened = open_picture("-", stdin=io.BytesIO(data))
    assert opened.notes == ("only the first of several frames was read",)
    assert not opened.pixels[..., :3].any()


def test_fault_10_directory(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"is a folder; give one of the pictures in it$"):
        open_picture(tmp_path)


def test_fault_10_missing(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"there is no such file; check its spelling$"):
        open_picture(tmp_path / "cat.png")


def test_fault_10_below_a_file(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"there is no such file"):
        open_picture(picture_file(tmp_path, b"x") / "cat.png")


def test_fault_10_fifo_never_blocks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PictureError, match=r"is a pipe; give - and send the picture to standard input$"):
        open_picture(tmp_path / "pipe")


def test_fault_10_file_that_becomes_a_fifo_never_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = picture_file(tmp_path, b"x")
    seen = path.stat()
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(Path, "stat", lambda self, **_: seen)
    outcome: list[str] = []

    def attempt() -> None:
        try:
            open_picture(path)
        except PictureError as error:
            outcome.append(error.why)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(5)
    assert outcome == ["is a pipe"]


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_fault_10_device(device: str) -> None:
    with pytest.raises(PictureError, match=rf"^{device}: is not a regular file; give a picture file$"):
        open_picture(device)


def test_fault_10_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = picture_file(tmp_path, b"x")
    monkeypatch.setattr(
        os, "open", lambda *_: (_ for _ in ()).throw(PermissionError(13, "Permission denied"))
    )
    with pytest.raises(PictureError, match=r"no permission to read it; change its permissions$"):
        open_picture(path)


def test_control_characters_of_a_name_are_not_shown(tmp_path: Path) -> None:
    with pytest.raises(PictureError) as caught:
        open_picture(tmp_path / "a\x1b[2J\n\udcff\u202e.png")
    assert str(caught.value).isprintable()
    assert "a?[2J???.png: there is no such file" in str(caught.value)


def test_name_with_a_zero_byte() -> None:
    with pytest.raises(PictureError, match=r"^a\?b: (is not a possible file name|there is no such file)"):
        open_picture("a\0b")


def test_fault_14_checksum_that_differs() -> None:
    data = sample_bytes("bird")
    digest = hashlib.sha256(data).hexdigest()
    for source, stdin in (("sample:bird", None), ("-", io.BytesIO(data))):
        assert open_picture(source, limits=OpenLimits(sha256=digest.upper()), stdin=stdin).pixels.any()
    with pytest.raises(PictureError) as caught:
        open_picture("sample:bird", limits=OpenLimits(sha256="0" * 64))
    assert str(caught.value) == (
        f"sample:bird: its SHA-256 is {digest}, not the expected {'0' * 64};"
        " check where it comes from, or the checksum"
    )


@pytest.mark.parametrize("text", ["", "abc", "g" * 64, "0" * 65, "0" * 63 + "\n"])
def test_fault_14_malformed_checksum_is_a_settings_error(text: str) -> None:
    with pytest.raises(SettingsError, match=r"is not a SHA-256 checksum; give its 64 hexadecimal digits"):
        OpenLimits(sha256=text)


def test_pixel_limit_below_one_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match=r"^max pixels 0: a picture has at least 1; give 1 or more$"):
        OpenLimits(max_pixels=0)


@pytest.mark.parametrize("scheme", ["ftp", "file", "gopher"])
def test_fault_13_other_schemes_are_refused(scheme: str) -> None:
    with pytest.raises(
        PictureError, match=rf"^{scheme}://.*: {scheme} addresses are not supported; give a path, or"
    ):
        open_picture(f"{scheme}://ann:secret@example.org/cat.png")


def test_heavy_libraries_are_imported_only_when_needed() -> None:
    script = (
        "import sys, paintnet.picture as p\n"
        "first = [n for n in ('requests', 'sklearn', 'PIL', 'scipy') if n in sys.modules]\n"
        "p.open_picture('sample:bird')\n"
        "print(first, [n for n in ('requests', 'sklearn', 'scipy') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"


def test_open_files_are_closed(tmp_path: Path) -> None:
    path = picture_file(tmp_path, encoded(Image.fromarray(PATTERN), "PNG"))
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir()))
    for _ in range(20):
        open_picture(path)
    assert len(list(descriptors.iterdir())) <= before


@pytest.mark.parametrize("kind", [str, Path])
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ann:SECRET@example.org/cat.png", "...@example.org/cat.png"),
        ("//ann:SECRET@example.org/cat.png", "...@example.org/cat.png"),
        ("example.org/cat.png?token=SECRET", "example.org/cat.png?..."),
    ],
)
def test_fault_30_address_without_a_scheme_is_no_file(kind: type, text: str, shown: str) -> None:
    with pytest.raises(PictureError) as caught:
        open_picture(kind(text))
    assert str(caught.value) == (
        f"{shown}: there is no such file; check its spelling, or begin a URL with https://"
    )


@pytest.mark.parametrize(
    "text", ["data:image/png;base64,SECRET" + "A" * 8000, "DATA:,SECRET", "<data:,SECRET>"]
)
def test_fault_32_data_address_is_refused_by_name(text: str) -> None:
    with pytest.raises(PictureError) as caught:
        open_picture(text)
    scheme = text.strip("<")[:4]
    assert str(caught.value) == (
        f"{scheme}:...: data addresses are not opened; save the picture to a file and give its path"
    )


@pytest.mark.parametrize("text", ["javascript:SECRET", "blob:SECRET", "mailto:SECRET"])
def test_fault_30_addresses_without_slashes_are_refused_by_name(text: str) -> None:
    scheme = text.partition(":")[0]
    with pytest.raises(
        PictureError, match=rf"^{scheme}:\.\.\.: {scheme} addresses are not opened; give a path"
    ):
        open_picture(text)


def test_fault_30_text_that_is_far_too_long_is_not_echoed() -> None:
    with pytest.raises(
        PictureError, match=r"^a name of 9000 characters: cannot be read \(File name too long\)"
    ):
        open_picture("SECRET" * 1500)


def test_file_with_the_name_of_an_address_is_opened_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("ann:b@example.png", "data:,cat.png", "why?a=b.png"):
        picture_file(tmp_path, encoded(Image.fromarray(PATTERN), "PNG"), name)
        assert open_picture(name).source == name
