"""What happens when a hop fails: wait and try again, or set the message aside with its bytes."""

from __future__ import annotations

import asyncio
import random
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog

from moderation.errors import Inconsistent, MediaRejected, ModerationError, Unavailable
from monitoring import metrics
from monitoring.health import Pulse
from storage.ports import DeadLetter

log = structlog.get_logger()

T = TypeVar("T")

_LOUD = (1, 5, 20, 100)  # failures in a row that are worth a line


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOff:
    """Exponential back-off with equal jitter, as in "Exponential Backoff And Jitter" (AWS, 2015).

    `attempts` counts the first one; None tries for ever.
    """

    first_seconds: float = 0.2
    longest_seconds: float = 30.0
    attempts: int | None = 40

    def pause(self, failures: int) -> float:
        """Seconds to wait after that many failures in a row (from 1)."""
        ceiling = min(self.longest_seconds, self.first_seconds * 2.0 ** min(failures - 1, 16))
        return random.uniform(ceiling / 2, ceiling)

    def allows(self, failures: int) -> bool:
        return self.attempts is None or failures < self.attempts


FOR_EVER = BackOff(attempts=None)


def note(who: str, pulse: Pulse | None = None) -> Callable[[Unavailable, int], None]:
    """Make what `patiently` tells of failures: a metric, and now and then a line.

    A `pulse` beats at each: waiting for a dependency is not hanging.
    """

    def noted(error: Unavailable, failures: int) -> None:
        if pulse is not None:
            pulse.beat()
        metrics.RETRIES.labels(who, type(error).__name__).inc()
        if failures in _LOUD:
            log.warning(
                "waiting", who=who, failures=failures, error=type(error).__name__, detail=str(error)
            )

    return noted


async def patiently(
    work: Callable[[], Awaitable[T]],
    back_off: BackOff,
    *,
    on_failure: Callable[[Unavailable, int], None] = lambda _error, _failures: None,
) -> T:
    """Do the work, again while a dependency is unavailable.

    Raises:
        Unavailable: as the last attempt raised it; any other error at once.
    """
    failures = 0
    while True:
        try:
            return await work()
        except Unavailable as error:
            failures += 1
            on_failure(error, failures)
            if not back_off.allows(failures):
                raise
        await asyncio.sleep(back_off.pause(failures))


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A message as it came, and where from."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]

    @classmethod
    def of(cls, record: Any) -> Origin:
        """Take a record of aiokafka or a message of Faust; of a repeated header the last counts."""
        return cls(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=record.key,
            value=record.value,
            headers={name: value or b"" for name, value in record.headers or ()},
        )


def fault_of(error: Exception) -> str:
    """Whose fault an error is, as the word that metrics and dead letters use."""
    if isinstance(error, MediaRejected):
        return "upload"
    if isinstance(error, Unavailable):
        return "dependency"
    return "ours"


def dead_letter(origin: Origin, error: Exception, *, attempts: int) -> DeadLetter:
    """Set a message aside. An error that is none of ours is a defect and carries its trace."""
    own = isinstance(error, ModerationError)
    trace = "" if own and not isinstance(error, Inconsistent) else _trace(error)
    return DeadLetter(
        origin_topic=origin.topic,
        origin_partition=origin.partition,
        origin_offset=origin.offset,
        key=origin.key,
        value=origin.value,
        headers=origin.headers,
        fault=fault_of(error),
        reason=type(error).__name__,
        detail=str(error)[:1000],
        attempts=attempts,
        trace=trace,
        failed_at=datetime.now(UTC),
    )


def _trace(error: Exception) -> str:
    return "".join(traceback.format_exception(error))[-8000:]
