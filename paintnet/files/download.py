"""A guarded download: only the web, only public addresses, never too long, never too much."""

import datetime
import email.utils
import http
import http.client
import os
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.cookies import RequestsCookieJar

from paintnet._version import __version__
from paintnet.errors import DownloadError
from paintnet.files.addresses import is_liftable
from paintnet.files.connection import (
    Connection,
    ConnectionAdapter,
    NoSuchHostError,
    NotConnectedError,
    NoThreadError,
    RefusedAddressError,
    TimeIsUpError,
)
from paintnet.files.names import printable, printable_url
from paintnet.files.proxies import ASKS_WHO_IT_IS, Proxy, UnusableProxyError, place_of, proxy_for, refusal_of

_CHUNK = 65_536
_PASSING_STATUS = (408, 425, 429, 502, 503, 504)
_GOOD_STATUS = (200, 203)
# RFC 9110, section 8.4.1, and what was registered since; anything else in that header packs nothing.
_PACKINGS = ("gzip", "x-gzip", "br", "deflate", "zstd", "compress", "x-compress", "dcb", "dcz", "exi")
_REDIRECTS = (301, 302, 303, 307, 308)
_ELSEWHERE = "check the URL, or download it with a browser and give the path"
_LATER = "try again later"


@dataclass(frozen=True)
class DownloadLimits:
    """How long a download may take and how much it may fetch.

    Parameters
    ----------
    connect_seconds : float, default=5
        For a connection to be made.
    read_seconds : float, default=15
        For which a server may be silent.
    total_seconds : float, default=60
        For everything: redirects, tries and pauses included.
    max_bytes : int, default=50_000_000
        The largest body.
    max_redirects : int, default=5
        How often a server may send elsewhere.
    tries : int, default=3
        How often a passing failure is met with a new try.
    pause_seconds : float, default=0.5
        Before the second try; each further pause is twice as long.
    """

    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    total_seconds: float = 60.0
    max_bytes: int = 50_000_000
    max_redirects: int = 5
    tries: int = 3
    pause_seconds: float = 0.5


@dataclass(frozen=True)
class _Hop:
    """One URL on the way to the picture, and what it is fetched with."""

    url: str
    what: str  # its name in messages
    connection: Connection
    adapter: ConnectionAdapter
    limits: DownloadLimits
    cookies: RequestsCookieJar  # those of this download alone, each for the host that set it

    def failure(self, why: str, remedy: str) -> DownloadError:
        return DownloadError(self.what, why, remedy)


class _Passing(Exception):
    """A failure that may be gone the next time."""

    def __init__(self, failure: DownloadError, pause: float | None = None) -> None:
        super().__init__(failure)
        self.failure = failure
        self.pause = pause


def download(url: str, *, allow_private: bool = False, limits: DownloadLimits | None = None) -> bytes:
    """Fetch a URL.

    ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` are honoured; what a proxy is
    asked for is looked up and checked here first, as if there were none. ``REQUESTS_CA_BUNDLE``
    and ``SSL_CERT_FILE`` are honoured.

    Parameters
    ----------
    url : str
        http or https.
    allow_private : bool, default=False
        Whether private and loopback addresses are allowed.
    limits : DownloadLimits, optional
        Time, size, redirects and tries; the defaults of :class:`DownloadLimits`.

    Returns
    -------
    bytes
        The whole body.

    Raises
    ------
    DownloadError
        When it cannot be fetched or must not be.

    Examples
    --------
    >>> download("http://127.0.0.1/a.png")
    Traceback (most recent call last):
    paintnet.errors.DownloadError: http://127.0.0.1/a.png: refused, since 127.0.0.1 is a loopback address; ...
    """
    limits = limits or DownloadLimits()
    try:
        with (
            Connection(limits.total_seconds, allow_private=allow_private) as connection,
            closing(ConnectionAdapter(connection)) as adapter,
        ):
            hop = _Hop(url, printable_url(url), connection, adapter, limits, RequestsCookieJar())
            return _follow(hop)
    except TimeIsUpError as error:
        why = f"took longer than {limits.total_seconds:g} seconds"
        raise DownloadError(printable_url(url), why, _LATER) from error
    except NoThreadError as error:
        why = "the system has no room for another thread"
        raise DownloadError(printable_url(url), why, "end other programs and try again") from error
    except DownloadError as error:
        raise error from None  # what the libraries below say quotes the whole URL, secrets and all


def _follow(hop: _Hop) -> bytes:
    """Follow redirects by hand, so that each goes through the same checks as the first URL."""
    start = hop
    for _ in range(hop.limits.max_redirects + 1):
        _check_url(hop)
        body, target = _retry(hop)
        if target is None:
            return body
        try:
            url = urljoin(hop.url, target)
        except ValueError as error:  # brackets that hold no address
            raise start.failure("it redirects to what is not a URL", _ELSEWHERE) from error
        hop = replace(start, url=url, what=f"{start.what} (redirected to {printable_url(url)})")
    raise start.failure(f"more than {start.limits.max_redirects} redirects", _ELSEWHERE)


