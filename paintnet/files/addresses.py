"""Which addresses of the internet a download may reach.

A URL given to a program on a server must not become a way to the machines behind it. So only
public addresses are allowed, and the check is made on the very address that is connected to.
"""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# By its network, since Python 3.13 counts IPv4-mapped addresses as loopback ones, and earlier ones do not.
_LOOPBACK = [ipaddress.ip_network(text) for text in ("127.0.0.0/8", "::1/128")]

_PRIVATE = [
    ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
]

# IPv6 addresses that carry an IPv4 address, which a gateway on the way would unpack.
_WRAPPERS = [
    ipaddress.ip_network(text)
    for text in (
        "::/96",  # IPv4-compatible (deprecated)
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64, local prefix
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
    )
]

# Cloud providers keep a machine's secrets at link-local addresses, and at this private one.
_METADATA = [ipaddress.ip_address("fd00:ec2::254")]


def refusal(address: str, *, allow_private: bool = False) -> str | None:
    """Say why an address may not be connected to.

    Parameters
    ----------
    address : str
        A numeric IPv4 or IPv6 address, as a resolver gives it.
    allow_private : bool, default=False
        Whether private and loopback addresses are allowed. Nothing else is lifted by it.

    Returns
    -------
    str or None
        The kind of the address, such as ``a loopback address``; None when it is allowed.

    Examples
    --------
    >>> refusal("127.0.0.1")
    'a loopback address'
    >>> refusal("127.0.0.1", allow_private=True) is None
    True
    >>> refusal("169.254.169.254", allow_private=True)
    'a link-local address'
    >>> refusal("::ffff:10.0.0.1", allow_private=True)
    'an IPv4 address inside an IPv6 address'
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "no address at all"
    kind = _kind(parsed)
    return None if kind and allow_private and is_liftable(kind) else kind


def is_liftable(reason: str) -> bool:
    """Tell whether ``allow_private`` would allow what was refused for this reason.

    Parameters
    ----------
    reason : str
        What :func:`refusal` gave.

    Returns
    -------
    bool
        True for private and loopback addresses.

    Examples
    --------
    >>> is_liftable("a private address"), is_liftable("a link-local address")
    (True, False)
    """
    return reason in ("a loopback address", "a private address")


def _kind(address: Address) -> str | None:
    """Put an address into words; None for an ordinary public one."""
    tests = (
        ("a loopback address", _within(address, _LOOPBACK)),
        ("an unspecified address", int(address) == 0),
        ("an IPv4 address inside an IPv6 address", _within(address, _WRAPPERS)),
        ("a link-local address", address.is_link_local or address in _METADATA),
        ("a multicast address", address.is_multicast),
        ("a private address", _within(address, _PRIVATE)),
        # Whatever else is not for the public: shared, for documentation, reserved, site-local.
        ("a reserved address", not address.is_global or address.is_reserved or _is_site_local(address)),
    )
    return next((words for words, is_so in tests if is_so), None)


def _within(address: Address, networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return any(address in network for network in networks)


def _is_site_local(address: Address) -> bool:
    return isinstance(address, ipaddress.IPv6Address) and address.is_site_local
