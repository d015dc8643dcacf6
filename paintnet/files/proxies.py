"""The proxy that the environment names for an address."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from requests.utils import get_environ_proxies, select_proxy

from paintnet.files.names import printable

_STATUS = re.compile(r"Tunnel connection failed: (\d{3})\b")
ASKS_WHO_IT_IS = (
    "the proxy asks for a user name and a password",
    "put them into the proxy's address, as in http://user:password@proxy:3128",
)
"""What is wrong, and what to do, where a proxy answers 407."""


class UnusableProxyError(Exception):
    """What the environment names is no proxy that can be used; the text says why."""


@dataclass(frozen=True)
class Proxy:
    """A proxy.

    Parameters
    ----------
    url : str
        Its address, user name and password included.
    """

    url: str

    @property
    def name(self) -> str:
        """What may be shown of it: host and port."""
        parts = urlsplit(self.url)
        return printable(f"{parts.hostname}" + (f":{parts.port}" if parts.port else ""))

    def by_scheme(self) -> dict[str, str]:
        """As requests takes it: for every address."""
        return {"all": self.url}


def proxy_for(url: str) -> Proxy | None:
    """Give the proxy for a URL: that of its scheme or of ALL_PROXY, unless NO_PROXY names the host.

    Parameters
    ----------
    url : str
        What is to be fetched.

    Raises
    ------
    UnusableProxyError
        If what is named there is no address, or of a kind that is not supported.
    """
    # As requests and curl read them; where a web server runs us, HTTP_PROXY may come from a
    # stranger (https://httpoxy.org), and Python's own getproxies leaves it out.
    named = select_proxy(url, get_environ_proxies(url, no_proxy=None))
    if not named:
        return None
    try:
        address = named if "://" in named else f"http://{named}"
        parts = urlsplit(address)
        is_address = bool(parts.hostname) and parts.port != 0  # reading the port checks it
    except ValueError:
        is_address = False
    if not is_address:
        raise UnusableProxyError("the proxy that the environment names has no valid address")
    if parts.scheme not in ("http", "https"):
        raise UnusableProxyError(
            f"the environment names a {printable(parts.scheme)} proxy, which is not supported"
        )
    return Proxy(address)


def place_of(url: str) -> tuple[str, int]:
    """Give host and port that a URL leads to.

    Examples
    --------
    >>> place_of("https://example.org/cat.png"), place_of("http://example.org:8080")
    (('example.org', 443), ('example.org', 8080))
    """
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def refusal_of(error: requests.exceptions.ProxyError) -> int | None:
    """Tell with which status a proxy refused to connect; None where it gave no answer."""
    found = _STATUS.search(str(error))
    return int(found[1]) if found else None