def _check_url(hop: _Hop) -> None:
    """Only the web: a redirect to file: or ftp: ends here, and so does a URL without a host."""
    try:
        parts = urlsplit(hop.url)
        host, _ = parts.hostname, parts.port  # reading the port checks it
    except ValueError as error:
        raise hop.failure("is not a URL", "check its spelling") from error
    if parts.scheme not in ("http", "https"):
        raise hop.failure(
            f"{printable(parts.scheme)} addresses are not supported", "give an http or https URL"
        )
    if not host:
        raise hop.failure("names no host", "check its spelling")


def _retry(hop: _Hop) -> tuple[bytes, str | None]:
    """Try once, and again after passing failures, as long as there is time."""
    pause = hop.limits.pause_seconds
    for tries_left in reversed(range(hop.limits.tries)):
        try:
            return _try(hop)
        except _Passing as passing:
            wait = pause if passing.pause is None else passing.pause
            if not tries_left or wait >= hop.connection.remaining:
                raise passing.failure from passing
            time.sleep(wait)
            pause *= 2
    raise AssertionError("unreachable: the last try returns or raises")


def _try(hop: _Hop) -> tuple[bytes, str | None]:
    """Send one request; give the body, or the place where the server sends us."""
    hop.connection.check_time()
    with _request(hop) as response:
        if response.status_code in _REDIRECTS and "Location" in response.headers:
            return b"", _location(response)
        _check_answer(response, hop)
        return _read(response, hop), None


