"""How long things are kept, as the settings say it, and what removes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from console.areas import Area
from console.erasure.times import retention_area
from moderation.errors import InvalidConfiguration
from moderation.retention import Part, Retention, RetentionPlan
from moderation.upload import GOLDEN
from runtime.settings import KeptFor, Settings
from runtime.wiring.broker import topics
from runtime.wiring.kept import Kept
from storage.database import now_utc
from storage.ports import Erasable
from storage.retention.leases import SqlLeases
from storage.retention.standings import Standings, standings
from storage.retention.working import SqlRetention
from streams.retain import Retainer

_A_DAY = Retention(**{part.value: timedelta(days=1) for part in Part})  # there are many


def retention_plan(settings: Settings) -> RetentionPlan:
    """Raises: InvalidConfiguration: a part is to stay longer than one that goes after it."""
    kept = settings.retention
    try:
        return RetentionPlan(
            default=_retention(kept, kept),
            tenants={GOLDEN: _A_DAY}
            | {tenant: _retention(own, kept) for tenant, own in kept.tenants.items()},
        )
    except ValueError as error:
        raise InvalidConfiguration(f"VERISCOPE_RETENTION: {error}") from error


def retainer(settings: Settings, kept: Kept, store: Erasable) -> Retainer:
    """Raises: InvalidConfiguration: see `retention_plan`."""
    return Retainer(
        SqlRetention(kept.engine),
        store,
        SqlLeases(kept.engine),
        topics(settings),
        retention_plan(settings),
        strays_after=settings.retention.strays_after,
    )


def retention_standings(settings: Settings, kept: Kept) -> Callable[[], Awaitable[Standings]]:
    """Raises: InvalidConfiguration: see `retention_plan`."""
    work, plan = SqlRetention(kept.engine), retention_plan(settings)
    return lambda: standings(work, plan, now_utc())


def retention_page(settings: Settings, kept: Kept) -> Area:
    """Raises: InvalidConfiguration: see `retention_plan`."""
    return retention_area(retention_plan(settings), retention_standings(settings, kept))


def _retention(own: KeptFor, default: KeptFor) -> Retention:
    """A tenant's times; where it names none, those of all."""
    said = own.model_fields_set
    times = {part: getattr(own if part in said else default, part.value) for part in Part}
    return Retention(**times)
