import errno
import io
import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from paintnet.errors import OutputError, SettingsError
from paintnet.files.writing import check_apart, check_output, replacing, write_bytes, write_together
from paintnet.picture import OUTPUT_FORMATS

OLD, NEW = b"old " * 1000, b"new " * 50_000
KNOWN = ".bmp .dzi .jpeg .jpg .png .tif .tiff .webp"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def check(path: Path | str, force: bool = False) -> None:
    check_output(path, force=force, extensions=OUTPUT_FORMATS)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "cat.png"
    path.write_bytes(OLD)
    return path


def test_new_file_gets_the_usual_permissions(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_bytes(tmp_path / "cat.png", NEW)
    finally:
        os.umask(before)
    assert (tmp_path / "cat.png").read_bytes() == NEW
    assert stat.S_IMODE((tmp_path / "cat.png").stat().st_mode) == 0o640
    assert names(tmp_path) == ["cat.png"]


def test_replaced_file_keeps_its_permissions(old: Path) -> None:
    old.chmod(0o604)
    write_bytes(str(old), NEW)
    assert old.read_bytes() == NEW
    assert stat.S_IMODE(old.stat().st_mode) == 0o604


def test_symbolic_link_stays_and_its_target_is_replaced(old: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.png"
    link.symlink_to(old)
    write_bytes(link, NEW)
    assert link.is_symlink()
    assert old.read_bytes() == NEW
    assert names(tmp_path / "elsewhere") == ["link.png"]


def test_dangling_link_gets_its_target(tmp_path: Path) -> None:
    (tmp_path / "link.png").symlink_to(tmp_path / "later.png")
    check(tmp_path / "link.png")
    write_bytes(tmp_path / "link.png", NEW)
    assert (tmp_path / "later.png").read_bytes() == NEW


def test_long_name_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 251 + ".png")
    check(path)
    write_bytes(path, NEW)
    assert names(tmp_path) == [path.name]


def test_fault_19_existing_file_needs_force(old: Path) -> None:
    with pytest.raises(OutputError) as caught:
        check(old)
    assert str(caught.value) == f"{old}: exists already; let it be replaced or choose another name"
    check(old, force=True)


def test_fault_19_output_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"is a folder; give a file name in it$"):
        check(tmp_path, force=True)
    with pytest.raises(OutputError, match=r"is not a regular file"):
        write_bytes(tmp_path, NEW)


