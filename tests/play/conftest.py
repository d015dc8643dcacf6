"""One server for the tests of the page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("starlette")

from play_helpers import TOKEN, Visitor
from screen import DESK, Open, Screen

from paintnet.cli.play import command_of
from paintnet.play.server import Server
from tests.browser import launched


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched("--disable-gpu") as browser:
        yield browser


@pytest.fixture
def screen(browser: Any, served: Server) -> Iterator[Open]:
    """Show the page; nothing in it may fail or complain, but for what the test has expected."""
    shown: list[Screen] = []

    def show(address: str = "", **options: Any) -> Screen:
        context = browser.new_context(**(options or DESK))
        shown.append(Screen(context.new_page(), address or served.address))
        return shown[-1]

    yield show
    complaints = [complaint for each in shown for complaint in each.complaints]
    for each in shown:
        each.page.goto("about:blank")  # the page says that it leaves
        each.page.context.close()
    assert not complaints
