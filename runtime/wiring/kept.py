"""What stands in the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.errors import InvalidConfiguration
from runtime.settings import Settings
from runtime.wiring.reviews import Reviews, reviews
from runtime.wiring.securing import database_tls
from storage.accounts.database import accounts_in
from storage.accounts.ports import Accounts
from storage.database import open_database
from storage.dead_letters import SqlDeadLetters
from storage.ledger import SqlLedger
from storage.open_uploads import SqlOpenUploads
from storage.outbox import SqlOutbox
from storage.schema import current_of, newest
from storage.shadow.database import SqlShadowScores


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Everything that stands in the database."""

    engine: AsyncEngine
    ledger: SqlLedger
    open_uploads: SqlOpenUploads
    outbox: SqlOutbox
    dead_letters: SqlDeadLetters
    reviews: Reviews
    accounts: Accounts
    shadow: SqlShadowScores


@asynccontextmanager
async def open_kept(settings: Settings) -> AsyncIterator[Kept]:
    """Open the ledger.

    Raises:
        LedgerUnavailable: it cannot be reached.
        InvalidConfiguration: its schema is not the one this version writes, or the policy's
            reasons cannot be read.
    """
    url = settings.database.url.get_secret_value()
    engine = open_database(url, tls=database_tls(settings))
    try:
        found = await current_of(engine)
        if found != newest():
            raise InvalidConfiguration(
                f"the database's schema is {found or 'missing'}, not {newest()}: "
                "run `veriscope db upgrade`"
            )
        opened = reviews(engine, settings)
        yield Kept(
            engine=engine,
            ledger=SqlLedger(engine, plan=opened.plan),
            open_uploads=SqlOpenUploads(engine),
            outbox=SqlOutbox(engine),
            dead_letters=SqlDeadLetters(engine),
            reviews=opened,
            accounts=accounts_in(engine),
            shadow=SqlShadowScores(engine),
        )
    finally:
        await engine.dispose()