def _request(hop: _Hop) -> requests.Response:
    """Send the request through the adapter itself, and put failures into words.

    A session would read a redirect's body unpacked and without a limit, and take passwords from .netrc.
    """
    headers = {
        "User-Agent": f"paintnet/{__version__}",
        "Accept": "image/png,image/jpeg,image/webp,image/tiff,image/*;q=0.8,*/*;q=0.1",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    timeout = (hop.limits.connect_seconds, hop.limits.read_seconds)
    proxy = _checked_proxy(hop)
    verify = _certificates(hop)
    try:
        prepared = requests.Request("GET", hop.url, headers=headers, cookies=hop.cookies).prepare()
        proxies = proxy.by_scheme() if proxy else {}
        response = hop.adapter.send(prepared, stream=True, timeout=timeout, verify=verify, proxies=proxies)
        hop.cookies.update(response.cookies)
        return response
    except RefusedAddressError as error:
        raise _refused(hop, error) from error
    except NoSuchHostError as error:
        failure = hop.failure(f"there is no host {printable(error.host)}", "check its spelling")
        raise (_Passing(failure) if error.passing else failure) from error
    except NotConnectedError as error:
        why = _no_connection(error, hop.limits) + (f" to the proxy {proxy.name}" if proxy else "")
        raise _Passing(hop.failure(why, _LATER)) from error
    except requests.exceptions.ProxyError as error:
        hop.connection.check_time()
        raise _proxy_failure(hop, error) from error
    except requests.exceptions.SSLError as error:
        hop.connection.check_time()
        raise _insecure(hop, error) from error
    except requests.exceptions.Timeout as error:
        raise _silent(hop) from error
    except (requests.ConnectionError, urllib3.exceptions.HTTPError, http.client.HTTPException) as error:
        hop.connection.check_time()
        raise _Passing(
            hop.failure(f"the {'proxy' if proxy else 'server'} closed the connection", _LATER)
        ) from error
    except ValueError as error:  # what requests raises for a URL that it cannot take
        raise hop.failure("is not a URL", "check its spelling") from error


def _checked_proxy(hop: _Hop) -> Proxy | None:
    """Give the proxy of the environment, once it is sure that what it is asked for may be reached."""
    host, port = place_of(hop.url)
    try:
        proxy = proxy_for(hop.url)
        if proxy is not None:
            hop.connection.check_host(host, port)
    except UnusableProxyError as error:
        raise hop.failure(str(error), "name an http proxy in HTTPS_PROXY, or unset it") from error
    except RefusedAddressError as error:
        raise _refused(hop, error) from error
    except NoSuchHostError as error:
        if not hop.connection.allows_private:
            # Only the proxy knows the name: it may well lead into the net behind it.
            why = f"{printable(host)} has no address here that could be checked before the proxy is asked"
            raise DownloadError(hop.what, why, "allow private addresses", "allow_private") from error
    return proxy


def _proxy_failure(hop: _Hop, error: requests.exceptions.ProxyError) -> DownloadError | _Passing:
    """Say what a proxy did instead of connecting."""
    status = refusal_of(error)
    if status == http.HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return hop.failure(*ASKS_WHO_IT_IS)
    why = f"the proxy answered {_words(status)}" if status else "the proxy closed the connection"
    if status is None or status in _PASSING_STATUS:
        return _Passing(hop.failure(why, _LATER))
    return hop.failure(why, "check the URL, or ask who runs the proxy")


def _certificates(hop: _Hop) -> bool | str:
    """The certificates to trust: those of the environment, else those of requests."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        path = os.environ.get(name)
        if path:
            if not Path(path).exists():
                raise hop.failure(f"{name} names a file that does not exist", "correct or unset it")
            return path
    return True


def _location(response: requests.Response) -> str:
    """Where a redirect leads. Headers are bytes: UTF-8 with most servers, else sent back as they came."""
    raw = response.headers["Location"].encode("latin-1", "replace").strip()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in raw)


def _check_answer(response: requests.Response, hop: _Hop) -> None:
    """Refuse by status, encoding and announced length, before the body is read."""
    status = response.status_code
    answer = f"the server answered {_words(status)}"
    if status == http.HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        raise hop.failure(*ASKS_WHO_IT_IS)
    if status in _PASSING_STATUS:
        raise _Passing(hop.failure(answer, _LATER), _retry_after(response))
    if status not in _GOOD_STATUS:
        raise hop.failure(answer, _ELSEWHERE)
    encodings = response.headers.get("Content-Encoding", "").lower().replace(" ", "").split(",")
    packings = [each for each in encodings if each in _PACKINGS]
    if packings:
        raise hop.failure(
            f"the server compressed it ({packings[0]}), although it was asked not to", _ELSEWHERE
        )
    if (_announced(response) or 0) > hop.limits.max_bytes:
        raise _too_long(hop)


def _read(response: requests.Response, hop: _Hop) -> bytes:
    """Read the body as it comes, up to the limit, and compare it with the announced length."""
    body = bytearray()
    short = _Passing(hop.failure("the transfer ended before the whole file had arrived", _LATER))
    try:
        while chunk := response.raw.read(_CHUNK, decode_content=False):
            hop.connection.check_time()
            body += chunk
            if len(body) > hop.limits.max_bytes:
                raise _too_long(hop)
    except urllib3.exceptions.ReadTimeoutError as error:
        hop.connection.check_time()
        raise _silent(hop) from error
    except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError) as error:
        hop.connection.check_time()
        raise short from error
    hop.connection.check_time()  # a connection cut by the watchdog looks like the end of the body
    if len(body) < (_announced(response) or 0):
        raise short
    return bytes(body)


def _announced(response: requests.Response) -> int | None:
    """The Content-Length, when it is one and counts."""
    text = response.headers.get("Content-Length", "").strip()
    chunked = "chunked" in response.headers.get("Transfer-Encoding", "").lower()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 and not chunked else None


def _retry_after(response: requests.Response) -> float | None:
    """How long the server asks to wait: seconds or a date."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:10])
    try:
        date = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=datetime.UTC)
    return max(0.0, (date - datetime.datetime.now(datetime.UTC)).total_seconds())


def _words(status: int) -> str:
    """A status in our words: the server's own could say anything."""
    try:
        return f"{status} {http.HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _no_connection(error: NotConnectedError, limits: DownloadLimits) -> str:
    cause = error.__cause__
    if isinstance(cause, TimeoutError):
        return f"no connection within {limits.connect_seconds:g} seconds"
    words = cause.strerror if isinstance(cause, OSError) and cause.strerror else "unknown reason"
    return f"no connection ({printable(words).lower()})"


def _insecure(hop: _Hop, error: Exception) -> DownloadError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        why = "the certificate of the server cannot be trusted"
        return hop.failure(why, "check the URL, or name your own certificates in SSL_CERT_FILE")
    return hop.failure("no secure connection could be made", _ELSEWHERE)


def _refused(hop: _Hop, error: RefusedAddressError) -> DownloadError:
    host, address = printable(error.host.strip("[]")), printable(error.address)
    where = f"{address} is" if host == address else f"{host} leads to {address},"
    why = f"refused, since {where} {error.reason}"
    if is_liftable(error.reason):
        return DownloadError(hop.what, why, "allow private addresses", "allow_private")
    return hop.failure(why, "give another URL")


def _silent(hop: _Hop) -> DownloadError:
    return hop.failure(f"the server was silent for {hop.limits.read_seconds:g} seconds", _LATER)


def _too_long(hop: _Hop) -> DownloadError:
    why = f"it is larger than the limit of {hop.limits.max_bytes / 1e6:g} MB"
    return hop.failure(why, "download it with a browser and give the path")
