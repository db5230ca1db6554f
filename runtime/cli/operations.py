"""Commands for operators: topics, the database's schema, and a check of every part."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from runtime.doctor import Finding

topics = typer.Typer(help="The topics that Veriscope uses.", no_args_is_help=True)
database = typer.Typer(help="The ledger's database.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    app.add_typer(topics, name="topics")
    app.add_typer(database, name="db")
    app.command()(doctor)
    app.command()(version)


@topics.command()
def create() -> None:
    """Create the topics that are missing; those that exist are left as they are."""
    from runtime import wiring
    from runtime.settings import read_settings
    from streams.admin import create_topics

    settings = read_settings()
    every = wiring.topics(settings).every()
    created = asyncio.run(
        create_topics(wiring.connection(settings), every, replication=settings.kafka.replication)
    )
    for topic in every:
        print(f"{'created' if topic.name in created else 'exists '}  {topic.name}")


@database.command()
def upgrade() -> None:
    """Bring the database's schema to the one that this version writes."""
    from runtime import wiring
    from runtime.settings import read_settings
    from storage import schema

    settings = read_settings()
    url, tls = settings.database.url.get_secret_value(), wiring.database_tls(settings)

    async def run() -> str | None:
        await schema.upgrade(url, tls=tls)
        return await schema.current(url, tls=tls)

    print(f"schema {asyncio.run(run())}")


def doctor() -> None:
    """Check every part by using it, and say what to do about those that fail."""
    from monitoring.logs import configure
    from runtime.doctor import examine
    from runtime.settings import read_settings

    settings = read_settings()
    configure(level="error", json=False)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the findings say what it would

    async def run() -> int:
        failed = 0
        async for finding in examine(settings):
            failed += finding.remedy is not None
            _tell(Console(), finding)
        return failed

    if asyncio.run(run()):
        raise typer.Exit(1)


def _tell(console: Console, finding: Finding) -> None:
    mark = "[green]ok[/]  " if finding.remedy is None else "[red]FAIL[/]"
    line = f"{mark} {finding.part:12} {escape(finding.detail)}"
    console.print(line, highlight=False, soft_wrap=True)
    if finding.remedy is not None:
        console.print(f"     {'':12} → {finding.remedy}", highlight=False, soft_wrap=True)


def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    print(installed("veriscope"))


def print_version(wanted: bool) -> None:
    """What `--version` does, before anything else is looked at."""
    if wanted:
        version()
        raise typer.Exit
