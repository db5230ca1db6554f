"""The upload endpoint over memory."""

from __future__ import annotations

from datetime import timedelta

import httpx

from console.app import build_app
from console.areas import Area
from console.bounds import Bounds
from console.identity.gate import Gate
from console.identity.site import Site
from console.uploads import build_routes
from monitoring.health import Health
from storage.accounts.in_memory import accounts_in_memory
from storage.database import now_utc
from storage.in_memory import InMemoryLedger, InMemoryMediaStore, Memory
from streams.intake import Deadlines, Intake
from streams.topics import Topics

LIMIT = 1000
BOUNDS = Bounds(max_bytes=LIMIT)


class Desk:
    """The upload endpoint over memory, asked from the machine it runs on."""

    def __init__(self, *, accept=None, ledger=None, store=None, bounds: Bounds = BOUNDS) -> None:
        self.memory = Memory()
        self.store = store or InMemoryMediaStore()
        self.health = Health()
        self.ledger = ledger or InMemoryLedger(self.memory)
        deadlines = Deadlines(live=timedelta(minutes=1), backfill=timedelta(hours=1))
        intake = Intake(self.ledger, Topics("test"), deadlines)
        routes = build_routes(self.ledger, self.store, accept or intake.accept, bounds=bounds)
        accounts = accounts_in_memory()
        gate = Gate(
            site=Site(),
            sessions=accounts.sessions,
            tokens=accounts.tokens,
            now=now_utc,
            idle=timedelta(hours=1),
            machine_uploads=True,
        )
        self.app = build_app(self.health, version="1", gate=gate, areas=[Area(routes=routes)])
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")

    async def upload(self, content: bytes, name: str = "a.jpg", **parameters: str):
        return await self.http.post(
            "/v1/uploads", files={"file": (name, content)}, params=parameters
        )
