"""The rows of the list of faults that concern pictures, addresses and text files, end to end.

As in test_faults.py, the number in a test's name is the row's.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from paintnet.files import download
from tests import http_server as web
from tests.command_line import QUICK, Run, encoded, picture_levels, snapshot
from tests.http_server import HttpServer
from tests.test_faults import HASTY, PNG


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpServer]:
    monkeypatch.setattr(download, "DownloadLimits", lambda: HASTY)
    with HttpServer({"/cat.png": web.good(PNG)}) as running:
        yield running


SECRET_ADDRESSES = [
    " https://ann:SECRET@host.invalid/cat.png?token=SECRET",
    "<https://ann:SECRET@host.invalid/cat.png?token=SECRET>",
    "https:ann:SECRET@host.invalid/cat.png",
    "ann:SECRET@host.invalid/cat.png?token=SECRET",
    "host.invalid/cat.png?token=SECRET",
    "data:image/png;base64,SECRET",
]


@pytest.mark.parametrize("address", SECRET_ADDRESSES)
@pytest.mark.parametrize(
    "args",
    [
        ("fit",),
        ("show",),
        ("compare", "sample:bird"),
        ("fit", "sample:bird", "more"),
        ("predict", "--xy"),
        ("fit", "sample:bird", "--seed"),
        ("fit", "sample:bird", "--palette"),
        ("fit", "sample:bird", "-o"),
        ("info",),
    ],
    ids=" ".join,
)
def test_fault_30_no_command_shows_a_secret(run: Run, args: tuple[str, ...], address: str) -> None:
    outcome = run(*args, address)
    assert outcome.code in (1, 2)
    assert "SECRET" not in outcome.err + outcome.out


def test_fault_30_nothing_that_is_written_holds_a_secret(run: Run, folder: Path, server: HttpServer) -> None:
    url = server.url("/cat.png?token=SECRET").replace("//", "//ann:SECRET@")
    args = ("--allow-private", *QUICK, "--json", "--report", "cat.html")
    outcome = run("fit", f"<{url}>", *args).done()
    assert outcome.document["source"] == server.url("/cat.png?...")
    assert "SECRET" not in outcome.out + outcome.err
    written = snapshot(folder)
    assert set(written) == {"cat.painted.png", "cat.paintnet", "cat.html"}
    assert all(content is not None and b"SECRET" not in content for content in written.values())


def test_fault_31_what_was_done_to_the_colors_is_a_note(run: Run, folder: Path) -> None:
    image = Image.fromarray(picture_levels())
    Path("pages.tif").write_bytes(encoded(image.resize((4, 3)), "TIFF", save_all=True, append_images=[image]))
    outcome = run("fit", "pages.tif", *QUICK).done()
    assert outcome.err == "note: page 2 of 2, the largest\n"
    assert run("info", "--json").done().document["size"] == [16, 12]


def test_fault_32_hints_cookies_and_redirects_are_served(run: Run, folder: Path, server: HttpServer) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    server.pages["/start"] = lambda talk: talk.send(
        hints,
        web.head("302 Found", Set_Cookie="a=1; Path=/")[:-2] + b"Location: /caf\xe9.png\r\n\r\n",
    )
    server.pages["/caf%E9.png"] = web.one_after_the_other(
        [web.status("429 Wait", Retry_After=0), web.good(PNG, Content_Encoding="binary")]
    )
    run("fit", server.url("/start"), "--allow-private", *QUICK).done()
    assert "Cookie: a=1" in server.requests[-1]


def test_fault_33_palettes_that_artists_have(run: Run, photo: Path) -> None:
    Path("a.gpl").write_bytes(b"GIMP Palette\r\nName: x\r\n#\r\n 29 161 242\tBlue\r\n204 204 204\r\n")
    Path("a.txt").write_bytes("#1da1f2\r\n\r\n#cccccc\r\n".encode("utf-8-sig"))
    swatches = Image.new("RGB", (2, 1), (29, 161, 242))
    swatches.putpixel((1, 0), (204, 204, 204))
    Path("a.png").write_bytes(encoded(swatches))
    for name in ("a.gpl", "a.txt", "a.png"):
        run("fit", photo, "-f", "--mode", "classify", "--palette", name, *QUICK).done()
        assert run("info", "--json").done().document["palette"] == ["#1da1f2", "#cccccc"]


def test_fault_33_palette_of_a_photograph_comes_with_a_note(run: Run, photo: Path) -> None:
    Path("other.png").write_bytes(encoded(Image.fromarray(picture_levels(40, 40))))
    outcome = run("fit", photo, "--mode", "classify", "--palette", "other.png", *QUICK).done()
    assert "note: the palette's picture has 1,600 colors: the 16 most typical were taken" in outcome.err


@pytest.mark.parametrize("name", [b"caf\xe9.png", b"\xff\xfe.png", "café.png".encode()])
def test_fault_33_file_names_that_are_not_utf_8(run: Run, folder: Path, name: bytes) -> None:
    path = Path(os.fsdecode(name))
    path.write_bytes(PNG)
    document = run("fit", path, *QUICK, "--json").done().document
    assert all(Path(each).exists() for each in document["outputs"])
    assert document["source"].isprintable()
