"""One process that runs some or all of the services, and stops them in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol

import structlog
from fastapi import APIRouter, FastAPI

from console.app import build_app
from console.appeals.routes import appeals_area
from console.bounds import Bounds
from console.leading.pages import leads_area
from console.shadow.pages import shadow_area
from console.uploads import build_routes
from monitoring.health import Health, Pulse
from runtime import wiring
from runtime.http_server import HttpServer
from runtime.policies import load_policy
from runtime.resources import folders, watch_disks, watch_pool
from runtime.settings import Settings
from storage.database import now_utc
from storage.media import ObstoreMediaStore, probe
from streams.enact import Enactor
from streams.relay import Relay, watch_outbox
from streams.tasks import task_group

log = structlog.get_logger()


class Service(StrEnum):
    """What a process can be asked to run."""

    API = "api"
    INTAKE = "intake"
    WORKER = "worker"
    RELAY = "relay"
    RECONCILE = "reconcile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What the services of one process have in common."""

    settings: Settings
    kept: wiring.Kept
    health: Health
    tasks: asyncio.TaskGroup


@asynccontextmanager
async def running(settings: Settings, services: frozenset[Service]) -> AsyncIterator[str]:
    """Run services while the block lasts, and yield the address of their HTTP server.

    On leaving the block they finish or hand back their work. A service that
    fails ends the block.

    Raises:
        InvalidConfiguration, Unavailable: not all could be started; none is left running.
    """
    wiring.tell_unencrypted(settings)
    async with AsyncExitStack() as stack:
        shared = Shared(
            settings=settings,
            kept=await stack.enter_async_context(wiring.open_kept(settings)),
            health=Health(),
            tasks=await stack.enter_async_context(task_group()),
        )
        watch_pool(shared.kept.engine)
        await stack.enter_async_context(_background(shared, watch_disks(folders(settings))))
        await stack.enter_async_context(
            wiring.open_tracing(settings, shared.kept.engine, _service_name(services))
        )
        server = await _listening(stack, shared, services)
        for service in Service:  # in the order in which an upload passes them
            if service in services:
                await stack.enter_async_context(_RUN[service](shared))
        await stack.enter_async_context(
            _background(shared, server.run_until_stopped(), stop=server.stop)
        )
        yield server.url


def _service_name(services: frozenset[Service]) -> str:
    """As traces name a process."""
    return f"veriscope-{next(iter(services))}" if len(services) == 1 else "veriscope"


@asynccontextmanager
async def _background(
    shared: Shared, *work: Coroutine[Any, Any, None], stop: Callable[[], None] | None = None
) -> AsyncIterator[None]:
    """Run coroutines beside the block; at its end they are told to stop, or cancelled."""
    tasks = [shared.tasks.create_task(one) for one in work]
    try:
        yield
    finally:
        for task in tasks:
            if stop is None:
                task.cancel()
        if stop is not None:
            stop()


async def _listening(
    stack: AsyncExitStack, shared: Shared, services: frozenset[Service]
) -> HttpServer:
    """Listen before anything else runs, so that a taken port costs nothing."""
    shared.health.ready["database"] = shared.kept.outbox.backlog
    app = await _application(stack, shared, services)
    http = shared.settings.http
    proxies = [str(network) for network in http.proxies]
    return HttpServer(app, host=http.host, port=http.port, proxies=proxies)


async def _application(
    stack: AsyncExitStack, shared: Shared, services: frozenset[Service]
) -> FastAPI:
    """The console and the API where they are asked for; else only how the process is."""
    if Service.API not in services:
        return build_app(shared.health, version=wiring.VERSION)
    settings = shared.settings
    store = wiring.media_store(settings)
    shared.health.ready["media_store"] = lambda: probe(store)
    desk = wiring.moderators_desk(settings, shared.kept, store)
    drawn = desk.evidence
    await stack.enter_async_context(
        wiring.following(settings, drawn.policy, drawn, read=load_policy, judges=False)
    )
    console = await stack.enter_async_context(
        wiring.open_console(
            settings,
            shared.kept.accounts,
            _upload_routes(shared, store),
            (
                appeals_area(shared.kept.reviews.appeals, bounds=_bounds(settings)),
                *wiring.moderators_areas(desk, wiring.search_desk(shared.kept)),
                wiring.clusters_area(desk, shared.kept),
                leads_area(wiring.leads_desk(shared.kept)),
                shadow_area(shared.kept.shadow, now=now_utc),
                *wiring.erasure_areas(shared.kept),
                wiring.retention_page(settings, shared.kept),
            ),
        )
    )
    return build_app(shared.health, version=wiring.VERSION, gate=console.gate, areas=console.areas)


