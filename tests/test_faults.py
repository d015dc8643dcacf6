"""Every row of the list of faults, end to end: what the command line makes of it.

Always: one `error:` line, no traceback, the exit code, earlier outputs as they were to the byte,
and no temporary file. The number in a test's name is the row's.
"""

import contextlib
import errno
import io
import json
import os
import pickle
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import tracemalloc
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from paintnet import Painter, load
from paintnet.files import download
from paintnet.files.container import Container, encode_container
from paintnet.files.download import DownloadLimits
from paintnet.files.parts import Part
from paintnet.model_parts import LAYOUT
from tests import http_server as web
from tests.command_line import (
    HEIGHT,
    PROGRAM,
    QUICK,
    WIDTH,
    Run,
    Terminal,
    encoded,
    environment,
    levels_of,
    picture_levels,
    run_here,
    run_program,
    snapshot,
)
from tests.http_server import HttpServer

HASTY = DownloadLimits(connect_seconds=0.5, read_seconds=0.5, total_seconds=1, pause_seconds=0.01)
PNG = encoded(Image.fromarray(picture_levels()))
CONVERT = "convert it to PNG, JPEG, WebP, TIFF, BMP, GIF or PPM"


@pytest.fixture
def earlier(folder: Path) -> dict[str, bytes | None]:
    """Outputs of an earlier run, under the names that a new one would take."""
    for name in ("cat.painted.png", "cat.paintnet"):
        (folder / name).write_bytes(b"earlier")
    return snapshot(folder)


def refused(run: Run, earlier: dict[str, bytes | None], *args: object, code: int = 1, **options: Any) -> str:
    """Run a command that fails and leaves everything as it was; gives the error."""
    before = snapshot(Path())
    error = run(*args, **options).failed(code)
    assert snapshot(Path()) == before
    assert before.items() >= earlier.items()
    return error


def fit_refused(
    run: Run, earlier: dict[str, bytes | None], image: object, *options: object, code: int = 1
) -> str:
    return refused(run, earlier, "fit", image, "--force", *QUICK, *options, code=code)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of(width: int, height: int, body: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data", [b"", b"<!DOCTYPE html><p>404", b"<svg xmlns='x'/>"], ids=["empty", "html", "svg"]
)
def test_fault_01_no_image(run: Run, earlier: dict[str, bytes | None], data: bytes) -> None:
    Path("cat.png").write_bytes(data)
    error = fit_refused(run, earlier, "cat.png")
    assert error.startswith("cat.png: not a supported image: it is ")
    assert error.endswith(f"; {CONVERT}")


@pytest.mark.parametrize("kind", ["truncated png", "truncated jpeg", "bad crc"])
def test_fault_02_damaged_image(run: Run, earlier: dict[str, bytes | None], kind: str) -> None:
    data = encoded(Image.fromarray(picture_levels()), "JPEG") if "jpeg" in kind else PNG
    data = PNG[:45] + bytes([PNG[45] ^ 1]) + PNG[46:] if kind == "bad crc" else data[: len(data) * 2 // 3]
    Path("cat.png").write_bytes(data)
    assert fit_refused(run, earlier, "cat.png").startswith("cat.png: damaged image: ")


def test_fault_03_huge_header_is_refused_undecoded(run: Run, earlier: dict[str, bytes | None]) -> None:
    Path("cat.png").write_bytes(png_of(50_000, 50_000, zlib.compress(bytes(100_000))))
    fit_refused(run, earlier, "cat.png")  # once for the imports
    tracemalloc.start()
    error = fit_refused(run, earlier, "cat.png")
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert error.startswith(
        "cat.png: 50000 x 50000 is more than the limit of 50,000,000 pixels; "
        "raise the limit with --max-pixels"
    )
    assert memory < 20e6, "nothing was decoded"


def test_fault_03_limit_is_an_option(run: Run, earlier: dict[str, bytes | None]) -> None:
    Path("cat.png").write_bytes(PNG)
    assert "limit" in fit_refused(run, earlier, "cat.png", "--max-pixels", WIDTH * HEIGHT - 1)
    run("fit", "cat.png", "--force", *QUICK, "--max-pixels", WIDTH * HEIGHT).done()


@pytest.mark.parametrize(
    "data",
    [b"%!PS-Adobe-3.0 EPSF-3.0\n", b"%PDF-1.7\n", b"SIMPLE  =                    T", b"8BPS\0\1" + bytes(40)],
    ids=["eps", "pdf", "fits", "psd"],
)
@pytest.mark.parametrize("name", ["cat.png", "cat.eps", "cat.psd"])
def test_fault_04_other_formats(run: Run, earlier: dict[str, bytes | None], data: bytes, name: str) -> None:
    Path(name).write_bytes(data)
    assert fit_refused(run, earlier, name).startswith(f"{name}: not a supported image")


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 1), (2, 2)], ids=str)
def test_fault_05_smallest_pictures(run: Run, folder: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size, (30, 160, 240)).save("dot.png")
    run("fit", "dot.png").done()
    painted = levels_of(Path("dot.painted.png")).astype(int)
    assert painted.shape == (size[1], size[0], 3)
    assert np.abs(painted - (30, 160, 240)).max() <= 8


