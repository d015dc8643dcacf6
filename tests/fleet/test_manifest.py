"""What a manifest keeps, whatever happens to it."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from paintnet.errors import OutputError
from paintnet.fleet.manifest import Manifest


def line(name: str, state: str = "done", **given: Any) -> dict[str, Any]:
    return {"state": state, "input": f"/{name}", "key": "k", "outputs": [{"path": name, "bytes": 1}], **given}


def known(folder: Path) -> dict[str, str]:
    manifest = Manifest(folder)
    manifest.refresh()
    return {path: row.state for path, row in manifest.latest.items()}


def test_the_last_line_about_an_output_counts(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    manifest.refresh()
    assert manifest.latest == {}
    for each in (line("a", "begun"), line("b", "begun"), line("a"), line("b", "failed")):
        manifest.append(each)
    assert known(tmp_path) == {"a": "done", "b": "failed"}


def test_torn_at_any_byte_the_whole_lines_are_used_and_the_next_one_is_whole(tmp_path: Path) -> None:
    for name in "ab":
        Manifest(tmp_path).append(line(name))
    path = tmp_path / "manifest.jsonl"
    content = path.read_bytes()
    first = content.index(b"\n")
    for end in range(len(content) + 1):
        path.write_bytes(content[:end])
        # A line is whole without its end too.
        whole = {name: "done" for name, least in (("a", first), ("b", len(content) - 1)) if end >= least}
        assert known(tmp_path) == whole
        Manifest(tmp_path).append(line("c"))
        assert known(tmp_path) == {**whole, "c": "done"}


@pytest.mark.parametrize(
    "strange",
    [
        b"\xff\xfe",
        b"[" * 100_000,
        b"null",
        b"[]",
        b'{"state": "done"}',
        json.dumps(line("a", "odd")).encode(),
        json.dumps(line("a", key=5)).encode(),
        json.dumps(line("a", sha256=[])).encode(),
        json.dumps(line("a", outputs=[{"path": [], "bytes": 1}])).encode(),
        json.dumps(line("a", outputs=[{"path": "a", "bytes": True}])).encode(),
        json.dumps(line("a", outputs={"path": "a"})).encode(),
        json.dumps(line("a", seconds="long")).encode(),
        json.dumps(line("a", psnr=float("nan"))).encode(),
        json.dumps(line("a", source=7)).encode(),
    ],
)
def test_what_a_run_could_not_have_written_is_left_out(tmp_path: Path, strange: bytes) -> None:
    (tmp_path / "manifest.jsonl").write_bytes(strange + b"\n")
    Manifest(tmp_path).append(line("b"))
    assert known(tmp_path) == {"b": "done"}


def test_names_that_are_no_text_come_back(tmp_path: Path) -> None:
    Manifest(tmp_path).append(line("\udce4.png"))
    assert known(tmp_path) == {"\udce4.png": "done"}


def test_lines_of_others_are_seen_and_a_rewritten_file_is_read_again(tmp_path: Path) -> None:
    manifest, other = Manifest(tmp_path), Manifest(tmp_path)
    manifest.append(line("a"))
    manifest.refresh()
    other.append(line("b"))
    manifest.refresh()
    assert set(manifest.latest) == {"a", "b"}
    manifest.path.write_bytes(b"")
    manifest.refresh()
    assert manifest.latest == {}


def test_many_writers_tear_no_line(tmp_path: Path) -> None:
    def write(number: int) -> None:
        for turn in range(20):
            Manifest(tmp_path).append(line(f"{number}-{turn}", notes=["x" * 5000]))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(known(tmp_path)) == 80


def test_a_manifest_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").mkdir()
    for use in (Manifest(tmp_path).refresh, lambda: Manifest(tmp_path).append(line("a"))):
        with pytest.raises(
            OutputError, match=r"manifest\.jsonl: cannot be read or written \(Is a directory\); "
        ):
            use()
