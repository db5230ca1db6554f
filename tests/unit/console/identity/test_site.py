from __future__ import annotations

import pytest

from console.identity.site import Site, is_loopback


@pytest.mark.parametrize(
    "origin",
    [
        "https://console.example",
        "https://console.example:8443",
        "http://127.0.0.1:8700",
        "http://localhost:8700",
        "http://[::1]:8700",
    ],
)
def test_an_origin_is_https_or_of_this_machine(origin: str) -> None:
    assert Site(origin=origin).https is origin.startswith("https")


@pytest.mark.parametrize(
    "origin",
    [
        "http://console.example",
        "https://console.example/",
        "https://console.example/path",
        "https://user@console.example",
        "console.example",
        "ftp://127.0.0.1",
        "",
    ],
)
def test_anything_else_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match=r"https|slash"):
        Site(origin=origin)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("192.0.2.1", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_without_an_address_a_console_that_others_reach_is_taken_for_https() -> None:
    assert Site(loopback=False).https
    assert not Site(loopback=True).https