@pytest.mark.parametrize(
    "options",
    [[], ["--colors", "3"], ["--threshold", "600"], ["--preset", "tutorial"], ["--palette", "#1ea0f0"]],
)
def test_fault_05_one_single_color_in_classify(run: Run, folder: Path, options: list[str]) -> None:
    Image.new("RGB", (6, 5), (30, 160, 240)).save("flat.png")
    run("fit", "flat.png", "--mode", "classify", *options, "--epochs", "40").done()
    assert (levels_of(Path("flat.painted.png")) == (30, 160, 240)).all()
    assert "#1ea0f0" in run("predict", "--xy", "2,2").done().out


@pytest.mark.parametrize("mode", ["I;16", "CMYK", "LA", "P", "1"])
def test_fault_06_unusual_kinds_of_picture(run: Run, folder: Path, mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(np.linspace(0, 65_535, 192).astype(np.uint16).reshape(12, 16))
    elif mode == "P":
        image = Image.fromarray(picture_levels()).quantize(16)
        image.info["transparency"] = 3
    else:
        image = Image.fromarray(picture_levels()).convert("L" if mode == "LA" else mode)
        if mode == "LA":
            image.putalpha(Image.fromarray(picture_levels()[..., 0]))
    name = "cat.tif" if mode == "CMYK" else "cat.png"
    options = {"transparency": 3} if mode == "P" else {}
    Path(name).write_bytes(encoded(image, "TIFF" if mode == "CMYK" else "PNG", **options))
    run("fit", name, *QUICK).done()
    channels = {"I;16": 1, "1": 1, "CMYK": 3}.get(mode, 4)
    assert run("info", "--json").done().document["channels"] == channels


def test_fault_07_float_tiff_with_nan(run: Run, earlier: dict[str, bytes | None]) -> None:
    values = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    Path("good.tif").write_bytes(encoded(Image.fromarray(values), "TIFF"))
    run("fit", "good.tif", *QUICK, "-o", "good.png").done()
    assert levels_of(Path("good.png")).max() > 100
    values[2, 2] = np.nan
    Path("cat.tif").write_bytes(encoded(Image.fromarray(values), "TIFF"))
    error = fit_refused(run, earlier, "cat.tif")
    assert error.startswith("cat.tif: ")


def test_fault_08_exif_orientation(run: Run, folder: Path) -> None:
    image = Image.fromarray(picture_levels())
    exif = Image.Exif()
    exif[274] = 6
    Path("cat.png").write_bytes(encoded(image, exif=exif))
    run("fit", "cat.png", *QUICK).done()
    painted = levels_of(Path("cat.painted.png")).astype(int)
    assert painted.shape == (WIDTH, HEIGHT, 3)
    assert np.abs(painted - np.rot90(picture_levels(), -1)).mean() < 20


def test_fault_09_animation_of_10_000_frames(run: Run, folder: Path) -> None:
    start = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\x1d\xa1\xf2\xcc\xcc\xcc"
    frame = b"\x21\xf9\x04\0\1\0\0\0" + b"\x2c\0\0\0\0\1\0\1\0\0" + b"\x02\x02\x44\x01\0"
    Path("cat.gif").write_bytes(start + frame * 10_000 + b";")
    outcome = run("fit", "cat.gif").done()
    assert outcome.err == "note: only the first of several frames was read\n"


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "missing", "loop", "below a file", "long"])
def test_fault_10_no_regular_file(run: Run, earlier: dict[str, bytes | None], kind: str) -> None:
    name = "cat.png"
    if kind == "folder":
        Path(name).mkdir()
    elif kind == "pipe":
        os.mkfifo(name)
    elif kind == "device":
        name = "/dev/zero"
    elif kind == "loop":
        Path(name).symlink_to(name)
    elif kind == "below a file":
        name = "cat.paintnet/cat.png"
    elif kind == "long":
        name = "cat" * 100 + ".png"
    # What could block is opened by a process of its own, which is given up after a minute.
    runner = run_program if kind in ("pipe", "device") else run
    assert fit_refused(runner, earlier, name).startswith(f"{name}: ")


