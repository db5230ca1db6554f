"""The command that decides uploads again, and reports what changes before it writes anything."""

from __future__ import annotations

import asyncio
import json as json_format
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from runtime.cli.addresses import console_address
from runtime.cli.choosing import Since, Where, chosen
from runtime.cli.options import JsonWhole

if TYPE_CHECKING:
    from runtime.settings import Settings
    from runtime.wiring import Anew, Stage
    from storage.search.ports import Wanted
    from streams.record import Record
    from streams.replay.changes import Changes
    from streams.replay.replaying import Replay

_STAGES = ("score", "record")


def add_to(app: typer.Typer) -> None:
    app.command()(replay)


def replay(
    since: Since = None,
    where: Where = None,
    stage: Annotated[
        str | None,
        typer.Option(
            help="score: a bundle looks at the kept faces again. record: only what was scored is "
            "decided again. It is score with --model, else record."
        ),
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(help="Decide by this policy; the workers' own if left out.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="NAME:VERSION of a bundle; the one that serves if left out.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Report what would change, and end.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    json: JsonWhole = False,
) -> None:
    """Decide uploads again by another policy or model; nothing is fetched or decoded.

    First it reports how many verdicts change, from what to what, with examples. Then it asks,
    and writes verdicts that supersede the old ones: both stay. What is of the new lineage
    already is passed, so a replay that was interrupted is run again.
    """
    from monitoring.logs import configure
    from runtime.settings import read_settings
    from runtime.wiring import Anew

    configure(level="error", json=False)
    which = chosen(since, where, now=datetime.now(UTC))
    anew = Anew(stage=_stage(stage, model), policy=policy, model=model)
    settings = read_settings()
    if not (dry_run or yes or sys.stdin.isatty()):
        raise typer.BadParameter("nobody can be asked here: say --yes or --dry-run")
    ask = None if dry_run else (lambda: yes or typer.confirm("write them?", err=True))
    asyncio.run(_run(settings, anew, which, ask=ask, json=json))


def console_link(settings: Settings) -> Callable[[str], str]:
    """Where the console shows an upload."""
    address = console_address(settings)
    return lambda upload_id: f"{address}/uploads/{upload_id}"


async def _run(
    settings: Settings,
    anew: Anew,
    which: Wanted,
    *,
    ask: Callable[[], bool] | None,
    json: bool,
) -> None:
    """Report, ask, write. `ask` is None where nothing is to be written."""
    from runtime import wiring
    from runtime.cli.changes_shown import as_json, shown
    from streams.replay.room import room_in

    link = console_link(settings)
    async with (
        wiring.open_kept(settings) as kept,
        wiring.open_replay(settings, kept, anew) as replay,
    ):
        changes = await _compared(replay, which)
        if not json:
            Console().print(shown(changes, link), highlight=False)
        wrote = None
        if ask is not None and changes.decided and ask():
            with _progress("superseding", total=changes.seen) as (seen, say):
                room = room_in(kept.outbox, say=lambda n: say(f"waiting: {n} before the relay"))
                wrote = await replay.supersede(which, room=room, seen=seen)
    if json:
        written = wrote.decided if wrote else None
        print(json_format.dumps({**as_json(changes, link), "written": written}))
    elif wrote:
        print(f"{wrote.decided} verdicts superseded, {wrote.changed} of them say something else")
    else:
        print("nothing was written")


async def compared(settings: Settings, which: Wanted, *, before: Path, after: Path) -> Changes:
    """What two policies make otherwise of the same recorded scores."""
    from runtime import wiring

    anew = wiring.Anew(stage=wiring.Stage.RECORD, policy=after)
    async with (
        wiring.open_kept(settings) as kept,
        wiring.open_replay(settings, kept, anew) as replay,
    ):
        return await _compared(replay, which, wiring.record_by(settings, kept, before))


async def _compared(replay: Replay, which: Wanted, with_what: Record | None = None) -> Changes:
    with _progress("deciding again", total=None) as (seen, _):
        return await replay.compare(which, with_what=with_what, seen=seen)


@contextmanager
def _progress(
    what: str, *, total: int | None
) -> Iterator[tuple[Callable[[], None], Callable[[str], None]]]:
    """A bar on the terminal: what advances it by one, and what says why it does not."""
    from runtime.cli import tables

    with tables.progress(Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total)

        def seen() -> None:
            bar.update(task, advance=1, description=what)

        yield seen, lambda why: bar.update(task, description=why)


def _stage(asked: str | None, model: str | None) -> Stage:
    from runtime.wiring import Stage

    if asked is None:
        return Stage.SCORE if model else Stage.RECORD
    if asked not in _STAGES:
        raise typer.BadParameter(f"--stage is {' or '.join(_STAGES)}")
    return Stage(asked)
