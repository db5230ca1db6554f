"""Which verdicts a command is about, in the words of the console's *Uploads* page."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from storage.search.ports import Wanted

Since = Annotated[
    str | None,
    typer.Option(
        help="Verdicts from then on: 2026-03-01, 2026-03-01T12:00 (UTC), or 7d, 12h, 30m ago."
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        help="What the address of the console's Uploads page says behind the ?, such as "
        "label=suspect&from=0.6; repeatable. Names: label, from, to, reason, tenant, lane, "
        "decided, id, provenance, generator, model, policy, since, until."
    ),
]

_AGO = re.compile(r"(?P<count>[0-9]{1,6})(?P<unit>[dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def chosen(since: str | None, where: list[str] | None, *, now: datetime) -> Wanted:
    """The current verdicts from before now that are meant: what comes later is none's business.

    Raises:
        typer.BadParameter: it cannot be asked for, or nothing is asked at all.
    """
    from starlette.datastructures import QueryParams

    from console.faults import Refused
    from console.search.asked import FIELDS, wanted

    asked = QueryParams("&".join(where or ()))
    strange = next((name for name in asked if name not in FIELDS), None)
    if strange is not None:
        raise typer.BadParameter(f"--where knows no {strange}")
    if not any(asked.values()) and since is None:
        raise typer.BadParameter("say --since or --where; --since 1970-01-01 means all")
    try:
        found = wanted(asked)
    except (Refused, ValueError) as error:
        raise typer.BadParameter(f"--where {error}") from error
    return bounded(found, _moment(since, now) if since else None, now)


def bounded(which: Wanted, since: datetime | None, now: datetime) -> Wanted:
    """The same, from the later of two moments on, and until now at most."""
    from dataclasses import replace

    first = max((one for one in (which.since, since) if one), default=None)
    last = min(which.until or now, now)
    return replace(which, since=first, until=last)


def _moment(value: str, now: datetime) -> datetime:
    ago = _AGO.fullmatch(value)
    if ago is not None:
        return now - timedelta(**{_UNITS[ago["unit"]]: int(ago["count"])})
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise typer.BadParameter(f"--since {value} is no moment, and not 7d, 12h or 30m") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