def test_fault_10_unreadable(
    run: Run, earlier: dict[str, bytes | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("cat.png").write_bytes(PNG)
    real = os.open

    def deny(path: Any, *args: Any, **options: Any) -> int:  # root may read everything
        if str(path) == "cat.png":
            raise PermissionError(errno.EACCES, "Permission denied", "cat.png")
        return real(path, *args, **options)

    monkeypatch.setattr(os, "open", deny)
    assert fit_refused(run, earlier, "cat.png").startswith("cat.png: no permission to read it")


@pytest.mark.parametrize("command", ["predict", "info", "render"])
def test_fault_10_model_that_is_a_pipe_never_blocks(run: Run, folder: Path, command: str) -> None:
    os.mkfifo("cat.paintnet")
    more = {"predict": ("--xy", "1,1"), "info": (), "render": ("-o", "cat.png")}[command]
    assert run(command, "cat.paintnet", *more).failed().startswith("cat.paintnet: not a regular file")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpServer]:
    """A server on the loopback address, and downloads with little patience."""
    monkeypatch.setattr(download, "DownloadLimits", lambda: HASTY)
    with HttpServer({"/cat.png": web.good(PNG)}) as running:
        yield running


def fetch_refused(
    run: Run, earlier: dict[str, bytes | None], server: HttpServer, page: web.Page, *options: object
) -> str:
    server.pages["/cat.png"] = page
    error = fit_refused(run, earlier, server.url("/cat.png?token=secret"), "--allow-private", *options)
    assert "secret" not in error
    return error


def test_fault_11_refused_connection(run: Run, earlier: dict[str, bytes | None], server: HttpServer) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/cat.png"
        assert "no connection" in fit_refused(run, earlier, url, "--allow-private")


def test_fault_11_no_such_host(
    run: Run, earlier: dict[str, bytes | None], server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    error = fit_refused(run, earlier, "https://no-such-host.invalid/cat.png")
    assert "there is no host no-such-host.invalid" in error


def test_fault_11_404(run: Run, earlier: dict[str, bytes | None], server: HttpServer) -> None:
    assert "404 Not Found" in fetch_refused(run, earlier, server, web.status("404 Nothing here"))


def test_fault_11_503_then_200_is_fine(run: Run, folder: Path, server: HttpServer) -> None:
    server.pages["/cat.png"] = web.one_after_the_other([web.status("503 Busy"), web.good(PNG)])
    document = run("fit", server.url("/cat.png"), "--allow-private", *QUICK, "--json").done().document
    assert document["outputs"] == ["cat.painted.png", "cat.paintnet"]


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (web.dripping_body(), "took longer than 1 seconds"),
        (web.dripping_headers(), "took longer than 1 seconds"),
        (web.short(PNG[:50], len(PNG)), "the transfer ended before the whole file had arrived"),
        (web.redirect("/cat.png"), "more than 5 redirects"),
        (web.gzip_bomb(), "compressed it (gzip)"),
        (web.endless(PNG), "larger than the limit of 2 MB"),
        (web.silent(), "silent for 0.5 seconds"),
    ],
    ids=["dripping body", "dripping header", "short", "loop", "bomb", "endless", "silent"],
)
def test_fault_12_bad_servers(
    run: Run,
    earlier: dict[str, bytes | None],
    server: HttpServer,
    monkeypatch: pytest.MonkeyPatch,
    page: web.Page,
    words: str,
) -> None:
    monkeypatch.setattr(download, "DownloadLimits", lambda: replace(HASTY, max_bytes=2_000_000, tries=1))
    assert words in fetch_refused(run, earlier, server, page)


