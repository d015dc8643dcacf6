"""Which pictures are meant, and which files are none."""

import os
from pathlib import Path

import pytest

from paintnet.errors import SettingsError
from paintnet.fleet.inputs import Input, find_inputs, lines_of
from tests.fleet.fleet_helpers import pictures_in


def found_in(*given: object, **options: object) -> tuple[list[str], dict[str, int]]:
    found = find_inputs(list(map(str, given)), **options)  # type: ignore[arg-type]
    return [each.name for each in found.inputs], dict(found.passed_over)


def test_side_files_and_hidden_ones_are_counted_and_damaged_pictures_are_taken(folder: Path) -> None:
    pictures_in(folder, "in/b.png", "in/a.png", "in/no-extension", "in/below/c.png")
    for name in ("Thumbs.db", "a.xmp", "a.paintnet", ".DS_Store", "._a.png"):
        (folder / "in" / name).write_bytes(b"no picture")
    (folder / "in" / "damaged.JPG").write_bytes(b"")
    os.mkfifo(folder / "in" / "pipe")
    names, passed = found_in("in")
    assert names == ["in/a.png", "in/b.png", "in/damaged.JPG", "in/no-extension"]
    assert passed == {"hidden": 2, "no picture": 4, "a folder below, left out": 1}


def test_folders_below_are_entered_and_remembered_but_the_outputs_are_not(folder: Path) -> None:
    pictures_in(folder, "a.png", "x/y/b.png", "x/.git/c.png", "out/a.painted.png")
    (folder / "x" / "circle").symlink_to(folder)
    found = find_inputs(["."], recursive=True, out_dir=Path("out"))
    assert [(each.name, each.folder) for each in found.inputs] == [("a.png", ""), ("x/y/b.png", "x/y")]
    assert found.passed_over == {"hidden": 1}


def test_patterns_addresses_samples_and_what_is_missing(folder: Path) -> None:
    pictures_in(folder, "a.png", "x/b.png", "[1].png")
    names, passed = found_in(
        "**/*.png", "[1].png", "no*.png", "sample:bird", "https://u:p@example.org/c.png?t=1"
    )
    assert names == ["[1].png", "a.png", "x/b.png", "no*.png", "sample:bird", "https://example.org/c.png?..."]
    assert passed == {"named twice": 1}


def test_a_file_with_any_name_is_a_file(folder: Path) -> None:
    pictures_in(folder, "-", "sample:bird")
    sources = [each.source for each in find_inputs(["."]).inputs]
    assert sources == [Path("-"), Path("sample:bird")]
    assert find_inputs(["sample:bird"]).inputs == [Input("sample:bird")]
    with pytest.raises(SettingsError, match=r"^-: standard input is one picture, and no batch; give files"):
        find_inputs(["-"])


def test_nothing_to_do_says_what_was_passed_over(folder: Path) -> None:
    (folder / "notes.txt").write_text("no picture")
    with pytest.raises(
        SettingsError, match=r"^inputs: there are no pictures \(1 no picture\); give pictures"
    ):
        find_inputs(["notes.txt"])


def test_stems_and_suffixes() -> None:
    given = ["https://example.org/a/cat.JPG?size=1", "sample:china", "x/y.tar.png", "none"]
    found = [each if "://" in each or ":" in each else Path(each) for each in given]
    assert [(Input(each).stem, Input(each).suffix) for each in found] == [
        ("cat", "jpg"),
        ("china", "picture"),
        ("y.tar", "png"),
        ("none", "picture"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_lists_are_read_as_editors_write_them(encoding: str) -> None:
    assert lines_of("ä.png\r\n\r\n# no\r\n b.png ".encode(encoding), "list") == ["ä.png", "b.png"]


def test_a_line_that_is_no_text_is_named() -> None:
    with pytest.raises(
        SettingsError, match=r"^list\.txt line 2: is not text in UTF-8; save the list as UTF-8$"
    ):
        lines_of(b"a.png\n\xe4.png\n", "list.txt")
