"""The action and the container of the repository: what their lines say is there, and the script runs."""

import os
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from paintnet.picture import encode_picture, open_picture
from tests.command_line import environment

ROOT = Path(__file__).parent.parent


def script_of(step: str) -> str:
    """The shell lines of a step of the action."""
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    _, found, rest = text.partition(f"id: {step}\n")
    assert found
    block = re.search(r"      run: \|\n((?:        .*\n|\n)+)", rest)
    assert block
    return textwrap.dedent(block[1])


@pytest.mark.skipif(sys.platform == "win32", reason="the action's steps are for bash")
@pytest.mark.parametrize(("required", "code"), [("", 0), ("10", 0), ("99", 3)])
def test_the_action_paints_and_fails_below_what_is_required(tmp_path: Path, required: str, code: int) -> None:
    (tmp_path / "a folder").mkdir()
    bird = encode_picture(open_picture("sample:bird").pixels[30:60, 30:70], ".png")[0]
    for name in ("one.png", "a folder/two.png"):
        (tmp_path / name).write_bytes(bird)
    given = {
        "PICTURES": "*.png a?folder",
        "OUT_DIR": "out dir",
        "PRESET": "draft",
        "REQUIRE_PSNR": required,
        "ARGUMENTS": "--format webp",
        "GITHUB_OUTPUT": str(tmp_path / "said"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    script = script_of("paint").replace("--workers auto", "--workers 1")
    ended = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=tmp_path,
        env=environment(**given),
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == code, ended.stderr.decode()
    assert sorted(path.name for path in (tmp_path / "out dir").rglob("*.webp"))
    said = dict(line.split("=", 1) for line in (tmp_path / "said").read_text().splitlines())
    assert said.keys() == {"junit", "manifest"}
    assert all((tmp_path / path).is_file() for path in said.values())


def test_no_input_of_the_action_becomes_a_part_of_a_script() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    scripts = re.findall(r"run: \|\n((?:        .*\n|\n)+)", text)
    assert scripts
    assert not any("${{" in script for script in scripts)


def test_the_container_copies_what_is_there_and_runs_without_root() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [
        word for line in lines if re.match(r"COPY (?!--from)", line) for word in shlex.split(line)[1:-1]
    ]
    let_through = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for name in copied:
        assert (ROOT / name).exists(), name
        assert f"!{name}" in let_through
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users
    assert "0" not in users
    assert "root" not in users
    built = re.findall(r'path = "(tools/[^"]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(built) <= set(copied), "what the build itself runs"
