"""Opens connections to addresses that were checked, never to names.

A name that is checked first and connected to later may mean another address by then
(DNS rebinding). Here the address that was checked is the one connected to; TLS and
the Host header still carry the name.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import TypeAlias

import httpcore

from moderation.errors import ForbiddenSource, MissingMedia, SourceUnavailable
from storage.sources.addresses import AddressGuard

Resolver: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
SocketOption: TypeAlias = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)

_ADDRESSES_TRIED = 3
# Not every C library tells them apart.
_NO_SUCH_NAME = frozenset(
    getattr(socket, name)
    for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY")
    if hasattr(socket, name)
)


async def system_resolver(host: str, port: int) -> list[str]:
    """The addresses of a host, as the operating system finds them; it knows every old spelling
    of an IPv4 address too (0x7f.1, 017700000001, 2130706433).

    Raises:
        MissingMedia: there is no such name.
        SourceUnavailable: no name server answers.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in _NO_SUCH_NAME:
            raise MissingMedia(f"there is no host {host}") from error
        raise SourceUnavailable(f"the name {host} cannot be resolved now") from error
    except UnicodeError as error:
        raise MissingMedia("the host's name is no name") from error
    return list(dict.fromkeys(str(address[4][0]) for address in found))


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """What httpcore connects by.

    A name is refused when a single one of its addresses is: a public address
    beside a private one is an attempt, or a mistake that would fail by chance.
    """

    def __init__(
        self,
        guard: AddressGuard,
        *,
        ports: Collection[int],
        resolver: Resolver = system_resolver,
        inner: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._guard = guard
        self._ports = frozenset(ports)
        self._resolver = resolver
        self._inner = inner or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of the host that answers.

        Raises:
            ForbiddenSource: the port, or one of the addresses, may not be connected to.
            MissingMedia: there is no such host.
            SourceUnavailable: it cannot be resolved now.
            httpcore.ConnectError, httpcore.ConnectTimeout: no address answers.
        """
        if port not in self._ports:
            raise ForbiddenSource(f"port {port} may not be connected to")
        addresses = await self._resolve(host, port, timeout)
        if not all(self._guard.permits(address) for address in addresses):
            raise ForbiddenSource(f"{host} has an address that may not be connected to")
        failure: Exception = httpcore.ConnectError("the host has no address")
        for address in addresses[:_ADDRESSES_TRIED]:
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise ForbiddenSource("a socket file is no source")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)

    async def _resolve(self, host: str, port: int, timeout: float | None) -> list[str]:
        try:
            async with asyncio.timeout(timeout):
                return await self._resolver(host, port)
        except TimeoutError as error:
            raise SourceUnavailable(f"the name {host} cannot be resolved in time") from error
