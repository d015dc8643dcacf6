"""What a package index, a package manager and a citation are told."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from paintnet import __version__
from tests.command_line import environment

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SOURCE = PROJECT["urls"]["Source"]


def test_the_man_page_is_that_of_the_help() -> None:
    script = (
        "import tools.make_man as m; raise SystemExit(m.man_page() != m.PAGE.read_text(encoding='utf-8'))"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment(), check=False)
    assert ended.returncode == 0, "run `make man`"


def test_the_readme_of_a_package_points_to_absolute_addresses() -> None:
    core = pytest.importorskip("hatchling.metadata.core")
    manager = pytest.importorskip("hatchling.plugin.manager")
    text = core.ProjectMetadata(str(ROOT), manager.PluginManager()).core.readme
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    relative = re.findall(r"\]\((?!https?:)([^)]+)\)", readme)
    assert len(relative) > 8
    addresses = re.findall(r"\]\(([^)]+)\)", text)
    assert [address for address in addresses if not address.startswith("https://")] == []
    assert (
        f"![A bird, and a network learning it from a blur]({SOURCE}/raw/v{__version__}/docs/gallery/" in text
    )
    assert f"[docs/lesson.md]({SOURCE}/blob/v{__version__}/docs/lesson.md)" in text
    # Nothing else has changed.
    assert re.sub(r"\]\([^)]+\)", "]", text) == re.sub(r"\]\([^)]+\)", "]", readme)


def test_all_addresses_of_the_project_are_one() -> None:
    assert {url.removeprefix(SOURCE)[:1] for url in PROJECT["urls"].values()} <= {"", "/"}
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"repository-code: {SOURCE}\n" in citation
    assert f"version: {__version__}\n" in citation
    assert f"license: {PROJECT['license']}\n" in citation


def test_every_python_from_the_oldest_is_named() -> None:
    oldest = int(PROJECT["requires-python"].removeprefix(">=3."))
    prefix = "Programming Language :: Python :: 3."
    named = [int(each.removeprefix(prefix)) for each in PROJECT["classifiers"] if each.startswith(prefix)]
    assert named == list(range(oldest, named[-1] + 1))
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    assert f'python: ["3.{oldest}", "3.{named[-1]}"]' in workflow


def test_the_oldest_python_and_dependencies_of_the_makefile_are_those_that_are_promised() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name in ("scikit-learn", "numpy", "scipy"):
        (oldest,) = (each for each in PROJECT["dependencies"] if each.startswith(f"{name}>="))
        assert oldest.replace(">=", "==") in makefile
