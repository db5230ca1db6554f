"""The HTTP interface, asked of the application itself; nothing is connected for that."""

from __future__ import annotations

from console.app import build_app
from console.appeals.routes import appeals_area
from console.areas import Area
from console.bounds import Bounds
from console.erasure.routes import erasure_routes
from console.uploads import build_routes
from moderation.upload import Upload
from monitoring.health import Health
from runtime.documents.schemas import as_json
from runtime.wiring import VERSION
from storage.erasure.in_memory import InMemoryErasures
from storage.in_memory import InMemoryLedger, InMemoryMediaStore, Memory
from storage.reviews.in_memory_appeals import InMemoryAppeals


def openapi() -> str:
    memory, bounds = Memory(), Bounds(max_bytes=1)
    routes = build_routes(InMemoryLedger(memory), InMemoryMediaStore(), _accept, bounds=bounds)
    areas = [
        Area(routes=routes),
        appeals_area(InMemoryAppeals(memory), bounds=bounds),
        erasure_routes(InMemoryErasures(memory)),
    ]
    return as_json(build_app(Health(), version=VERSION, areas=areas).openapi())


async def _accept(_upload: Upload) -> bool:
    return False
