import pytest

from paintnet.files.addresses import is_liftable, refusal

WRAPPED = "an IPv4 address inside an IPv6 address"
REFUSED = {
    "127.0.0.1": "a loopback address",
    "127.255.255.254": "a loopback address",
    "::1": "a loopback address",
    "10.1.2.3": "a private address",
    "172.16.0.1": "a private address",
    "172.31.255.255": "a private address",
    "192.168.1.1": "a private address",
    "fd12:3456::1": "a private address",
    "169.254.169.254": "a link-local address",
    "fe80::1": "a link-local address",
    "fe80::1%eth0": "a link-local address",
    "fd00:ec2::254": "a link-local address",
    "0.0.0.0": "an unspecified address",
    "::": "an unspecified address",
    "224.0.0.1": "a multicast address",
    "239.1.1.1": "a multicast address",
    "ff02::1": "a multicast address",
    "::ffff:127.0.0.1": WRAPPED,
    "::ffff:8.8.8.8": WRAPPED,
    "::ffff:0:10.0.0.1": WRAPPED,
    "::127.0.0.1": WRAPPED,
    "2002:7f00:1::": WRAPPED,
    "64:ff9b::7f00:1": WRAPPED,
    "64:ff9b:1::a00:1": WRAPPED,
    "2001:0:4136:e378:8000:63bf:3fff:fdd2": WRAPPED,
    "0.1.2.3": "a reserved address",
    "100.64.0.1": "a reserved address",
    "192.0.2.1": "a reserved address",
    "198.18.0.1": "a reserved address",
    "240.0.0.1": "a reserved address",
    "255.255.255.255": "a reserved address",
    "2001:db8::1": "a reserved address",
    "fec0::1": "a reserved address",
    "cat": "no address at all",
}


@pytest.mark.parametrize(("address", "reason"), REFUSED.items())
def test_fault_13_address_that_is_not_public_is_refused(address: str, reason: str) -> None:
    assert refusal(address) == reason


@pytest.mark.parametrize(("address", "reason"), REFUSED.items())
def test_fault_13_allow_private_lifts_private_and_loopback_only(address: str, reason: str) -> None:
    lifted = reason in ("a loopback address", "a private address")
    assert is_liftable(reason) is lifted
    assert refusal(address, allow_private=True) == (None if lifted else reason)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700:4700::1111"])
def test_public_address_is_allowed(address: str) -> None:
    assert refusal(address) is None
