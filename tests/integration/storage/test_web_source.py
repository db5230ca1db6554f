"""The web source against a real server on loopback."""

from __future__ import annotations

import gzip
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from moderation.errors import (
    EmptyMedia,
    ForbiddenSource,
    MediaTooLarge,
    MissingMedia,
    ModerationError,
    SourceTimedOut,
    SourceUnavailable,
    UnsupportedMedia,
)
from storage.sources.addresses import AddressGuard
from storage.sources.web import Patience, WebSource
from tests.integration.storage.web_server import STALL, WebServer, answer, web_server
from tests.parts.missing import skip_or_fail

LIMIT = 1000
LOOPBACK = AddressGuard(["127.0.0.0/8"])


@pytest.fixture
async def web() -> AsyncIterator[WebServer]:
    async with web_server() as server:
        yield server


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "to"


def source(web: WebServer, **changes: object) -> WebSource:
    values = {"limit_bytes": LIMIT, "guard": LOOPBACK, "ports": {web.port}}
    return WebSource(**(values | changes))


async def to_loopback(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


async def test_the_bytes_arrive_as_they_are(web: WebServer, to: Path) -> None:
    web.answers["/clip?a=1"] = answer(body=b"\x00media\xff")

    await source(web).fetch(web.url("/clip?a=1#fragment"), to)

    assert to.read_bytes() == b"\x00media\xff"


async def test_the_request_carries_the_hosts_name_and_nothing_of_ours(
    web: WebServer, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    web.answers["/clip"] = answer(body=b"x")

    await source(web, resolver=to_loopback).fetch(web.url("/clip", host="media.test"), to)

    [request] = web.requests
    head = request.lower()
    assert f"host: media.test:{web.port}".encode() in head
    assert b"accept-encoding: identity" in head
    assert b"cookie" not in head
    assert b"authorization" not in head


@pytest.mark.parametrize("length", [LIMIT, LIMIT + 1])
@pytest.mark.parametrize("announced", [True, False])
async def test_the_limit_holds_whether_the_length_is_announced_or_not(
    web: WebServer, to: Path, length: int, announced: bool
) -> None:
    whole = answer(body=b"x" * length)
    web.answers["/clip"] = whole if announced else whole.replace(b"Content-Length", b"X-Length")

    if length <= LIMIT:
        await source(web).fetch(web.url("/clip"), to)
        assert to.stat().st_size == LIMIT
        return
    with pytest.raises(MediaTooLarge):
        await source(web).fetch(web.url("/clip"), to)
    assert not to.exists()


async def test_what_is_announced_too_large_is_not_waited_for(web: WebServer, to: Path) -> None:
    web.answers["/clip"] = answer(Content_Length=str(LIMIT + 1)) + STALL

    with pytest.raises(MediaTooLarge):
        await source(web, patience=Patience(total_seconds=2.0)).fetch(web.url("/clip"), to)


async def test_an_endless_answer_is_left_once_it_is_too_large(web: WebServer, to: Path) -> None:
    chunk = b"400\r\n" + b"x" * 1024 + b"\r\n"
    head = answer(Transfer_Encoding="chunked").replace(b"Content-Length: 0\r\n", b"")
    web.answers["/clip"] = head + chunk * 50 + STALL

    with pytest.raises(MediaTooLarge):
        await source(web).fetch(web.url("/clip"), to)


async def test_nothing_is_no_media(web: WebServer, to: Path) -> None:
    web.answers["/clip"] = answer()

    with pytest.raises(EmptyMedia):
        await source(web).fetch(web.url("/clip"), to)
    assert not to.exists()


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        ("204 No Content", EmptyMedia),
        ("403 Forbidden", ForbiddenSource),
        ("404 Not Found", MissingMedia),
        ("429 Too Many Requests", SourceUnavailable),
        ("502 Bad Gateway", SourceUnavailable),
    ],
)
async def test_a_status_says_what_became_of_the_media(
    web: WebServer, to: Path, status: str, raised: type[ModerationError]
) -> None:
    web.answers["/clip"] = answer(status)

    with pytest.raises(raised):
        await source(web).fetch(web.url("/clip"), to)


async def test_a_compressed_answer_is_refused_unread(web: WebServer, to: Path) -> None:
    web.answers["/clip"] = answer(body=gzip.compress(b"0" * 10**6)[:900], Content_Encoding="gzip")

    with pytest.raises(UnsupportedMedia):
        await source(web).fetch(web.url("/clip"), to)


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive!",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
    ],
    ids=["silence", "another protocol", "a truncated body", "an endless head"],
)
async def test_a_server_that_breaks_off_may_recover(
    web: WebServer, to: Path, broken: bytes
) -> None:
    web.answers["/clip"] = broken

    with pytest.raises(SourceUnavailable):
        await source(web).fetch(web.url("/clip"), to)
    assert not to.exists()


async def test_a_port_where_nobody_listens_may_recover(to: Path) -> None:
    async with web_server() as gone:
        pass

    with pytest.raises(SourceUnavailable):
        await source(gone).fetch(gone.url("/clip"), to)


