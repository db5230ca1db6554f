"""The address that was checked is the address that is connected to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import httpcore
import pytest

from moderation.errors import ForbiddenSource, MissingMedia, SourceUnavailable
from storage.sources.addresses import AddressGuard
from storage.sources.pinned import PinnedBackend, SocketOption, system_resolver

PUBLIC, PUBLIC_TOO, PRIVATE = "93.184.216.34", "2606:4700::1111", "10.0.0.7"


class Recorder(httpcore.AsyncNetworkBackend):
    """A network on which nothing but `answering` answers; it remembers what was dialled."""

    def __init__(self, *answering: str) -> None:
        self.dialled: list[tuple[str, int]] = []
        self._answering = answering

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.dialled.append((host, port))
        if host not in self._answering:
            raise httpcore.ConnectError("refused")
        return httpcore.AsyncMockStream([])


class Names:
    """A name server that gives its answers for a name in turn."""

    def __init__(self, answers: Mapping[str, list[list[str]]]) -> None:
        self._answers = {name: list(turns) for name, turns in answers.items()}

    async def __call__(self, host: str, port: int) -> list[str]:
        return self._answers[host].pop(0)


def backend(network: Recorder, **answers: list[list[str]]) -> PinnedBackend:
    return PinnedBackend(AddressGuard(), ports={443}, resolver=Names(answers), inner=network)


async def test_a_name_is_dialled_by_its_checked_address() -> None:
    network = Recorder(PUBLIC)

    await backend(network, host=[[PUBLIC]]).connect_tcp("host", 443)

    assert network.dialled == [(PUBLIC, 443)]


async def test_a_name_that_changes_its_address_is_checked_each_time() -> None:
    network = Recorder(PUBLIC, PRIVATE)
    rebinding = backend(network, host=[[PUBLIC], [PRIVATE]])

    await rebinding.connect_tcp("host", 443)
    with pytest.raises(ForbiddenSource):
        await rebinding.connect_tcp("host", 443)

    assert network.dialled == [(PUBLIC, 443)]


async def test_a_private_address_beside_a_public_one_is_refused() -> None:
    network = Recorder(PUBLIC, PRIVATE)

    with pytest.raises(ForbiddenSource):
        await backend(network, host=[[PUBLIC, PRIVATE]]).connect_tcp("host", 443)

    assert network.dialled == []


async def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    network = Recorder(PUBLIC)

    await backend(network, host=[[PUBLIC_TOO, PUBLIC]]).connect_tcp("host", 443)

    assert network.dialled == [(PUBLIC_TOO, 443), (PUBLIC, 443)]


@pytest.mark.parametrize("addresses", [[], [PUBLIC], [PUBLIC_TOO, PUBLIC]])
async def test_a_host_that_does_not_answer_is_a_failed_connection(addresses: list[str]) -> None:
    with pytest.raises(httpcore.ConnectError):
        await backend(Recorder(), host=[addresses]).connect_tcp("host", 443)


async def test_no_more_than_three_addresses_are_tried() -> None:
    network = Recorder()

    with pytest.raises(httpcore.ConnectError):
        await backend(network, host=[[f"8.8.8.{n}" for n in range(50)]]).connect_tcp("host", 443)

    assert len(network.dialled) == 3


@pytest.mark.parametrize("port", [22, 80, 444, 6379, 9092])
async def test_a_port_that_is_not_allowed_is_not_even_resolved(port: int) -> None:
    with pytest.raises(ForbiddenSource, match=str(port)):
        await backend(Recorder()).connect_tcp("host", port)


async def test_a_socket_file_is_no_source() -> None:
    with pytest.raises(ForbiddenSource):
        await backend(Recorder()).connect_unix_socket("/run/docker.sock")


async def test_a_name_server_that_is_silent_is_unavailable() -> None:
    async def silent(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    waiting = PinnedBackend(AddressGuard(), ports={443}, resolver=silent, inner=Recorder())

    with pytest.raises(SourceUnavailable):
        await waiting.connect_tcp("host", 443, timeout=0.01)


@pytest.mark.parametrize(
    "spelling",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "0177.0.0.1",
        "127.1",
        "0",
        "0.0.0.0",
        "localhost",
        "LOCALHOST",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:7f00:1",
        "0:0:0:0:0:ffff:a9fe:a9fe",
        "169.254.169.254",
        "2852039166",
    ],
)
async def test_no_spelling_of_an_inner_address_gets_through(spelling: str) -> None:
    network = Recorder()
    real = PinnedBackend(AddressGuard(), ports={80}, resolver=system_resolver, inner=network)

    with pytest.raises(ForbiddenSource):
        await real.connect_tcp(spelling, 80)

    assert network.dialled == []


@pytest.mark.parametrize("name", ["a" * 64 + ".test", "..", "a..test"])
async def test_a_name_that_is_no_name_is_missing(name: str) -> None:
    with pytest.raises(MissingMedia):
        await system_resolver(name, 80)
