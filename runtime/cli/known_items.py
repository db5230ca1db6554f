"""Commands for items whose right answer is known: what leads do in the console."""

from __future__ import annotations

import asyncio
import json as json_format
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from runtime.cli.columns import endless_lines, table_of
from runtime.cli.options import JsonLines, OnlyTenants

if TYPE_CHECKING:
    from moderation.known_items import KnownItem

app = typer.Typer(
    help="Flagged uploads whose right answer is known, mixed among others.", no_args_is_help=True
)

Upload = Annotated[str, typer.Argument(help="The upload's id.")]
# Whom the ledger names as who marked it: somebody at the machine, without an account.
_BY = "command line"


class Truth(StrEnum):
    """What is known of the media."""

    FORGED = "forged"
    GENUINE = "genuine"


@app.command()
def mark(upload: Upload, truth: Annotated[Truth, typer.Argument(help="What it is.")]) -> None:
    """Mix a flagged upload among others, to see how many answer it rightly."""
    asyncio.run(_mark(upload, truth))
    print(f"{upload} is marked: {truth}")


@app.command()
def forget(upload: Upload) -> None:
    """No longer draw an upload; answers to it are counted no more."""
    asyncio.run(_forget(upload))
    print(f"{upload} is forgotten")


@app.command("list")
def list_(
    tenant: OnlyTenants = None,
    json: JsonLines = False,
) -> None:
    """List known items, the newest first."""
    items = asyncio.run(_items(tenant))
    if json:
        for item in items:
            print(json_format.dumps(asdict(item), default=str))
        return
    rows = [
        (one.upload_id, one.tenant, one.expected, one.marked_at.isoformat(timespec="minutes"))
        for one in items
    ]
    table = table_of(("upload", "tenant", "right answer", "marked"), rows)
    endless_lines().print(table if items else "no known items")


async def _mark(upload_id: str, truth: Truth) -> None:
    from moderation.decisions import DecisionKind
    from runtime import wiring
    from runtime.settings import read_settings
    from storage.database import now_utc

    right = DecisionKind.UPHOLD if truth is Truth.FORGED else DecisionKind.OVERTURN
    async with wiring.open_kept(read_settings()) as kept:
        await kept.reviews.known.mark(upload_id, right, by=_BY, at=now_utc())


async def _forget(upload_id: str) -> None:
    from runtime import wiring
    from runtime.settings import read_settings

    async with wiring.open_kept(read_settings()) as kept:
        await kept.reviews.known.forget(upload_id)


async def _items(tenants: list[str] | None) -> list[KnownItem]:
    from runtime import wiring
    from runtime.settings import read_settings

    async with wiring.open_kept(read_settings()) as kept:
        return await kept.reviews.known.items(tenants or None)
