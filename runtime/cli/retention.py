"""Commands that show how long things are kept, and remove what is due."""

from __future__ import annotations

import asyncio
import json as json_format
from typing import TYPE_CHECKING, Any

import typer

from runtime.cli.columns import table_of, whole_lines
from runtime.cli.options import JsonLines

if TYPE_CHECKING:
    from moderation.retention import Part, RetentionPlan
    from storage.retention.standings import Standings

app = typer.Typer(help="How long uploads' parts are kept.", no_args_is_help=True)

_COLUMNS = ("tenant", "part", "days", "until", "held", "overdue_since")


@app.command()
def show(json: JsonLines = False) -> None:
    """Show each tenant's times, how far what is due has been removed, and what is held."""
    plan, found = asyncio.run(_standings())
    lines = [line for tenant in sorted(found) for line in _lines(plan, tenant, found)]
    if json:
        for line in lines:
            print(json_format.dumps(line))
        return
    rows = [["-" if line[name] is None else line[name] for name in _COLUMNS] for line in lines]
    table = table_of([name.replace("_", " ") for name in _COLUMNS], rows)
    whole_lines().print(table if lines else "no upload has come to an end yet")


@app.command()
def run() -> None:
    """Remove now what is due, where no `veriscope reconcile` runs."""
    for part, count in asyncio.run(_run()).items():
        print(f"{count:>8}  {part}")


def _lines(plan: RetentionPlan, tenant: str, found: Standings) -> list[dict[str, Any]]:
    from moderation.retention import Part

    lines = []
    for part in Part:
        time, standing = plan.of(tenant).of(part), found[tenant].get(part)
        until = standing.until if standing else None
        since = standing.overdue_since if standing else None
        lines.append(
            {
                "tenant": tenant,
                "part": part.value,
                "days": None if time is None else time.total_seconds() / 86400,
                "until": until and until.isoformat(timespec="seconds"),
                "held": standing.held if standing else 0,
                "overdue_since": since and since.isoformat(timespec="seconds"),
            }
        )
    return lines


async def _standings() -> tuple[RetentionPlan, Standings]:
    from runtime import wiring
    from runtime.settings import read_settings

    settings = read_settings()
    async with wiring.open_kept(settings) as kept:
        return wiring.retention_plan(settings), await wiring.retention_standings(settings, kept)()


async def _run() -> dict[Part, int]:
    from runtime import wiring
    from runtime.settings import read_settings

    settings = read_settings()
    async with wiring.open_kept(settings) as kept:
        return await wiring.retainer(settings, kept, wiring.media_store(settings)).once()
