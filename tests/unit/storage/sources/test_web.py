"""What addresses are refused before anything is sent, and what answers and errors mean."""

from __future__ import annotations

import inspect
import ssl
from pathlib import Path

import httpcore
import pytest

from moderation.errors import (
    EmptyMedia,
    ForbiddenSource,
    MissingMedia,
    ModerationError,
    SourceTimedOut,
    SourceUnavailable,
)
from storage.sources.web import WEB_ERRORS, WebSource, status_meaning
from storage.translation import translation

HTTPCORE_ERRORS = [
    kind for _, kind in inspect.getmembers(httpcore, inspect.isclass) if issubclass(kind, Exception)
]


async def no_name_server(host: str, port: int) -> list[str]:
    raise AssertionError(f"{host} was looked up")


@pytest.mark.parametrize(
    "uri",
    [
        "http://user:secret@host/clip",
        "http://user@host/clip",
        "http://:secret@host/clip",
        "http:///clip",
        "http://",
        "http:clip",
        "ftp://host/clip",
        "gopher://host/",
        "//host/clip",
        "http://host:99999/",
        "http://host:port/",
        "http://host/\x00",
        "http://host/\r\nX-Injected: 1",
        "http://[::1/",
        "http://host:22/",
        "http://host:8080/",
        "https://host:9092/",
    ],
)
async def test_an_address_that_may_not_be_fetched_is_never_looked_up(
    tmp_path: Path, uri: str
) -> None:
    with pytest.raises(ForbiddenSource):
        await WebSource(limit_bytes=9, resolver=no_name_server).fetch(uri, tmp_path / "to")

    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/",
        "http://127.0.0.1:80/",
        "https://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fd00:ec2::254]/latest/meta-data/",
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost/",
        "http://LOCALHOST/",
    ],
)
async def test_no_spelling_of_this_machine_is_fetched(tmp_path: Path, uri: str) -> None:
    with pytest.raises(ForbiddenSource):
        await WebSource(limit_bytes=9).fetch(uri, tmp_path / "to")


@pytest.mark.parametrize("foreign", [*HTTPCORE_ERRORS, ssl.SSLError, TimeoutError, OSError])
def test_no_error_of_the_network_is_unmapped(foreign: type[Exception]) -> None:
    assert translation(foreign("x"), WEB_ERRORS) in (
        ForbiddenSource,
        SourceTimedOut,
        SourceUnavailable,
    )


@pytest.mark.parametrize(
    ("foreign", "meaning"),
    [
        (httpcore.ConnectTimeout, SourceUnavailable),
        (httpcore.PoolTimeout, SourceUnavailable),
        (httpcore.WriteTimeout, SourceUnavailable),
        (httpcore.ReadTimeout, SourceTimedOut),
        (TimeoutError, SourceTimedOut),  # of the whole fetch
    ],
)
def test_only_a_source_that_was_reached_can_be_too_slow(
    foreign: type[Exception], meaning: type[ModerationError]
) -> None:
    assert translation(foreign("x"), WEB_ERRORS) is meaning


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (200, None),
        (204, EmptyMedia),
        (300, MissingMedia),
        (304, MissingMedia),
        (400, MissingMedia),
        (401, ForbiddenSource),
        (403, ForbiddenSource),
        (404, MissingMedia),
        (408, SourceUnavailable),
        (410, MissingMedia),
        (416, MissingMedia),
        (429, SourceUnavailable),
        (451, ForbiddenSource),
        (499, MissingMedia),
        (500, SourceUnavailable),
        (503, SourceUnavailable),
        (599, SourceUnavailable),
    ],
)
def test_a_status_says_whose_fault_it_is(
    status: int, meaning: type[ModerationError] | None
) -> None:
    assert status_meaning(status) is meaning