def test_fault_13_url_to_loopback_is_refused(
    run: Run, earlier: dict[str, bytes | None], server: HttpServer
) -> None:
    error = fit_refused(run, earlier, server.url("/cat.png"))
    assert error.endswith("is a loopback address; allow it with --allow-private")
    assert server.requests == []
    run("fit", server.url("/cat.png"), "--allow-private", "--force", *QUICK).done()


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "http://[::ffff:127.0.0.1]/",
        "http://[ff02::1]/",
        "http://2130706433/",
    ],
)
def test_fault_13_addresses_inside(
    run: Run, earlier: dict[str, bytes | None], server: HttpServer, url: str
) -> None:
    error = fit_refused(run, earlier, url)
    assert "refused, since " in error or "addresses are not supported" in error
    if "10.0.0.1" in url or "2130706433" in url:
        return  # the option that is needed to reach the test's own server lifts these
    error = fetch_refused(run, earlier, server, web.redirect(url))
    assert f"redirected to {url}" in error
    assert "refused, since " in error or "addresses are not supported" in error


def test_fault_14_other_checksum(run: Run, earlier: dict[str, bytes | None], server: HttpServer) -> None:
    error = fetch_refused(run, earlier, server, web.good(PNG), "--sha256", "0" * 64)
    assert f"not the expected {'0' * 64}" in error
    Path("cat.png").write_bytes(PNG)
    assert "SHA-256" in fit_refused(run, earlier, "cat.png", "--sha256", "0" * 64)


class _Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("executed"),)


def _rewritten(
    model: bytes, *, tensors: dict[str, Any] | None = None, document: Any = None, extra: Any = None
) -> bytes:
    """A model with valid checksums, and other tensors in its patch, another document or another part."""
    container = Container(io.BytesIO(model), LAYOUT)
    patch = container.read("patch.0")
    parts = {"patch.0": Part({**patch.tensors, **(tensors or {})}, patch.document), **(extra or {})}
    return b"".join(encode_container(container.document | (document or {}), parts, LAYOUT))


def _newer(model: bytes) -> bytes:
    header_length = struct.unpack_from("<Q", model)[0]
    header = json.loads(model[8 : 8 + header_length])
    document = json.loads(header["__metadata__"]["paintnet"])
    document["format"] = 99
    header["__metadata__"]["paintnet"] = json.dumps(document, sort_keys=True, separators=(",", ":"))
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + model[8 + header_length :]


def _misplaced(model: bytes) -> bytes:
    header_length = struct.unpack_from("<Q", model)[0]
    header = json.loads(model[8 : 8 + header_length])
    for name in header:
        if name != "__metadata__":
            header[name]["data_offsets"][0] += 4
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + model[8 + header_length :]


