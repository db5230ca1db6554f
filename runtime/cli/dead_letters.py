"""Commands for messages that could not be handled."""

from __future__ import annotations

import asyncio
import base64
import json as json_format
from datetime import datetime
from typing import Annotated, Any

import typer

from runtime.cli.columns import endless_lines, table_of
from runtime.cli.options import JsonLines
from storage.ports import DeadLetterFilter, KeptDeadLetter

app = typer.Typer(help="Messages that could not be handled: look at them, and send them again.")

Reason = Annotated[str | None, typer.Option(help="Only those of this error, as `list` names it.")]
Since = Annotated[datetime | None, typer.Option(help="Only failures from then on (UTC).")]
Until = Annotated[datetime | None, typer.Option(help="Only failures before then (UTC).")]
_MOST = 10_000


@app.command("list")
def list_(
    reason: Reason = None,
    since: Since = None,
    until: Until = None,
    redriven: Annotated[bool, typer.Option("--all", help="Those redriven already, too.")] = False,
    json: JsonLines = False,
) -> None:
    """List dead letters, oldest failure first."""
    which = _filter((), reason, since, until, waiting_only=not redriven)
    found = asyncio.run(_find(which))
    if json:
        for kept in found:
            print(json_format.dumps(_summary(kept)))
        return
    rows = [[_summary(kept)[name] for name in _COLUMNS] for kept in found]
    table = table_of([name.replace("_", " ") for name in _COLUMNS], rows)
    endless_lines().print(table if found else "no dead letters")


@app.command()
def show(dead_letter_id: Annotated[int, typer.Argument(help="As `list` prints it.")]) -> None:
    """Show one dead letter whole, as JSON: its error, its trace and its bytes (base64)."""
    found = asyncio.run(_find(DeadLetterFilter(ids=(dead_letter_id,), waiting_only=False)))
    if not found:
        raise typer.BadParameter(f"no dead letter {dead_letter_id}")
    letter = found[0].letter
    whole = {
        **_summary(found[0]),
        "trace": letter.trace,
        "headers": {name: _text(value) for name, value in letter.headers.items()},
        "key_base64": _base64(letter.key),
        "value_base64": _base64(letter.value),
    }
    print(json_format.dumps(whole, indent=2))


@app.command()
def redrive(
    ids: Annotated[list[int] | None, typer.Argument(help="As `list` prints them.")] = None,
    reason: Reason = None,
    since: Since = None,
    until: Until = None,
    everything: Annotated[bool, typer.Option("--everything", help="All that wait.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent.")] = False,
) -> None:
    """Send dead letters to the topics they came from, through the outbox."""
    if not (ids or reason or since or until or everything):
        raise typer.BadParameter("name ids, --reason, --since, --until, or --everything")
    which = _filter(tuple(ids or ()), reason, since, until, waiting_only=True)
    count = asyncio.run(_redrive(which, dry_run=dry_run))
    print(f"{count} dead letters {'would be' if dry_run else ''} redriven".replace("  ", " "))


def _filter(
    ids: tuple[int, ...],
    reason: str | None,
    since: datetime | None,
    until: datetime | None,
    *,
    waiting_only: bool,
) -> DeadLetterFilter:
    from datetime import UTC

    since, until = (moment and moment.replace(tzinfo=UTC) for moment in (since, until))
    return DeadLetterFilter(
        ids=ids, reason=reason, since=since, until=until, waiting_only=waiting_only
    )


async def _find(which: DeadLetterFilter) -> list[KeptDeadLetter]:
    from runtime import wiring
    from runtime.settings import read_settings

    async with wiring.open_kept(read_settings()) as kept:
        return await kept.dead_letters.find(which, limit=_MOST)


async def _redrive(which: DeadLetterFilter, *, dry_run: bool) -> int:
    """Raises: typer.BadParameter: an id is of none that waits; then nothing is sent."""
    from runtime import wiring
    from runtime.settings import read_settings
    from streams.dead_letters import redrive as send_again

    async with wiring.open_kept(read_settings()) as kept:
        found = await kept.dead_letters.find(which, limit=_MOST)
        waiting = {one.dead_letter_id for one in found}
        strange = ", ".join(str(one) for one in which.ids if one not in waiting)
        if strange:
            raise typer.BadParameter(f"no dead letter waits with id {strange}: see `list --all`")
        if dry_run:
            return len(found)
        return sum([await send_again(kept.dead_letters, one) for one in found])


_COLUMNS = ("id", "failed_at", "fault", "reason", "attempts", "origin", "detail")


def _summary(kept: KeptDeadLetter) -> dict[str, Any]:
    letter = kept.letter
    return {
        "id": kept.dead_letter_id,
        "failed_at": letter.failed_at.isoformat(timespec="seconds"),
        "fault": letter.fault,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "origin": f"{letter.origin_topic}/{letter.origin_partition}/{letter.origin_offset}",
        "detail": letter.detail,
        "redriven_at": kept.redriven_at.isoformat() if kept.redriven_at else None,
    }


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()
