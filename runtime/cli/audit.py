"""Commands that prove what was decided."""

from __future__ import annotations

import asyncio
import json as json_format
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from moderation.people import EVERY, Tenants
from runtime.cli.options import JsonLines, OnlyTenants

if TYPE_CHECKING:
    from storage.accounts.records import MediaAccess
    from storage.reviews.verifying import ChainReport

app = typer.Typer(help="What was decided, and who looked at media.", no_args_is_help=True)

_NOTED = re.compile(r"(?P<tenant>[^:]+):(?P<sequence>[0-9]+):(?P<digest>[0-9a-f]{64})")


@app.command()
def verify(
    expect: Annotated[
        list[str] | None,
        typer.Option(help="TENANT:SEQUENCE:DIGEST, as a decision message told it; repeatable."),
    ] = None,
    json: JsonLines = False,
) -> None:
    """Walk every tenant's chain of decisions; exit 1 and name the first broken link of each."""
    reports = asyncio.run(_verify(_witnessed(expect or [])))
    for report in reports:
        print(json_format.dumps(asdict(report)) if json else _line(report))
    if not reports and not json:
        print("no decisions")
    if any(report.broken for report in reports):
        raise typer.Exit(1)


@app.command()
def accesses(
    person: Annotated[str | None, typer.Option(help="Only of who signs in by this name.")] = None,
    upload: Annotated[str | None, typer.Option(help="Only of this upload.")] = None,
    tenant: OnlyTenants = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest, so many at most.")] = 1000,
    json: JsonLines = False,
) -> None:
    """List who looked at which media, the newest first."""
    try:
        tenants = Tenants(frozenset(tenant or [EVERY]))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    found = asyncio.run(_accesses(tenants, person, upload, limit))
    if not (found or json):
        print("nobody has looked")
    for access, name in found:
        told = asdict(access) | {"person": name}
        print(json_format.dumps(told, default=str) if json else _look(access, name))


async def _accesses(
    tenants: Tenants, person: str | None, upload_id: str | None, limit: int
) -> list[tuple[MediaAccess, str]]:
    from moderation.errors import UnknownPerson
    from runtime import wiring
    from runtime.settings import read_settings

    async with wiring.open_kept(read_settings()) as kept:
        everyone = await kept.accounts.people.everyone()
        names = {one.person.person_id: one.person.name for one in everyone}
        ids = [one for one, name in names.items() if person in (None, name)]
        if person is not None and not ids:
            raise UnknownPerson(f"nobody signs in as {person}")
        found = await kept.accounts.log.accesses(
            tenants, upload_id=upload_id, person_id=ids[0] if person else None, limit=limit
        )
    return [(one, names.get(one.person_id, "somebody")) for one in found]


def _look(access: MediaAccess, name: str) -> str:
    at = access.at.isoformat(timespec="seconds")
    what = f"{access.part.value} {access.detail}".strip()
    by = f"{name} (token {access.token_id})" if access.token_id else name
    return f"{at}  {by}  {access.tenant}/{access.upload_id}  {what}  {access.reason}"


def _witnessed(expect: list[str]) -> dict[str, dict[int, str]]:
    noted: dict[str, dict[int, str]] = {}
    for one in expect:
        found = _NOTED.fullmatch(one)
        if found is None:
            raise typer.BadParameter(f"{one} is not TENANT:SEQUENCE:DIGEST")
        noted.setdefault(found["tenant"], {})[int(found["sequence"])] = found["digest"]
    return noted


async def _verify(noted: dict[str, dict[int, str]]) -> list[ChainReport]:
    from moderation.decisions import BEFORE_THE_FIRST
    from runtime import wiring
    from runtime.settings import read_settings
    from storage.reviews.verifying import verify as walk

    async with wiring.open_kept(read_settings()) as kept:
        trail = kept.reviews.audit
        heads = dict.fromkeys(noted, (0, BEFORE_THE_FIRST)) | await trail.heads()
        return [
            await walk(trail, tenant, head, noted.get(tenant, {}))
            for tenant, head in sorted(heads.items())
        ]


def _line(report: ChainReport) -> str:
    if report.broken is None:
        return f"whole   {report.tenant}: {report.links} decisions, last {report.digest}"
    return f"BROKEN  {report.tenant}: link {report.broken.sequence}: {report.broken.what}"
