"""Commands for people with media: submit, check, and the tail of the verdict topic."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from typing import Annotated

import typer
from rich.console import Console

from moderation.upload import Lane
from runtime.cli.columns import whole_lines
from runtime.cli.given_media import media_in
from runtime.cli.options import JsonLines
from runtime.client import Client, Ended

Media = Annotated[
    list[str],
    typer.Argument(
        help="Files, folders (their pictures and videos), or addresses (https://…, s3://…)"
    ),
]
Api = Annotated[
    str, typer.Option("--api", envvar="VERISCOPE_API", help="Address of the upload endpoint.")
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token", envvar="VERISCOPE_API_TOKEN", help="API token, for a Veriscope elsewhere."
    ),
]
Tenant = Annotated[str, typer.Option(help="Whose uploads they are.")]
LaneOption = Annotated[Lane, typer.Option(help="live, or backfill for what can wait.")]
Patience = Annotated[float, typer.Option("--wait", min=1, help="Seconds to wait for all verdicts.")]

DEFAULT_API = "http://127.0.0.1:8700"


def add_to(app: typer.Typer) -> None:
    app.command()(submit)
    app.command()(check)
    app.command()(verdicts)


def submit(
    media: Media,
    api: Api = DEFAULT_API,
    token: Token = None,
    tenant: Tenant = "default",
    lane: LaneOption = Lane.LIVE,
) -> None:
    """Send media and print an upload id for each, without waiting for verdicts."""
    found = media_in(media)

    async def run() -> None:
        client = Client(api, tenant=tenant, lane=lane, token=token)
        try:
            for medium in found:
                print(f"{await client.submit(medium)}\t{medium}", flush=True)
        finally:
            await client.close()

    asyncio.run(run())


def check(
    media: Media,
    api: Api = DEFAULT_API,
    token: Token = None,
    tenant: Tenant = "default",
    lane: LaneOption = Lane.LIVE,
    json: JsonLines = False,
    wait: Patience = 600.0,
) -> None:
    """Send media, wait, and print their verdicts.

    Exit code 0 when every one came to an end, 1 when one did not.
    """
    found = media_in(media)
    client = Client(api, tenant=tenant, lane=lane, token=token)
    ended = asyncio.run(check_all(client, found, json=json, patience=wait))
    if any(one.verdict is None for one in ended):
        raise typer.Exit(1)


async def check_all(
    client: Client,
    media: list[str],
    *,
    json: bool,
    patience: float,
    ended: list[Ended] | None = None,
) -> list[Ended]:
    """Check media with a progress bar, print the table or lines, and close the client.

    Where nobody sees a bar, each end is a line. `ended` is filled meanwhile: who cancels this knows
    by it how far it came.
    """
    from runtime.cli import tables

    ended = [] if ended is None else ended
    console = Console(stderr=True)
    try:
        await client.knock()
        with tables.progress(console) as bar:
            task = bar.add_task("judging", total=len(media))
            async with aclosing(client.check(media, patience=patience)) as results:
                async for one in results:
                    ended.append(one)
                    bar.advance(task)
                    if json:
                        print(tables.json_line(one), flush=True)
                    elif not console.is_terminal:
                        told = tables.ended_line(one, len(ended), len(media))
                        print(told, file=sys.stderr, flush=True)
    finally:
        await client.close()
    if not json:
        whole_lines().print(tables.verdict_table(ended))
        for line in tables.open_ends(ended):
            whole_lines().print(line, soft_wrap=True)
    return ended


def verdicts(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new ones.")] = False,
    since_start: Annotated[
        bool, typer.Option("--from-beginning", help="All that the topic still holds.")
    ] = False,
) -> None:
    """Print the verdict topic, one JSON object a line.

    Without --follow it prints what the topic holds and ends.
    """
    from runtime import wiring
    from runtime.settings import read_settings
    from streams.tail import tail

    settings = read_settings()

    async def run() -> None:
        lines = tail(
            wiring.connection(settings),
            wiring.topics(settings).verdicts,
            from_beginning=since_start or not follow,
            follow=follow,
        )
        async for value in lines:
            sys.stdout.write(value.decode() + "\n")
            sys.stdout.flush()

    asyncio.run(run())
