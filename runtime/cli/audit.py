"""Commands that prove what was decided."""

from __future__ import annotations

import asyncio
import json as json_format
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from storage.reviews.verifying import ChainReport

app = typer.Typer(help="The chains of decisions.", no_args_is_help=True)

_NOTED = re.compile(r"(?P<tenant>[^:]+):(?P<sequence>[0-9]+):(?P<digest>[0-9a-f]{64})")


@app.callback()
def _group() -> None:
    """Keep `verify` a command of its own name."""


@app.command()
def verify(
    expect: Annotated[
        list[str] | None,
        typer.Option(help="TENANT:SEQUENCE:DIGEST, as a decision message told it; repeatable."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a tenant.")] = False,
) -> None:
    """Walk every tenant's chain of decisions; exit 1 and name the first broken link of each."""
    reports = asyncio.run(_verify(_witnessed(expect or [])))
    for report in reports:
        print(json_format.dumps(asdict(report)) if json else _line(report))
    if not reports and not json:
        print("no decisions")
    if any(report.broken for report in reports):
        raise typer.Exit(1)


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
