"""Commands for leads and integrators: what waits, a year in figures, statements of reasons."""

from __future__ import annotations

import asyncio
import json as json_format
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime.cli import known_items
from runtime.cli.columns import endless_lines, table_of
from runtime.cli.options import JsonLines, OnlyTenants

if TYPE_CHECKING:
    from moderation.review import ReviewJob
    from moderation.statement_rules import Statement

app = typer.Typer(help="What people look at and decide.", no_args_is_help=True)
app.add_typer(known_items.app, name="known-items")

_MOST = 10_000


class Format(StrEnum):
    """How statements are written."""

    JSON = "json"
    CSV = "csv"


@app.command("list")
def list_(
    queue: Annotated[str | None, typer.Option(help="Only of this queue: a policy's name.")] = None,
    tenant: OnlyTenants = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what was decided.")] = False,
    json: JsonLines = False,
) -> None:
    """List review jobs, oldest deadline first."""
    jobs = asyncio.run(_jobs(queue, tenant, open_only=not everything))
    if json:
        for job in jobs:
            print(json_format.dumps(asdict(job), default=str))
        return
    columns = ("deadline", "queue", "kind", "state", "with", "tenant", "upload")
    table = table_of(columns, map(_row, jobs))
    endless_lines().print(table if jobs else "no reviews")


@app.command()
def figures(
    year: Annotated[int, typer.Argument(min=2000, max=9998, help="A calendar year, UTC.")],
    tenant: OnlyTenants = None,
) -> None:
    """Print what a yearly transparency report asks for, as JSON.

    With it, how far first and blind second reviewers agreed, and how each moderator, by
    pseudonym, answered known items.
    """
    print(json_format.dumps(asyncio.run(_figures(year, tenant)), indent=2))


@app.command()
def statements(
    since: Annotated[datetime, typer.Option(help="First day, UTC.", formats=["%Y-%m-%d"])],
    until: Annotated[datetime, typer.Option(help="Last day, UTC.", formats=["%Y-%m-%d"])],
    tenant: OnlyTenants = None,
    automated: Annotated[
        str | None,
        typer.Option(help="Also what verdicts alone restricted, for this policy reason."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to write them.")] = Format.JSON,
) -> None:
    """Write statements of reasons as the European transparency database takes them.

    Each is checked by the database's rules; one that it would refuse ends the command. A decision
    that may still be undone is not in force, and has none yet.
    """
    from moderation.statements import as_csv, as_json

    end = until + timedelta(days=1)
    first, last = (moment.replace(tzinfo=UTC) for moment in (since, end))
    found = asyncio.run(_statements(first, last, tenant, automated))
    if not found:
        told = "no restriction of that time is in force yet"
        typer.echo(f"{told} (verdicts alone: --automated)" if not automated else told, err=True)
    sys.stdout.write(as_json(found) if form is Format.JSON else as_csv(found))


def _row(job: ReviewJob) -> tuple[str, ...]:
    deadline = job.deadline_at.isoformat(timespec="minutes")
    holder = job.lock.moderator if job.lock else ""
    return (deadline, job.queue, job.kind, job.state, holder, job.tenant, job.upload_id)


async def _jobs(
    queue: str | None, tenants: list[str] | None, *, open_only: bool
) -> list[ReviewJob]:
    from runtime import wiring
    from runtime.settings import read_settings
    from storage.reviews.ports import JobFilter

    which = JobFilter(queue=queue, tenants=tenants or None, open_only=open_only)
    async with wiring.open_kept(read_settings()) as kept:
        return await kept.reviews.records.jobs(which, limit=_MOST)


async def _figures(year: int, tenants: list[str] | None) -> dict[str, Any]:
    from moderation.figures import year_of
    from moderation.known_items import accuracy_of
    from runtime import wiring
    from runtime.settings import read_settings

    since, until = year_of(year)
    async with wiring.open_kept(read_settings()) as kept:
        statistics = kept.reviews.statistics
        told = await statistics.figures(year, tenants or None)
        agreement = await statistics.agreement(since, until, tenants or None)
        answers = await kept.reviews.known.answers(since, until, tenants or None)
        everyone = await kept.accounts.people.everyone()
    pseudonyms = {one.person.person_id: one.person.pseudonym for one in everyone}
    return asdict(told) | {
        "agreement": asdict(agreement),
        "known_items_by_moderator": [
            asdict(one) | {"moderator": pseudonyms.get(one.moderator, "somebody")}
            for one in accuracy_of(answers)
        ],
    }


async def _statements(
    since: datetime, until: datetime, tenants: list[str] | None, automated: str | None
) -> list[Statement]:
    from moderation.errors import InvalidConfiguration
    from moderation.statement_rules import faults
    from moderation.statements import statement_of
    from runtime import wiring
    from runtime.settings import read_settings

    settings = read_settings()
    terms = wiring.statement_terms(settings)
    async with wiring.open_kept(settings) as kept:
        restrictions = await kept.reviews.records.restrictions(
            since, until, tenants or None, automated=automated is not None
        )
        reasons = kept.reviews.reasons
    stated = []
    for one in restrictions:
        key = one.decision.reason if one.decision else automated or ""
        if key not in reasons or not reasons[key].restricts:
            raise InvalidConfiguration(f"the policy has no reason {key} to restrict")
        statement = statement_of(one.verdict, one.decision, reasons[key], terms)
        refused = faults(statement)
        if refused:
            raise InvalidConfiguration(f"statement {statement['puid']}: {refused[0]}")
        stated.append(statement)
    return stated
