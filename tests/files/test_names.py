"""No secret of an address is ever shown, however it is spelled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paintnet.files.names import (
    file_stem,
    printable_source,
    printable_url,
    scheme_of,
    unwrapped,
    url_stem,
    without_secrets,
)

SPELLINGS = [
    "https://ann:SECRET@example.org/cat.png?token=SECRET",
    " https://ann:SECRET@example.org/cat.png?token=SECRET",
    "\thttps://ann:SECRET@example.org/cat.png#access_token=SECRET",
    "\u00a0https://ann:SECRET@example.org/cat.png",
    "<https://ann:SECRET@example.org/cat.png?token=SECRET>",
    "< https://ann:SECRET@example.org/cat.png >",
    "<URL:https://ann:SECRET@example.org/cat.png>",
    '"https://ann:SECRET@example.org/cat.png"',
    "HTTPS://ann:SECRET@example.org/cat.png",
    "https:/ann:SECRET@example.org/cat.png",
    "https:ann:SECRET@example.org/cat.png?token=SECRET",
    "https:\\\\ann:SECRET@example.org\\cat.png",
    "https:////ann:SECRET@example.org/cat.png",
    "https://SECRET@example.org/cat.png",
    "https://ann:SECRET/SECRET@example.org/cat.png",
    "https://ann:SECRET?SECRET@example.org/cat.png",
    "https://ann:SECRET#SECRET@example.org/cat.png",
    "https://ann:SECRET@SECRET@example.org/cat.png",
    "https://ann:1/SECRET@example.org/cat.png",
    "https://ann.lee:12?SECRET@example.org/cat.png",
    "https://ann:12#SECRET@example.org/cat.png",
    "https://ann:SECRET%40example.org/cat.png",
    "https://ann:SECRET\uff20example.org/cat.png",
    "https://example.org/cat.png;jsessionid=SECRET",
    "ftp://ann:SECRET@example.org/cat.png",
    "s3://KEY:SECRET@bucket/cat.png",
    "view-source:https://ann:SECRET@example.org/",
    "ht\ttps://ann:SECRET@example.org/cat.png",
    "//ann:SECRET@example.org/cat.png?token=SECRET",
    "ann:SECRET@example.org/cat.png",
    " ann:SECRET@example.org/cat.png?token=SECRET",
    "<ann:SECRET@example.org/cat.png>",
    "ann:SECRET/SECRET@example.org/cat.png",
    "SECRET@example.org/cat.png",
    "//SECRET@example.org/cat.png",
    "example.org/cat.png?token=SECRET",
    "www.example.org/cat.png?size=1&token=SECRET",
    "example.org/cat.png#access_token=SECRET",
    "data:image/png;base64,SECRET" + "A" * 8000,
    "data:,SECRET",
    " data:text/plain,SECRET",
    "javascript:SECRET",
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_fault_30_secrets_of_any_spelling_are_not_shown(text: str) -> None:
    shown = printable_source(text)
    assert shown.isprintable()
    for each in (shown, without_secrets(f"Invalid value {text}; see help"), without_secrets(f"({text!r})")):
        assert "SECRET" not in each
        assert len(each) < 600


@pytest.mark.parametrize("text", [each for each in SPELLINGS if "https" in each or "ftp" in each])
def test_fault_30_secrets_of_urls_are_not_shown(text: str) -> None:
    assert "SECRET" not in printable_url(unwrapped(text))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ann:secret@example.org/cat.png?token=1#x", "https://example.org/cat.png?..."),
        ("http://example.org:8000/cat.png", "http://example.org:8000/cat.png"),
        ("http://[::1]:80/cat.png", "http://[::1]:80/cat.png"),
        ("http://example.org/@ann/cat.png", "http://example.org/@ann/cat.png"),
        ("http://example.org/cat.png#top", "http://example.org/cat.png..."),
        ("http://ann:a/b@example.org/", "http://..."),
        ("http://127.0.0.1:80/cat.png?to=a@b.org", "http://127.0.0.1:80/cat.png?..."),
        ("data:image/png;base64,AAAA", "data:..."),
        ("file:///etc/passwd", "file:///etc/passwd"),
    ],
)
def test_what_a_url_shows(url: str, shown: str) -> None:
    assert printable_url(url) == shown
    assert printable_url(shown) == shown


@pytest.mark.parametrize(
    "path",
    ["cat.png", "/a/b c.png", "C:/a/b.png", "me@home.png", "a/me@home.png", "why?.png", "a#1.png", "a;b.png"],
)
def test_paths_are_shown_as_they_are(path: str) -> None:
    assert printable_source(path) == path
    assert unwrapped(path) == path
    assert scheme_of(path) is None


def test_fault_30_what_is_too_long_for_a_name_is_cut() -> None:
    assert len(printable_source("A" * 8000)) < 600
    assert printable_source("b" * 300) == "b" * 300


def test_messages_without_an_address_stay_as_they_are() -> None:
    for message in (
        "cat.png: there is no such file; check its spelling",
        "http://127.0.0.1:8000/a.png: refused, since 127.0.0.1 is a loopback address; give another URL",
        "Invalid value for '--xy': '5' is not of the form X,Y; see 'paintnet predict --help'",
        "https://a.org/c.png?... (redirected to http://10.0.0.1/): refused, since 10.0.0.1 is private",
        "http://[::1]: refused",
    ):
        assert without_secrets(message) == message


@given(st.text(max_size=40), st.text(st.characters(categories=["L", "N"]), min_size=6, max_size=9))
def test_fault_30_no_password_is_shown_by_any_prefix(prefix: str, secret: str) -> None:
    shown = printable_source(f"{prefix}https://ann:{secret}@example.org/cat.png")
    assert secret not in shown or secret in prefix or secret in "https://example.org/cat.png"


def test_stems_of_sources() -> None:
    assert file_stem("a/b.tar.gz") == "b.tar"
    assert url_stem("https://ann:secret@example.org/a%20b.png?token=1") == "a b"