DAMAGES = {
    "pickle": lambda model: pickle.dumps(_Evil()),
    "empty": lambda model: b"",
    "text": lambda model: b"not a model",
    "huge header": lambda model: struct.pack("<Q", 2**62) + model[8:],
    "misplaced": _misplaced,
    "longer": lambda model: model + b"\0",
    "nan": lambda model: _rewritten(model, tensors={"intercepts.0": np.full(3, np.nan, np.float32)}),
    "shapes": lambda model: _rewritten(model, tensors={"intercepts.0": np.zeros(5, np.float32)}),
    "names": lambda model: _rewritten(model, extra={"patch.7": Part({})}),
    "size": lambda model: _rewritten(model, document={"size": [-5, "x"]}),
    "newer": _newer,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_fault_15_bad_models(run: Run, model: Path, damage: str) -> None:
    Path("bad.paintnet").write_bytes(DAMAGES[damage](model.read_bytes()))
    commands = [("predict", "bad.paintnet", "--xy", "1,1"), ("info", "bad.paintnet")]
    for args in (*commands, ("render", "bad.paintnet", "-o", "bad.png")):
        error = refused(run, {}, *args)
        assert error.startswith("bad.paintnet: ")
    assert not Path("executed").exists()
    assert refused(run, {}, "info", "-", stdin=Path("bad.paintnet").read_bytes()).startswith("stdin: ")
    if damage == "newer":
        assert "written by a newer paintnet (format 99" in error


def test_fault_15_truncated_anywhere_or_any_bit_flipped(run: Run, model: Path) -> None:
    whole = model.read_bytes()
    generator = np.random.default_rng(0)
    places = [0, 7, 8, 9, len(whole) - 1, *generator.integers(0, len(whole), 40)]
    for place in places:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(generator.integers(8))
        for damaged in (whole[:place], bytes(flipped)):
            run("info", "-", stdin=damaged).failed()


@pytest.mark.parametrize("xy", ["5", "a,b", "nan,1"])
def test_fault_16_positions_of_a_wrong_form(run: Run, model: Path, xy: str) -> None:
    error = run("predict", model, "--xy", xy).failed(2)
    assert error.startswith(f"Invalid value for '--xy': '{xy}' is not of the form X,Y")


def test_fault_16_position_outside_is_answered_with_a_note(run: Run, model: Path) -> None:
    outcome = run("predict", model, "--xy", "1000,-5").done()
    assert outcome.out.startswith("1000,-5 -> #")
    assert outcome.err.startswith("note: a position lies outside the picture (16 x 12)")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--layers", "0"], "1 to 63 layers of 1 to 65536 units"),
        (["--layers", "x"], "write 64,64 or 100x10"),
        (["--learning-rate", "0"], "use 0.000000001 to 1,000,000,000"),
        (["--scale", "0"], "it must be above 0 and at most 10,000"),
        (["--size", "0x5"], "each number must be at least 1"),
        (["--size", "100000x100000"], "more than the limit of 50,000,000"),
    ],
    ids=" ".join,
)
def test_fault_17_settings_out_of_range(
    run: Run, earlier: dict[str, bytes | None], options: list[str], words: str
) -> None:
    Path("cat.png").write_bytes(PNG)
    assert words in fit_refused(run, earlier, "cat.png", *options, code=2)


@pytest.mark.parametrize("encoding", ["raw", "fourier", "grid", "pyramid"])
@pytest.mark.parametrize("rate", ["1e8", "1e4"])
def test_fault_18_training_that_runs_away(
    run: Run, earlier: dict[str, bytes | None], encoding: str, rate: str
) -> None:
    Path("cat.png").write_bytes(PNG)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # as the program itself does
        options = ("--encoding", encoding, "--learning-rate", rate, "--epochs", "3")
        error = fit_refused(run, earlier, "cat.png", *options)
    assert error.startswith("training: ")
    assert "lower the " in error