def _upload_routes(shared: Shared, store: ObstoreMediaStore) -> APIRouter:
    accept = wiring.intake(shared.settings, shared.kept).accept
    return build_routes(
        shared.kept.ledger,
        store,
        accept,
        bounds=_bounds(shared.settings),
        impression_first=shared.settings.review.impression_first,
    )


def _bounds(settings: Settings) -> Bounds:
    return Bounds(
        max_bytes=settings.media.max_bytes,
        uploads_at_once=settings.http.uploads_at_once,
        idle_seconds=settings.http.idle.total_seconds(),
    )


@asynccontextmanager
async def _api(_shared: Shared) -> AsyncIterator[None]:
    """Its routes are added to the HTTP server that every process has."""
    yield


@asynccontextmanager
async def _intake(shared: Shared) -> AsyncIterator[None]:
    async with wiring.open_publisher(shared.settings) as publisher:
        consumers = wiring.ledger_consumers(shared.settings, shared.kept, publisher)
        for consumer in consumers:
            shared.health.alive[consumer.group] = consumer.pulse.stuck_after(_patience(shared))
        async with _background(shared, *(consumer.run() for consumer in consumers)):
            yield


@asynccontextmanager
async def _relay(shared: Shared) -> AsyncIterator[None]:
    outbox = shared.kept.outbox
    async with wiring.open_publisher(shared.settings) as publisher:
        relay = Relay(outbox, shared.kept.dead_letters, publisher)
        shared.health.alive["relay"] = relay.pulse.stuck_after(_patience(shared))
        async with _background(shared, relay.run(), watch_outbox(outbox)):
            yield


class Loop(Protocol):
    """Work that comes round again and again."""

    pulse: Pulse

    def run(self, *, every_seconds: float) -> Coroutine[Any, Any, None]: ...


def _patience(shared: Shared) -> float:
    return shared.settings.stream.stuck_after.total_seconds()


def _reconcile(shared: Shared) -> AbstractAsyncContextManager[None]:
    """What looks into the ledger for things whose time has come."""
    settings, reviews = shared.settings, shared.kept.reviews
    topics, store = wiring.topics(settings), wiring.media_store(settings)
    enactor = Enactor(reviews.settlement, reviews.statistics, topics, reviews.plan)
    loops: dict[str, tuple[Loop, timedelta]] = {
        "reconcile": (wiring.reconciler(settings, shared.kept), settings.stream.reconcile_every),
        "enact": (enactor, settings.review.enact_every),
        "erase": (wiring.eraser(settings, shared.kept, store), settings.erasure.every),
        "retain": (wiring.retainer(settings, shared.kept, store), settings.retention.every),
    }
    if (heartbeat := wiring.heartbeat(settings, shared.kept, store)) is not None:
        loops["golden"] = (heartbeat, settings.golden.every)
    work = []
    for name, (loop, every) in loops.items():
        seconds = every.total_seconds()
        shared.health.alive[name] = loop.pulse.stuck_after(seconds + _patience(shared))
        work.append(loop.run(every_seconds=seconds))
    return _background(shared, *work)


@asynccontextmanager
async def _worker(shared: Shared) -> AsyncIterator[None]:
    settings = shared.settings
    async with (
        wiring.open_publisher(settings) as publisher,
        wiring.open_worker(settings, shared.kept, publisher) as worker,
    ):
        await worker.start()
        limit = _patience(shared)

        def stuck() -> str | None:
            stalled = worker.stalled_seconds()
            return f"a partition has not moved for {stalled:.0f} s" if stalled > limit else None

        shared.health.alive["worker"] = stuck
        async with (
            _background(shared, worker.wait(), stop=lambda: None),
            _background(shared, worker.watch()),
        ):
            try:
                yield
            finally:
                await worker.stop(within=settings.stream.stop_within)


_RUN: dict[Service, Callable[[Shared], AbstractAsyncContextManager[None]]] = {
    Service.API: _api,
    Service.INTAKE: _intake,
    Service.WORKER: _worker,
    Service.RELAY: _relay,
    Service.RECONCILE: _reconcile,
}
