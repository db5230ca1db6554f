"""Commands for a shadow: how it differs from what serves, and what Triton needs to serve it."""

from __future__ import annotations

import asyncio
import json as json_format
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from runtime.cli.options import JsonWhole, OnlyTenants

if TYPE_CHECKING:
    from moderation.shadow import Comparison, ShadowScore
    from storage.shadow.ports import ShadowFilter

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


def shadow(
    since: Annotated[
        datetime | None, typer.Option(help="From this time on, UTC.", formats=_FORMATS)
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(help="Up to this time, UTC.", formats=_FORMATS)
    ] = None,
    tenant: OnlyTenants = None,
    sample: Annotated[
        int, typer.Option(min=0, max=1000, help="So many uploads with another label, too.")
    ] = 0,
    json: JsonWhole = False,
) -> None:
    """Compare the shadow with what served: other labels, agreement, and what it costs."""
    from moderation.people import ALL_TENANTS, Tenants
    from runtime.cli.shadow_tables import described, page
    from storage.shadow.ports import ShadowFilter

    which = ShadowFilter(
        since=since.replace(tzinfo=UTC) if since else None,
        until=until.replace(tzinfo=UTC) if until else None,
        tenants=Tenants.named(*tenant) if tenant else ALL_TENANTS,
    )
    comparisons, flipped = asyncio.run(_read(which, sample))
    if json:
        print(json_format.dumps(described(comparisons, flipped), indent=2))
        return
    for part in page(comparisons, flipped):
        Console().print(part)


def shadow_files(
    title: Annotated[str, typer.Argument(help="NAME:VERSION, as `list` prints it.")],
    folder: Annotated[Path, typer.Argument(help="Where to; Triton must be able to read it.")],
) -> None:
    """Write a bundle's models under names of their own, for Triton to serve beside the others."""
    from inference.bundles.beside import lay_out_beside
    from inference.bundles.bundle import read_bundle
    from runtime import wiring
    from runtime.settings import read_settings

    settings = read_settings()
    lay_out_beside(read_bundle(wiring.bundle_store(settings).find(title).folder), folder)
    print(f"1. start Triton with --model-repository={folder.absolute()}, too, after the first")
    print(f"2. set VERISCOPE_SHADOW__BUNDLE={title}, and restart the workers: they have it loaded")


async def _read(which: ShadowFilter, sample: int) -> tuple[list[Comparison], list[ShadowScore]]:
    from moderation.shadow import compare
    from runtime import wiring
    from runtime.settings import read_settings

    async with wiring.open_kept(read_settings()) as kept:
        comparisons = compare(await kept.shadow.tallies(which))
        return comparisons, await kept.shadow.flipped(which, limit=sample) if sample else []