@pytest.mark.parametrize(
    "patience",
    [Patience(idle_seconds=0.05), Patience(total_seconds=0.05)],
    ids=["between two parts", "in all"],
)
@pytest.mark.parametrize("sent", [b"", answer(body=b"x" * 500)[:-100]], ids=["head", "body"])
async def test_a_source_that_stalls_is_given_up(
    web: WebServer, to: Path, patience: Patience, sent: bytes
) -> None:
    web.answers["/clip"] = sent + STALL

    with pytest.raises(SourceTimedOut):
        await source(web, patience=patience).fetch(web.url("/clip"), to)
    assert not to.exists()


@pytest.mark.parametrize("hops", [3, 4])
async def test_three_redirects_are_followed_and_no_fourth(
    web: WebServer, to: Path, hops: int
) -> None:
    for hop in range(hops):
        web.answers[f"/{hop}"] = answer("302 Found", b"moved", Location=f"/{hop + 1}")
    web.answers[f"/{hops}"] = answer(body=b"media")

    if hops == 3:
        await source(web).fetch(web.url("/0"), to)
        assert to.read_bytes() == b"media"
        return
    with pytest.raises(ForbiddenSource):
        await source(web).fetch(web.url("/0"), to)


@pytest.mark.parametrize(
    ("location", "raised"),
    [
        ("http://169.254.169.254:{port}/latest/meta-data/", ForbiddenSource),
        ("http://[::1]:{port}/clip", ForbiddenSource),
        ("http://10.0.0.1:{port}/clip", ForbiddenSource),
        ("http://127.0.0.1:1/clip", ForbiddenSource),
        ("http://user:secret@127.0.0.1:{port}/clip", ForbiddenSource),
        ("file:///etc/passwd", ForbiddenSource),
        ("http://127.0.0.1:port/clip", ForbiddenSource),
        ("", MissingMedia),
    ],
)
async def test_a_redirect_is_checked_like_the_first_address(
    web: WebServer, to: Path, location: str, raised: type[ModerationError]
) -> None:
    web.answers["/away"] = answer("307 Temporary", Location=location.format(port=web.port))
    web.answers["/clip"] = answer(body=b"secret")

    with pytest.raises(raised):
        await source(web).fetch(web.url("/away"), to)

    assert len(web.requests) == 1
    assert not to.exists()


async def test_a_public_address_that_redirects_to_this_machine_is_stopped(
    web: WebServer, to: Path
) -> None:
    """127.0.0.2 stands for an address on the internet, 127.0.0.1 for this machine."""

    async def resolver(host: str, port: int) -> list[str]:
        return {"public.test": ["127.0.0.2"], "rebound.test": ["127.0.0.1"]}[host]

    async with web_server(host="127.0.0.2") as public:
        public.answers["/clip"] = answer("302 F", Location=web.url("/clip", host="rebound.test"))
        fetching = source(
            web,
            guard=AddressGuard(["127.0.0.2/32"]),
            ports={public.port, web.port},
            resolver=resolver,
        )
        with pytest.raises(ForbiddenSource):
            await fetching.fetch(public.url("/clip", host="public.test"), to)

    assert len(public.requests) == 1
    assert web.requests == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "localhost.",
        "0x7f.1",
        "2130706433",
        "%31%32%37.0.0.1",
        "127\u30020\u30020\u30021",
        "\uff11\uff12\uff17.0.0.1",
        "[::ffff:127.0.0.1]",
    ],
)
async def test_without_permission_no_spelling_of_loopback_reaches_the_server(
    web: WebServer, to: Path, host: str
) -> None:
    with pytest.raises(ModerationError):
        await source(web, guard=AddressGuard()).fetch(web.url("/clip", host=host), to)

    assert web.requests == []


async def test_tls_checks_the_name_although_an_address_is_dialled(tmp_path: Path, to: Path) -> None:
    certificate = self_signed(tmp_path, "media.test")
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))

    async with web_server(serving) as web:
        web.answers["/clip"] = answer(body=b"media")
        fetching = source(web, resolver=to_loopback, tls=trusting)
        await fetching.fetch(web.url("/clip", host="media.test", scheme="https"), to)
        with pytest.raises(SourceUnavailable):
            await fetching.fetch(web.url("/clip", host="other.test", scheme="https"), to)

    assert to.read_bytes() == b"media"


async def test_a_redirect_from_https_to_http_is_refused(tmp_path: Path, to: Path) -> None:
    certificate = self_signed(tmp_path, "media.test")
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))

    async with web_server(serving) as web:
        web.answers["/clip"] = answer("302 Found", Location=web.url("/clip", host="media.test"))
        fetching = source(web, resolver=to_loopback, tls=trusting)
        with pytest.raises(ForbiddenSource, match="https to http"):
            await fetching.fetch(web.url("/clip", host="media.test", scheme="https"), to)


def self_signed(folder: Path, name: str) -> Path:
    """A certificate and its key in one file, for a day."""
    openssl = shutil.which("openssl")
    if openssl is None:
        skip_or_fail("no openssl to make a certificate with")
    both = folder / "certificate.pem"
    command = f"{openssl} req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN={name}"
    command += f" -addext subjectAltName=DNS:{name} -keyout {both}.key -out {both}"
    subprocess.run(command.split(), check=True, capture_output=True)
    both.write_text(both.read_text() + Path(f"{both}.key").read_text())
    return both
