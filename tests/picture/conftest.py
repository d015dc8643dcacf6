from collections.abc import Iterator

import pytest

from tests import http_server as web
from tests.http_server import HttpServer
from tests.picture.picture_helpers import BIRD


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer({"/bird.png": web.good(BIRD)}) as running:
        yield running
