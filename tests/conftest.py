"""What tests of the command line share: a folder of their own, a picture and a painting in it."""

import contextlib
import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from PIL import Image
from threadpoolctl import threadpool_limits

from paintnet import Painter
from paintnet.engine import code_cache
from tests import http_server as web
from tests.command_line import (
    PROGRAM,
    QUICK,
    Outcome,
    Run,
    encoded,
    environment,
    picture_levels,
    run_here,
)
from tests.http_server import HttpServer
from tests.picture.picture_helpers import BIRD

# A busy machine is slow now and then, which says nothing about the code.
hypothesis.settings.register_profile("paintnet", deadline=None)
hypothesis.settings.load_profile("paintnet")

# A shell lets what it starts in the background ignore Ctrl-C, and so would the programs that are tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Refuse parameters of a set: each process of the tests would collect them in an order of its own."""
    for mark in metafunc.definition.iter_markers("parametrize"):
        for values in (*mark.args, *mark.kwargs.values()):
            if isinstance(values, set | frozenset):
                raise pytest.UsageError(
                    f"{metafunc.definition.nodeid}: sort the parameters, a set has no order"
                )


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tester's proxy has no part in what is tested."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: empty."""
    monkeypatch.chdir(tmp_path)
    for name in ("PAINTNET_DEBUG", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in this process and in that folder; no temporary file may be left."""

    def call(*args: object, stdin: bytes = b"") -> Outcome:
        outcome = run_here(monkeypatch, args, stdin)
        assert not list(folder.rglob(".paintnet-*")), outcome
        return outcome

    return call


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever starts to train fails."""

    def start(*_: object) -> None:
        raise AssertionError("the training was started")

    monkeypatch.setattr(Painter, "start", start)


@pytest.fixture
def photo(folder: Path) -> Path:
    """A little picture in the current folder."""
    path = folder / "photo.png"
    path.write_bytes(encoded(Image.fromarray(picture_levels())))
    return path


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Model files of the little picture, trained once."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "photo.png").write_bytes(encoded(Image.fromarray(picture_levels())))
    models = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, options in {"regress": (), "classify": ("--mode", "classify", "--threshold", 380)}.items():
            run_here(patch, ("fit", "photo.png", *QUICK, *options, "-o", f"{name}.paintnet")).done()
            models[name] = (folder / f"{name}.paintnet").read_bytes()
    return models


@pytest.fixture
def model(folder: Path, trained: dict[str, bytes]) -> Path:
    """A regress painting in the current folder."""
    path = folder / "photo.paintnet"
    path.write_bytes(trained["regress"])
    return path


@pytest.fixture
def classified(folder: Path, trained: dict[str, bytes]) -> Path:
    """A classify painting in the current folder."""
    path = folder / "classes.paintnet"
    path.write_bytes(trained["classify"])
    return path


@pytest.fixture(scope="session")
def compiled_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the user's cache folder, in which both kernels have been compiled; to be read only.

    To compile takes half a minute of two cores, so all processes of the tests do it once.
    """
    with (tmp_path_factory.getbasetemp().parent / "compiling").open("w") as lock:
        with contextlib.suppress(ImportError):  # not every system has it
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        ended = subprocess.run(
            [*PROGRAM, "warm", "--json"],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    kept = Path(json.loads(ended.stdout)["folder"])
    cache = tmp_path_factory.mktemp("cache")
    for each in (kept, code_cache.kept_code(code_cache.RATE_KERNEL)):
        assert each is not None
        shutil.copytree(each, cache / "paintnet" / each.name)
    return cache


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer({"/bird.png": web.good(BIRD)}) as running:
        yield running


@pytest.fixture(autouse=True, scope="session")
def _one_blas_thread() -> Iterator[None]:
    """On a busy machine, threads that wait for each other slow a small network tenfold."""
    import sklearn.neural_network  # noqa: F401 - loads every library that has threads to limit

    with threadpool_limits(1):
        yield
