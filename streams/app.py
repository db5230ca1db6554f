"""The Faust application: three hops, each with an agent for each lane."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic

from faust.types import TP

from moderation.upload import Lane
from monitoring import metrics
from streams.connections import Security
from streams.hops import Hop, Settler, Window
from streams.offsets import App, Place
from streams.ports import Publisher
from streams.retries import BackOff
from streams.topics import Topics

_START_PATIENCE_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FaustConnection:
    """What Faust needs to reach the broker; `broker` is HOST:PORT, comma-separated for several."""

    broker: str
    group: str
    data_folder: str
    security: Security = field(default_factory=Security)
    session: timedelta = timedelta(seconds=20)
    fetch_wait: timedelta = timedelta(seconds=1)


def build_app(connection: FaustConnection) -> App:
    """Make a Faust app that serves no pages, keeps no tables and creates no topics."""
    app = App(
        connection.group,
        broker=[f"kafka://{address}" for address in connection.broker.split(",")],
        broker_credentials=connection.security.credentials(),
        broker_session_timeout=connection.session.total_seconds(),
        broker_heartbeat_interval=connection.session.total_seconds() / 4,
        broker_commit_interval=1.0,
        broker_max_poll_records=64,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        consumer_auto_offset_reset="earliest",
        processing_guarantee="at_least_once",
        key_serializer="raw",
        value_serializer="raw",
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        store="memory://",
        datadir=connection.data_folder,
        debug=False,
    )
    app.fetch_wait = connection.fetch_wait
    return app


class Worker:
    """Runs the hops on a Faust app, and stops them so that nothing is lost or left half-done."""

    def __init__(
        self, app: App, topics: Topics, publisher: Publisher, *, back_off: BackOff
    ) -> None:
        self._app = app
        self._topics = topics
        self._publisher = publisher
        self._back_off = back_off
        self._windows: list[Window] = []
        self._settlers: list[Settler] = []
        self._stalls = Stalls()

    def add(self, hop: Hop, topic_of: Callable[[Lane], str]) -> None:
        """Give a hop an agent on each lane's topic; each lane has a window of its own."""
        settler = Settler(
            hop.name,
            hop.handle,
            self._publisher,
            dead_letters=self._topics.dead_letters,
            back_off=self._back_off,
        )
        self._settlers.append(settler)
        for lane in Lane:
            window = Window(hop.name, lane, hop.window, settler.settle)
            self._windows.append(window)
            topic = self._app.topic(
                topic_of(lane),
                key_type=bytes,
                value_type=bytes,
                key_serializer="raw",
                value_serializer="raw",
                internal=False,
            )
            # A window, and as much again that waits for it; Faust's own buffer holds more.
            self._app.enough[topic_of(lane)] = 2 * hop.window
            self._app.agent(topic, name=f"{hop.name}.{lane}", concurrency=1)(window.consume)

    async def start(self) -> None:
        """Join the group; what was committed last is where it goes on.

        Faust leaves threads behind when it is cancelled while it starts: it is let
        come up, and then stopped.
        """
        starting = asyncio.ensure_future(self._app.start())
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            await asyncio.wait({starting}, timeout=_START_PATIENCE_SECONDS)
            await self._app.stop()
            raise

    async def wait(self) -> None:
        """Return when Faust has stopped.

        Raises: what made it crash.
        """
        await self._app.wait_until_stopped()
        if self._app.crash_reason is not None:
            raise self._app.crash_reason

    async def stop(self, *, within: timedelta) -> None:
        """Finish what is in hand or hand it back, commit, and leave the group."""
        seconds = within.total_seconds() * 0.6
        await asyncio.gather(*(window.drain(seconds) for window in self._windows))
        await self._app.stop()

    async def watch(self, *, every_seconds: float = 10.0) -> None:
        """Keep the lag's metrics, and note what does not move, until cancelled."""
        while True:
            await asyncio.sleep(every_seconds)
            places = await self._app.consumer.places()
            waiting = any(settler.waiting for settler in self._settlers)
            expected = {} if waiting else expected_to_move(places, self._topics.lane_of)
            self._stalls.look(expected, monotonic())
            metrics.LAG.clear()
            for tp, place in places.items():
                metrics.LAG.labels(tp.topic).inc(place.behind)
            metrics.STALLED_SECONDS.set(self.stalled_seconds())

    def stalled_seconds(self) -> float:
        """How long a partition has had messages and not moved."""
        return self._stalls.longest(monotonic())


def expected_to_move(
    places: Mapping[TP, Place], lane_of: Callable[[str], Lane]
) -> Mapping[TP, Place]:
    """Those whose messages are not rightly left waiting: a backfill waits behind live uploads."""
    live = {tp: place for tp, place in places.items() if lane_of(tp.topic) is Lane.LIVE}
    return live if any(place.behind for place in live.values()) else places


class Stalls:
    """Since when partitions that have messages have not moved: what a live process can hide."""

    def __init__(self) -> None:
        self._since: dict[TP, tuple[tuple[int | None, int], float]] = {}

    def look(self, places: Mapping[TP, Place], now: float) -> None:
        """Compare with the look before; a partition that is not named any more is forgotten."""
        before, self._since = self._since, {}
        for tp, place in places.items():
            if place.behind:
                stand = (place.settled, place.position)
                stand_before, since = before.get(tp, (None, now))
                self._since[tp] = (stand, since if stand == stand_before else now)

    def longest(self, now: float) -> float:
        return max((now - since for _, since in self._since.values()), default=0.0)