@pytest.mark.parametrize("when", ["write", "fsync", "replace"])
def test_fault_19_disk_full_leaves_the_old_files(
    run: Run, earlier: dict[str, bytes | None], monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    Path("cat.png").write_bytes(PNG)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def opened(path: Path, mode: str = "r", *rest: Any, real: Any = Path.open, **options: Any) -> Any:
        return full() if "x" in mode else real(path, mode, *rest, **options)

    place = {
        "write": (Path, "open", opened),
        "fsync": (os, "fsync", full),
        "replace": (Path, "replace", full),
    }
    monkeypatch.setattr(*place[when])
    error = fit_refused(run, earlier, "cat.png")
    assert "the disk is full; free some space or choose another disk" in error


def test_fault_19_file_size_limit(photo: Path) -> None:
    Path("photo.paintnet").write_bytes(b"earlier")
    before = snapshot(photo.parent)
    outcome = run_program(
        *("fit", photo, *QUICK, "-f", "-m", "photo.paintnet"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
    )
    assert outcome.failed() == (
        "photo.paintnet: the file grew over the allowed size; raise the limit or choose a smaller output"
    )
    assert snapshot(photo.parent) == before


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of 16 KB."""
    disk = folder / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_fault_19_really_full_disk(run: Run, photo: Path, small_disk: Path) -> None:
    old = small_disk / "photo.paintnet"
    old.write_bytes(b"earlier")
    (small_disk / "ballast").write_bytes(bytes(6000))
    before = snapshot(small_disk)
    error = run(
        "fit", photo, "--encoding", "raw", "--layers", "64,64", "--epochs", "300", "-f", "-m", old
    ).failed()
    assert error == f"{old}: the disk is full; free some space or choose another disk"
    assert snapshot(small_disk) == before


@pytest.mark.parametrize("kind", ["read-only folder", "folder as output"])
def test_fault_19_is_told_before_training(
    run: Run, earlier: dict[str, bytes | None], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    Path("cat.png").write_bytes(PNG)
    Path("there.png").mkdir()
    monkeypatch.setattr(Painter, "start", lambda *_: pytest.fail("the training was started"))
    if kind == "folder as output":
        assert fit_refused(run, earlier, "cat.png", "-o", "there.png").startswith("there.png: is a folder")
        return
    real = os.access
    # Root may write everywhere, so the answer of the system is a made one.
    monkeypatch.setattr(os, "access", lambda path, how: not how & os.W_OK and real(path, how))
    assert "is not writable; choose another folder" in fit_refused(run, earlier, "cat.png")


SLOW_SAVE = """
import os, sys, time
from paintnet.cli import main
def slow(_):
    print("saving", file=sys.stderr, flush=True)
    time.sleep(60)
os.fsync = slow
sys.argv[0] = "paintnet"
main()
"""


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        (signal.SIGINT, 130, "interrupted: Ctrl-C; "),
        (signal.SIGTERM, 143, "terminated: SIGTERM; "),
    ],
    ids=["ctrl-c", "sigterm"],
)
@pytest.mark.parametrize("when", ["preparing", "training", "lbfgs", "saving"])
def test_fault_20_signals(photo: Path, number: signal.Signals, code: int, words: str, when: str) -> None:
    for name in ("photo.painted.png", "photo.paintnet"):
        Path(name).write_bytes(b"earlier")
    before = snapshot(photo.parent)
    options = {
        "preparing": ("--for", "enlarging", "-o", "photo.painted.png", "-m", "photo.paintnet"),
        "training": ("--time", "10m"),
        "lbfgs": ("--solver", "lbfgs", "--iterations", "1000000", "--layers", "100x10", "--encoding", "raw"),
        "saving": QUICK,
    }[when]
    program = (sys.executable, "-c", SLOW_SAVE) if when == "saving" else PROGRAM
    source = "sample:china" if when == "preparing" else photo
    with Terminal("fit", source, "--force", *options, program=program) as terminal:
        terminal.wait_for(
            {"preparing": "preparing ", "training": "epoch ", "lbfgs": "learning ", "saving": "saving"}[when]
        )
        if when == "saving":
            assert len(list(photo.parent.glob(".paintnet-*.tmp"))) == 1
        terminal.process.send_signal(number)
        assert terminal.finish() == code
    assert "Traceback" not in terminal.text
    assert terminal.text.count("error:") == 1
    kept = "the files are either all new" if when == "saving" else "what was learned is lost"
    assert f"{words}{kept}" in terminal.text
    assert snapshot(photo.parent) == before


def test_fault_21_kill_while_saving(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("photo.painted.png", "photo.paintnet")
    for name in names:
        Path(name).write_bytes(b"earlier")
    with Terminal("fit", photo, "--force", *QUICK, program=(sys.executable, "-c", SLOW_SAVE)) as terminal:
        terminal.wait_for("saving")
        terminal.process.kill()
        assert terminal.finish() == -signal.SIGKILL
    assert [Path(name).read_bytes() for name in names] == [b"earlier", b"earlier"]
    assert list(photo.parent.glob(".paintnet-*.tmp"))
    run_here(monkeypatch, ("fit", photo, "--force", *QUICK)).done()
    assert load("photo.paintnet").width == WIDTH
    assert not list(photo.parent.glob(".paintnet-*.tmp"))


SIGNAL_AMID_RENAMES = """
import os, signal, sys
from pathlib import Path
from paintnet.cli import main
real = Path.replace
def strike(source, target):
    os.kill(os.getpid(), signal.{name})
    return real(source, target)
Path.replace = strike
sys.argv[0] = "paintnet"
main()
"""


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_fault_20_a_signal_between_picture_and_model(photo: Path, name: str, code: int) -> None:
    for output in ("photo.painted.png", "photo.paintnet"):
        Path(output).write_bytes(b"earlier")
    program = (sys.executable, "-c", SIGNAL_AMID_RENAMES.format(name=name))
    with Terminal("fit", photo, "--force", *QUICK, program=program) as terminal:
        assert terminal.finish() == code
    painting, painted = load("photo.paintnet"), levels_of(Path("photo.painted.png"))
    assert np.array_equal(painted, np.rint(255 * painting.render()).astype(np.uint8))
    assert sorted(snapshot(photo.parent)) == ["photo.painted.png", "photo.paintnet", "photo.png"]


@pytest.mark.parametrize("link", ["none", "symbolic", "hard", "spelling"])
def test_fault_21_an_input_is_no_output(run: Run, photo: Path, untrained: None, link: str) -> None:
    output = {"none": "photo.png", "spelling": "./a/../photo.png"}.get(link, "other.png")
    Path("a").mkdir()
    if link == "symbolic":
        Path(output).symlink_to(photo)
    elif link == "hard":
        Path(output).hardlink_to(photo)
    before, read = (
        snapshot(photo.parent),
        f"it would replace {photo}, which is read; give the output another name",
    )
    for options in (("--animate", output), ("-o", output), ("-o", output, "--animate", "x.gif")):
        for force in ((), ("--force",)):
            assert run("fit", photo, *options, *force).failed(2) == f"{output}: {read}"
    assert run("compare", "sample:bird", photo, "-f", "-o", output).failed(2) == f"{output}: {read}"
    assert snapshot(photo.parent) == before


def test_fault_21_palettes_and_models_are_no_outputs(
    run: Run, photo: Path, model: Path, untrained: None
) -> None:
    Path("colors.png").write_bytes(photo.read_bytes())
    model.rename("model.png")
    Path("link.paintnet").symlink_to("model.png")
    before = snapshot(photo.parent)
    classify = ("fit", photo, "--mode", "classify", "--palette", "colors.png", "-f")
    read = "which is read; give the output another name"
    assert run(*classify, "-o", "colors.png").failed(2) == f"colors.png: it would replace colors.png, {read}"
    for given in (("model.png",), ("link.paintnet",), ()):
        told = run("render", *given, "-f", "-o", "model.png").failed(2)
        name = given[0] if given else "link.paintnet"
        assert told == f"model.png: it would replace {name}, {read}"
    assert snapshot(photo.parent) == before


def test_fault_21_standard_input_is_no_output(photo: Path) -> None:
    before = snapshot(photo.parent)
    with photo.open("rb") as file:
        ended = subprocess.run(
            [*PROGRAM, "fit", "-", "-f", "-o", "photo.png"],
            stdin=file,
            capture_output=True,
            env=environment(),
            timeout=60,
            check=False,
        )
    assert ended.returncode == 2
    assert ended.stderr.startswith(
        b"error: photo.png: it would replace the file on its input, which is read; "
    )
    assert snapshot(photo.parent) == before


def test_fault_21_kill_at_any_instant(model: Path) -> None:
    """A process saves over and over and is killed: the file is always a whole one."""
    old = Path("photo.paintnet").read_bytes()
    script = (
        "import sys; from pathlib import Path; from paintnet.files.writing import write_bytes\n"
        "new = Path('photo.paintnet').read_bytes()[::-1]; print('go', flush=True)\n"
        "while True: write_bytes('photo.paintnet', new)"
    )
    for pause in (0.0, 0.004, 0.01):
        Path("photo.paintnet").write_bytes(old)
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(pause)
        process.kill()
        process.wait()
        process.stdout.close()
        assert Path("photo.paintnet").read_bytes() in (old, old[::-1])


def test_fault_22_two_runs_with_the_same_output(run: Run, photo: Path) -> None:
    runs = [
        subprocess.Popen(
            [*PROGRAM, "fit", str(photo), "--force", *QUICK, "--seed", str(seed), "--json"],
            stdout=subprocess.PIPE,
            env=environment(),
        )
        for seed in (1, 2)
    ]
    for each in runs:
        document = json.loads(each.communicate(timeout=60)[0])
        assert each.returncode == 0
        assert document["outputs"] == ["photo.painted.png", "photo.paintnet"]
    written = {name: Path(name).read_bytes() for name in ("photo.painted.png", "photo.paintnet")}
    alone = []
    for seed in (1, 2):
        run("fit", photo, "--force", *QUICK, "--seed", seed).done()
        alone.append({name: Path(name).read_bytes() for name in written})
    for name, content in written.items():
        assert content in [each[name] for each in alone]
    assert sorted(snapshot(photo.parent)) == ["photo.painted.png", "photo.paintnet", "photo.png"]


@pytest.mark.parametrize("form", ["text", "csv", "json"])
def test_fault_23_stdout_closed_early(model: Path, form: str) -> None:
    Path("many.txt").write_text("".join(f"{x % 16},{x % 12}\n" for x in range(30_000)))
    args = ("predict", "photo.paintnet", "--xy-file", "many.txt", "--format", form)
    with subprocess.Popen(
        [*PROGRAM, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


@pytest.mark.parametrize(
    "args",
    [
        ("info", "--json"),
        ("--help",),
        ("fit", "photo.png", *QUICK, "-o", "-", "-m", "new.paintnet"),
        ("batch", "photo.png", *QUICK, "--out-dir", "out"),
        ("batch", "photo.png", *QUICK, "--out-dir", "out", "--json"),
    ],
    ids=str,
)
def test_fault_23_stdout_closed_before_anything(photo: Path, model: Path, args: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with contextlib.closing(os.fdopen(writing, "wb")) as stdout:
        ended = subprocess.run(
            [*PROGRAM, *args], stdout=stdout, stderr=subprocess.PIPE, env=environment(), check=False
        )
    assert ended.returncode == 0
    assert b"Traceback" not in ended.stderr
    assert b"error" not in ended.stderr
    made = {"fit": "new.paintnet", "batch": "out/photo.paintnet"}.get(args[0])
    assert made is None or load(made).width == WIDTH
