"""Veriscope on one machine: embedded parts for what is not named, all services in one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from inference.bundles.beside import lay_out_beside
from moderation.errors import InvalidConfiguration, PartUnavailable
from runtime import wiring
from runtime.embedded.broker import embedded_broker
from runtime.embedded.processes import Server, watched
from runtime.embedded.triton import embedded_triton
from runtime.http_server import check_port
from runtime.instance import only_instance, write_addresses
from runtime.people import first_sign_in
from runtime.services import Service, running
from runtime.settings import Settings
from storage import schema
from streams.admin import create_topics
from streams.tasks import task_group

_EMBEDDED_PARTITIONS = 4
# Tansu lets the first member of a group wait for half of its session timeout.
_EMBEDDED_SESSION = timedelta(seconds=4)
# It looks for new messages twice in that time, and answers no sooner when there are some.
_EMBEDDED_FETCH_WAIT = timedelta(milliseconds=400)
# An embedded part is on loopback, whatever is set for one that is not.
_IN_THE_CLEAR = {"tls": False, "ca": None, "certificate": None, "key": None}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Parts that run elsewhere; None stands for an embedded one."""

    kafka: str | None = None
    triton: str | None = None
    database: str | None = None
    media: str | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack that is up. `settings` are those that its services were given.

    `first_sign_in` is the address by which the first administrator chooses a password, until
    there is one.
    """

    url: str
    settings: Settings
    first_sign_in: str | None = None


@asynccontextmanager
async def up(
    settings: Settings, given: Given, *, triton_environment: Path, say: Say, warn: Say
) -> AsyncIterator[Stack]:
    """Bring a whole stack up, and take it down when the block ends.

    `say` is told of each step, `warn` of what runs differently than it should.

    Raises:
        InvalidConfiguration, Unavailable: it cannot come up; nothing is left running.
    """
    settings.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    async with AsyncExitStack() as stack:
        addresses = stack.enter_context(only_instance(settings.state))
        changed = _placed(settings, given)
        check_port(changed.http.host, changed.http.port)
        broker, scoring = await _together(
            _broker(stack, settings, given, say, warn),
            _scoring(stack, settings, given, triton_environment, say, warn),
        )
        changed = _updated(_updated(changed, "kafka", broker), "scoring", scoring)
        url = changed.database.url.get_secret_value()
        await schema.upgrade(url, tls=wiring.database_tls(changed))
        await create_topics(
            wiring.connection(changed),
            wiring.topics(changed).every(),
            replication=changed.kafka.replication,
        )
        say("database and topics ready")
        if given.kafka is None:
            await _announce_what_was_lost(changed, say)
        url = await stack.enter_async_context(running(changed, frozenset(Service)))
        write_addresses(addresses, changed, url)
        path = await first_sign_in(changed)
        yield Stack(url=url, settings=changed, first_sign_in=path and url + path)


async def _announce_what_was_lost(settings: Settings, say: Say) -> None:
    """Uploads that have no end yet were announced to a broker in memory, which is gone."""
    async with wiring.open_kept(settings) as kept:
        ever = datetime.max.replace(tzinfo=UTC)
        count = await wiring.reconciler(settings, kept).once(due_by=ever)
    if count:
        say(f"{count} upload{' of before is' if count == 1 else 's of before are'} announced again")


def _placed(settings: Settings, given: Given) -> Settings:
    """The settings with what was given; the ledger and the media stay below the state folder."""
    ledger = f"sqlite+aiosqlite:///{(settings.state / 'ledger.sqlite').absolute()}"
    changed = _updated(settings, "media", {"store": given.media or str(settings.state / "media")})
    database: dict[str, Any] = {"url": SecretStr(given.database or ledger)}
    if given.database is None:
        database |= _IN_THE_CLEAR
    changed = _updated(changed, "database", database)
    return changed if given.port is None else _updated(changed, "http", {"port": given.port})


async def _together(
    broker: Coroutine[Any, Any, dict[str, Any]], scoring: Coroutine[Any, Any, dict[str, Any]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Start both parts. Where one cannot start, the other has ended before that is raised:
    it would enter a stack of contexts that was left.
    """
    async with task_group() as tasks:
        parts = tasks.create_task(broker), tasks.create_task(scoring)
    return parts[0].result(), parts[1].result()


async def _broker(
    stack: AsyncExitStack, settings: Settings, given: Given, say: Say, warn: Say
) -> dict[str, Any]:
    if given.kafka is not None:
        return {"bootstrap": given.kafka}
    part = embedded_broker(state=settings.state)
    await stack.enter_async_context(watched(part.server, _end(part.server, "the broker", warn)))
    say(f"broker ready at {part.address} (Tansu, in memory)")
    return {
        "bootstrap": part.address,
        "idempotent": False,
        "partitions": _EMBEDDED_PARTITIONS,
        "replication": 1,
        "session": _EMBEDDED_SESSION,
        "fetch_wait": _EMBEDDED_FETCH_WAIT,
        "user": None,
        "password": None,
        **_IN_THE_CLEAR,
    }


async def _scoring(
    stack: AsyncExitStack,
    settings: Settings,
    given: Given,
    triton_environment: Path,
    say: Say,
    warn: Say,
) -> dict[str, Any]:
    if given.triton is not None:
        return {"backend": "triton", "triton": given.triton}
    if settings.scoring.backend == "in_process":
        return {}
    bundle = await asyncio.to_thread(wiring.served_bundle, settings)
    beside = await asyncio.to_thread(_laid_out_shadow, settings, warn)
    try:
        part = embedded_triton(
            environment=triton_environment,
            repository=bundle.folder,
            models=[detector.model for detector in bundle.manifest.models],
            state=settings.state,
            beside=beside,
        )
        await stack.enter_async_context(watched(part.server, _end(part.server, "Triton", warn)))
    except PartUnavailable as error:
        warn(f"NO TRITON SERVER: the models run inside the worker instead. {error}")
        return {"backend": "in_process"}
    say(f"Triton ready at {part.grpc}, with the bundle {bundle.manifest.title}")
    return {"backend": "triton", "triton": part.grpc, **_IN_THE_CLEAR}


def _end(server: Server, called: str, warn: Say) -> Callable[[int], None]:
    """Say that a part has ended: without it uploads wait, and nothing else would tell of that."""
    return lambda code: warn(
        f"{called} has ended (exit {code}); see {server.log}. Uploads wait until `up` runs anew"
    )


def _laid_out_shadow(settings: Settings, warn: Say) -> Path | None:
    """The repository of the shadow's models; None without one, or where it cannot be made."""
    folder = settings.state / "shadow"
    try:
        shadow = None if settings.shadow.triton else wiring.shadow_bundle(settings)
        if shadow is None:
            return None
        lay_out_beside(shadow, folder)
    except InvalidConfiguration as error:
        warn(f"NO SHADOW: {error}")
        return None
    return folder


def _updated(settings: Settings, section: str, values: dict[str, Any]) -> Settings:
    changed = getattr(settings, section).model_copy(update=values)
    return settings.model_copy(update={section: changed})
