"""Media on the web: http:// and https:// addresses that strangers name."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpcore
import httpx

from moderation.errors import (
    EmptyMedia,
    ForbiddenSource,
    MissingMedia,
    ModerationError,
    SourceTimedOut,
    SourceUnavailable,
    UnsupportedMedia,
)
from storage.files import too_large, write_media
from storage.sources.addresses import AddressGuard
from storage.sources.pinned import PinnedBackend, Resolver, system_resolver
from storage.translation import ErrorTable, translated

WEB_ERRORS: ErrorTable = (
    # A source that was reached and does not deliver is at fault; one that cannot be reached may
    # be, but so may this machine's own network, and that passes.
    (httpcore.ReadTimeout, SourceTimedOut),
    (httpcore.TimeoutException, SourceUnavailable),
    (httpcore.UnsupportedProtocol, ForbiddenSource),
    (httpcore.LocalProtocolError, ForbiddenSource),  # the address cannot be put in a request
    (httpcore.ProtocolError, SourceUnavailable),
    (httpcore.NetworkError, SourceUnavailable),
    (httpcore.ProxyError, SourceUnavailable),
    (httpcore.ConnectionNotAvailable, SourceUnavailable),
    (ssl.SSLError, SourceUnavailable),
    (TimeoutError, SourceTimedOut),
    (OSError, SourceUnavailable),
)

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FORBIDDEN = frozenset({401, 402, 403, 407, 451})
_MAY_RECOVER = frozenset({408, 421, 423, 425, 429})

_HEADERS = [
    (b"User-Agent", b"veriscope"),
    (b"Accept", b"image/*, video/*, application/octet-stream;q=0.9, */*;q=0.1"),
    # A compressed answer could be a thousand times what it weighs on the wire.
    (b"Accept-Encoding", b"identity"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a source may take: to connect, between two parts, and in all (redirects too)."""

    connect_seconds: float = 5.0
    idle_seconds: float = 15.0
    total_seconds: float = 120.0


class WebSource:
    """Implements `storage.ports.Source`.

    Every connection, of redirects too, goes to an address that `guard` permits
    and a port of `ports`. No proxy, cookie or credential is used.
    """

    def __init__(
        self,
        *,
        limit_bytes: int,
        guard: AddressGuard | None = None,
        ports: Collection[int] = (80, 443),
        redirects: int = 3,
        patience: Patience | None = None,
        resolver: Resolver = system_resolver,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._limit_bytes = limit_bytes
        self._redirects = redirects
        self._patience = patience or Patience()
        self._backend = PinnedBackend(guard or AddressGuard(), ports=ports, resolver=resolver)
        self._tls = tls or httpx.create_ssl_context(trust_env=False)

    async def fetch(self, uri: str, to: Path) -> None:
        with translated(WEB_ERRORS):
            async with (
                asyncio.timeout(self._patience.total_seconds),
                self._answer(_parsed(uri)) as answer,
            ):
                self._check(answer)
                await write_media(answer.aiter_stream(), to, limit_bytes=self._limit_bytes)

    @asynccontextmanager
    async def _answer(self, url: httpx.URL) -> AsyncIterator[httpcore.Response]:
        """Ask, follow redirects, and yield the answer that is none."""
        async with httpcore.AsyncConnectionPool(
            ssl_context=self._tls, network_backend=self._backend, max_connections=4
        ) as pool:
            for _ in range(self._redirects + 1):
                async with pool.stream(
                    "GET", _wire(url), headers=_HEADERS, extensions={"timeout": self._timeouts()}
                ) as answer:
                    if answer.status not in _REDIRECTS:
                        yield answer
                        return
                    url = _redirected(url, _header(answer, b"location"))
        raise ForbiddenSource(f"the address redirects more than {self._redirects} times")

    def _timeouts(self) -> dict[str, float]:
        patience = self._patience
        return {
            "connect": patience.connect_seconds,
            "read": patience.idle_seconds,
            "write": patience.idle_seconds,
            "pool": patience.connect_seconds,
        }

    def _check(self, answer: httpcore.Response) -> None:
        """Raises: what the status, the encoding or the announced length says."""
        meaning = status_meaning(answer.status)
        if meaning is not None:
            raise meaning(f"the source answers {answer.status}")
        if _header(answer, b"content-encoding").strip().lower() not in (b"", b"identity"):
            raise UnsupportedMedia("the source sends compressed what was asked for as it is")
        length = _header(answer, b"content-length")
        if length.isdigit() and int(length) > self._limit_bytes:
            raise too_large(self._limit_bytes)


def status_meaning(status: int) -> type[ModerationError] | None:
    """What an HTTP status says of the media; None when the media follows."""
    if status in (200, 203):
        return None
    if status in (204, 205):
        return EmptyMedia
    if status in _FORBIDDEN:
        return ForbiddenSource
    if status in _MAY_RECOVER or status >= 500:
        return SourceUnavailable
    return MissingMedia


def _parsed(uri: str) -> httpx.URL:
    """Raises: ForbiddenSource."""
    try:
        url = httpx.URL(uri)
    except (httpx.InvalidURL, ValueError) as error:
        raise ForbiddenSource("the address cannot be parsed") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise ForbiddenSource("the address is none of the web")
    if url.userinfo:
        raise ForbiddenSource("the address carries credentials")
    return url


def _redirected(url: httpx.URL, location: bytes) -> httpx.URL:
    """Raises: ForbiddenSource, MissingMedia."""
    if not location:
        raise MissingMedia("the source redirects to nowhere")
    try:
        target = _parsed(str(url.join(location.decode("latin-1"))))
    except (httpx.InvalidURL, ValueError) as error:
        raise ForbiddenSource("the source redirects to no address") from error
    if url.scheme == "https" and target.scheme == "http":
        raise ForbiddenSource("the source redirects from https to http")
    return target


def _wire(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


def _header(answer: httpcore.Response, name: bytes) -> bytes:
    return next((value for key, value in answer.headers if key.lower() == name), b"")
