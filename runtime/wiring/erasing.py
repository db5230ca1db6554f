"""What is erased when somebody asks, and what keeps it from coming back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from console.areas import Area
from console.erasure.pages import erasure_area
from console.erasure.routes import erasure_routes
from runtime.settings import Settings
from runtime.wiring.broker import topics
from runtime.wiring.kept import Kept
from storage.erasure.asking import SqlErasures
from storage.erasure.tombstones import SqlErasedUploads
from storage.erasure.working import SqlErasureWork
from storage.ports import Erasable
from storage.retention.leases import SqlLeases
from streams.erase import Eraser, UnlessErased
from streams.hops import Handle


def erasure_areas(kept: Kept) -> tuple[Area, Area]:
    """The console's page, and the API's routes."""
    asked = erasures(kept)
    return erasure_area(asked), erasure_routes(asked)


def erasures(kept: Kept) -> SqlErasures:
    return SqlErasures(kept.engine)


def eraser(settings: Settings, kept: Kept, store: Erasable) -> Eraser:
    return Eraser(
        SqlErasureWork(kept.engine),
        store,
        SqlLeases(kept.engine),
        topics(settings),
        settle=settings.erasure.settle,
    )


def unless_erased(kept: Kept, store: Erasable) -> Callable[[Handle], Handle]:
    """What every hop is wrapped in."""
    return partial(UnlessErased, SqlErasedUploads(kept.engine), store)