def test_fault_19_folder_is_missing(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        check(tmp_path / "no" / "cat.png")
    assert str(caught.value) == (
        f"{tmp_path}/no/cat.png: the folder {tmp_path}/no does not exist; create it first"
    )
    with pytest.raises(OutputError, match=r"its folder does not exist; create the folder first$"):
        write_bytes(tmp_path / "no" / "cat.png", NEW)


def test_fault_19_folder_is_a_file(old: Path) -> None:
    with pytest.raises(
        OutputError, match=r"(cat\.png is a file|its folder is a file); choose another folder$"
    ):
        check(old / "cat.png")


def test_fault_19_folder_is_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    with pytest.raises(OutputError) as caught:
        check(tmp_path / "cat.png")
    assert str(caught.value) == (
        f"{tmp_path}/cat.png: the folder {tmp_path} is not writable;"
        " choose another folder or change its permissions"
    )


def test_fault_19_file_is_write_protected(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, *_, **__: Path(path) != old)
    with pytest.raises(
        OutputError, match=r"is write-protected; choose another name or change its permissions$"
    ):
        check(old, force=True)


@pytest.mark.parametrize(
    ("name", "why"),
    [("cat.gif", "unknown extension '.gif'"), ("cat", "has no extension"), (".png", "has no")],
)
def test_unknown_extension_lists_the_known_ones(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(OutputError) as caught:
        check(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path / name}: {why}")
    assert str(caught.value).endswith(f"; use one of {KNOWN}")


def test_extension_in_capitals_is_known(tmp_path: Path) -> None:
    check(tmp_path / "CAT.PNG")


@pytest.mark.parametrize("name", ["a\0.png", "a" * 300 + ".png"])
def test_impossible_names(tmp_path: Path, name: str) -> None:
    for attempt in (lambda: check(tmp_path / name), lambda: write_bytes(tmp_path / name, NEW)):
        with pytest.raises(OutputError, match=r"choose (another|a shorter) name$"):
            attempt()
    assert names(tmp_path) == []


def test_circle_of_links(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to(tmp_path / "b.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    for attempt in (lambda: check(tmp_path / "a.png"), lambda: write_bytes(tmp_path / "a.png", NEW)):
        with pytest.raises(OutputError, match=r"links run in a circle; choose another name$"):
            attempt()


@pytest.mark.parametrize("device", ["/dev/null", "/dev/full"])
def test_device_is_never_replaced(device: str) -> None:
    before = Path(device).stat()
    with pytest.raises(OutputError, match=r"is not a regular file; give a file name, or - for stdout$"):
        write_bytes(device, NEW)
    with pytest.raises(OutputError, match=r"is not a regular file"):
        check_output(device, force=True, extensions=[""])
    assert stat.S_ISCHR(Path(device).stat().st_mode)
    assert Path(device).stat().st_ino == before.st_ino


@pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_fault_19_and_20_failure_at_any_step_leaves_the_old_file(
    old: Path, monkeypatch: pytest.MonkeyPatch, step: str, fault: BaseException
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(os if step == "fsync" else Path, step, fail)
    expected = KeyboardInterrupt if isinstance(fault, KeyboardInterrupt) else OutputError
    with pytest.raises(expected) as caught:
        write_bytes(old, NEW)
    if expected is OutputError:
        assert str(caught.value) == f"{old}: the disk is full; free some space or choose another disk"
    assert old.read_bytes() == OLD
    assert names(old.parent) == ["cat.png"]


def test_fault_19_file_over_the_size_limit_leaves_the_old_file(old: Path) -> None:
    """A real failure of a write: the system allows this process 100 kB a file."""
    script = (
        "import resource, signal, sys\nfrom paintnet.errors import OutputError\n"
        "from paintnet.files.writing import write_bytes\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n    write_bytes(sys.argv[1], bytes(1_000_000))\n"
        "except OutputError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(old)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(f"{old}: the file grew over the allowed size; ")
    assert old.read_bytes() == OLD
    assert names(old.parent) == ["cat.png"]


@pytest.mark.parametrize(("step", "expected"), [("os.fsync", OLD), ("Path.replace", OLD), ("after", NEW)])
def test_fault_21_kill_at_any_instant_leaves_the_old_file_or_the_new(
    old: Path, step: str, expected: bytes
) -> None:
    script = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom paintnet.files.writing import write_bytes\n"
        "import paintnet.files.writing as writing\n"
        "die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "step = sys.argv[2]\n"
        "if step == 'os.fsync': os.fsync = die\n"
        "if step == 'Path.replace': Path.replace = die\n"
        "if step == 'after': writing._sync_folder = die\n"
        "write_bytes(sys.argv[1], b'new ' * 50_000)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(old), step], check=False)
    assert done.returncode == -signal.SIGKILL
    assert old.read_bytes() == expected


def test_fault_22_many_writers_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    contents = [bytes([65 + index]) * (10_000 + index) for index in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            list(pool.map(lambda data: write_bytes(path, data), contents))
            assert path.read_bytes() in contents
    assert names(tmp_path) == ["cat.png"]


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), ValueError("no bands"), SettingsError("a", "b", "c")])
def test_what_fails_while_it_is_written_is_told_as_it_is(old: Path, fault: BaseException) -> None:
    def write_half() -> None:
        with replacing(old) as file:
            file.write(NEW[:9])
            raise fault

    with pytest.raises(type(fault)) as caught:
        write_half()
    assert caught.value is fault
    assert old.read_bytes() == OLD
    assert names(old.parent) == ["cat.png"]


def test_the_old_file_is_there_until_the_new_one_is_whole(old: Path) -> None:
    with replacing(old) as file:
        file.write(NEW[:9])
        file.flush()
        assert old.read_bytes() == OLD
        file.write(NEW[9:])
    assert old.read_bytes() == NEW


def two_in(folder: Path) -> dict[str, bytes]:
    """An old picture and an old model, and what is to take their places."""
    for name in ("a.png", "b.paintnet"):
        (folder / name).write_bytes(OLD)
    return {str(folder / "a.png"): NEW, str(folder / "b.paintnet"): NEW[::-1]}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_fault_20_a_signal_amid_the_renames_waits_until_all_are_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    contents, real = two_in(tmp_path), Path.replace

    def strike(source: Path, target: Path) -> Path:
        signal.raise_signal(number)
        signal.raise_signal(number)
        return real(source, target)

    monkeypatch.setattr(Path, "replace", strike)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            write_together(contents)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert {str(path): path.read_bytes() for path in tmp_path.iterdir()} == contents


@pytest.mark.parametrize("call", [1, 2])
def test_fault_20_a_signal_before_the_renames_leaves_all_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    contents, calls, real = two_in(tmp_path), [], os.fsync

    def strike(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == call:
            raise KeyboardInterrupt
        real(descriptor)

    monkeypatch.setattr(os, "fsync", strike)
    with pytest.raises(KeyboardInterrupt):
        write_together(contents)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.png": OLD, "b.paintnet": OLD}


@pytest.mark.parametrize("call", [1, 2])
def test_fault_21_kill_before_the_renames_leaves_all_old_and_the_next_run_sweeps(
    tmp_path: Path, call: int
) -> None:
    contents = two_in(tmp_path)
    script = (
        "import os, signal, sys\nfrom paintnet.files.writing import write_together\ncalls = []\n"
        "def die(_):\n"
        "    calls.append(1)\n"
        "    if len(calls) == int(sys.argv[1]): os.kill(os.getpid(), signal.SIGKILL)\n"
        "os.fsync = die\nwrite_together({name: b'new' for name in sys.argv[2:]})\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(call), *contents], check=False)
    assert done.returncode == -signal.SIGKILL
    assert [Path(name).read_bytes() for name in contents] == [OLD, OLD]
    assert len(names(tmp_path)) == 2 + call
    assert write_together(contents) == {}
    assert {str(path): path.read_bytes() for path in tmp_path.iterdir()} == contents


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_what_cannot_be_written_does_not_keep_the_others_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    contents, calls, module = two_in(tmp_path), [], os if step == "fsync" else Path
    real = getattr(module, step)

    def fail_first(*given: object) -> object:
        calls.append(given)
        if len(calls) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*given)

    monkeypatch.setattr(module, step, fail_first)
    failures = write_together({**contents, str(tmp_path / "no" / "c"): NEW})
    assert {Path(path).name: error.why for path, error in failures.items()} == {
        "a.png": "the disk is full",
        "c": "its folder does not exist",
    }
    assert [(tmp_path / name).read_bytes() for name in names(tmp_path)] == [OLD, NEW[::-1]]


def test_what_is_read_is_no_output_under_any_name(old: Path, tmp_path: Path) -> None:
    (tmp_path / "soft.png").symlink_to(old)
    (tmp_path / "hard.png").hardlink_to(old)
    for name in ("cat.png", "../" + tmp_path.name + "/cat.png", "soft.png", "hard.png"):
        output = str(tmp_path / name)
        with pytest.raises(SettingsError) as caught:
            check_apart(["other.png", output], [None, old])
        assert (
            str(caught.value)
            == f"{output}: it would replace {old}, which is read; give the output another name"
        )
    with old.open("rb") as file, pytest.raises(SettingsError, match="replace the file on its input, which"):
        check_apart([str(old)], [file])


def test_what_is_no_file_is_replaced_by_no_output(old: Path) -> None:
    inputs = ["sample:bird", "https://a.example/cat.png", "a\0b", b"cat.png", io.BytesIO(b"cat"), [[0.5]], 1]
    check_apart([str(old), str(old.with_name("new.png")), "a\0c"], inputs)


def test_one_file_is_not_written_twice(old: Path, tmp_path: Path) -> None:
    (tmp_path / "soft.png").symlink_to(old)
    for name in ("cat.png", "soft.png", "./a/../cat.png"):
        with pytest.raises(SettingsError, match=r"^outputs: one file is named twice; give each output "):
            check_apart([str(old), str(tmp_path / name)])
    (tmp_path / "hard.png").hardlink_to(old)
    check_apart([str(old), str(tmp_path / "hard.png")])  # each becomes a file of its own


def test_a_file_that_another_program_has_open_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "bird.png"
    target.write_bytes(b"old")

    def in_use(self: Path, target: object) -> None:
        error = PermissionError(errno.EACCES, "The process cannot access the file")
        error.winerror = 32
        raise error

    monkeypatch.setattr(Path, "replace", in_use)
    with pytest.raises(OutputError) as caught:
        write_bytes(target, b"new")
    assert str(caught.value) == (
        f"{target}: another program has it open; close it there, or choose another name"
    )
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"bird.png": b"old"}
