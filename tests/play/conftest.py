"""One server for the tests of the page."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("starlette")

from play_helpers import TOKEN, Visitor

from paintnet.cli.play import command_of
from paintnet.play.server import Server


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("served")
    with Server("sample:bird", command_line=command_of, folder=folder, token=TOKEN) as server:
        server.folder = folder  # type: ignore[attr-defined]
        yield server


@pytest.fixture
def visitor(served: Server) -> Iterator[Visitor]:
    with Visitor(served.address) as found:
        yield found


@pytest.fixture
def folder_of(served: Server) -> Path:
    return served.folder  # type: ignore[attr-defined, no-any-return]
