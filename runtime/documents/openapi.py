"""The HTTP interface, asked of the application itself; nothing is connected for that."""

from __future__ import annotations

from console.app import build_app
from console.appeals.routes import appeals_area
from console.areas import Area
from console.bounds import Bounds
from console.uploads import build_routes
from moderation.upload import Upload
from monitoring.health import Health
from runtime.documents.schemas import as_json
from runtime.wiring import VERSION
from storage.in_memory import InMemoryLedger, InMemoryMediaStore, Memory
from storage.reviews.in_memory_appeals import InMemoryAppeals


def openapi() -> str:
    routes = build_routes(
        InMemoryLedger(Memory()), InMemoryMediaStore(), _accept, bounds=Bounds(max_bytes=1)
    )
    return as_json(build_app(Health(), version=VERSION, areas=[Area(routes=routes)]).openapi())


async def _accept(_upload: Upload) -> bool:
    return False
