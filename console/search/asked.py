"""What an address asks for, checked; and the address that asks for it again.

All of a query stands in its address, so that it can be kept and handed on. An empty field does
not narrow: forms send those, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from console.days import FIRST_YEAR, LAST_YEAR
from console.faults import Refused
from console.ids import IDENTIFIER
from moderation.provenance import ProvenanceState
from moderation.upload import Lane
from moderation.verdict import Label
from storage.search.ports import Decided, Place, Wanted

T = TypeVar("T")

_IDENTIFIER = re.compile(IDENTIFIER)
_REASON = re.compile(r"[a-z][a-z_]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{1,64}")
FIELDS = (
    *("label", "from", "to", "reason", "tenant", "since", "until", "lane", "decided", "id"),
    *("provenance", "generator", "model", "policy"),
)
# How somebody writes by hand what was refused.
_A_MOMENT, _A_PART = "a day like 2026-03-01, in UTC", "a number from 0 to 1"
_HINTS = {"since": _A_MOMENT, "until": _A_MOMENT, "from": _A_PART, "to": _A_PART}
# The longest name of a model or a generator that is kept.
_LONGEST = 255


def wanted(asked: QueryParams) -> Wanted:
    """Raises: Refused: a value is none that could be asked for (422)."""
    model, version = _field(asked, "model", _name_and_more) or (None, None)
    policy, sha256 = _field(asked, "policy", _policy) or (None, None)
    return Wanted(
        labels=tuple(_one_of("label", Label, value) for value in asked.getlist("label") if value),
        at_least=_field(asked, "from", _probability),
        at_most=_field(asked, "to", _probability),
        reason=_field(asked, "reason", lambda value: _matching(_REASON, value)),
        tenant=_field(asked, "tenant", lambda value: _matching(_IDENTIFIER, value)),
        since=_field(asked, "since", moment_of),
        until=_field(asked, "until", moment_of),
        lane=_field(asked, "lane", Lane),
        decided=_field(asked, "decided", Decided),
        upload_id=_field(asked, "id", lambda value: _matching(_IDENTIFIER, value)),
        provenance=_field(asked, "provenance", ProvenanceState),
        generator=_field(asked, "generator", _word),
        model=model,
        model_version=version,
        policy=policy,
        policy_sha256=sha256,
    )


def place(asked: QueryParams) -> Place | None:
    """Where the page begins: after a verdict, or before one. Raises: Refused (422)."""
    before = _field(asked, "before", _place)
    return replace(before, newer=True) if before else _field(asked, "after", _place)


def address(
    asked: QueryParams,
    path: str,
    *,
    start: Place | None = None,
    between: tuple[datetime, datetime] | None = None,
) -> str:
    """The address of the same query, without what is empty; from a place on, or of a time."""
    kept = [(name, value) for name, value in asked.multi_items() if name in FIELDS and value]
    if between is not None:
        kept = [(name, value) for name, value in kept if name not in ("since", "until")]
        kept += zip(("since", "until"), (one.isoformat() for one in between), strict=True)
    if start is not None:
        name = "before" if start.newer else "after"
        kept.append((name, f"{start.decided_at.isoformat()}~{start.verdict_id}"))
    return f"{path}?{urlencode(kept)}" if kept else path


def moment_of(value: str) -> datetime:
    """A day, or a moment; in UTC unless it says otherwise.

    Raises:
        ValueError, OverflowError: it is none, or none that time can be added to, as charts do.
    """
    moment = datetime.fromisoformat(value)
    told = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC)
    if not FIRST_YEAR <= told.year <= LAST_YEAR:
        raise ValueError(f"a year lies in {FIRST_YEAR} to {LAST_YEAR}")
    return told


def _place(value: str) -> Place:
    at, _, verdict_id = value.partition("~")
    return Place(decided_at=moment_of(at), verdict_id=_matching(_IDENTIFIER, verdict_id))


def _field(asked: QueryParams, name: str, read: Callable[[str], T]) -> T | None:
    value = asked.get(name, "").strip()
    return _one_of(name, read, value) if value else None


def _one_of(name: str, read: Callable[[str], T], value: str) -> T:
    try:
        return read(value)
    except (ValueError, OverflowError) as error:
        raise Refused(422, "bad_request", _refusal(name)) from error


def _refusal(name: str) -> str:
    hint = _HINTS.get(name)
    return f"{name}: this cannot be asked for" + (f"; write {hint}" if hint else "")


def _probability(value: str) -> float:
    probability = float(value)
    if not 0.0 <= probability <= 1.0:
        raise ValueError("a probability lies in [0, 1]")
    return probability


def _word(value: str) -> str:
    if len(value) > _LONGEST or not value.isprintable():
        raise ValueError("it cannot be")
    return value


def _name_and_more(value: str) -> tuple[str, str | None]:
    """A name, or NAME:VERSION."""
    name, _, more = _word(value).partition(":")
    if not name:
        raise ValueError("a name is missing")
    return name, more or None


def _policy(value: str) -> tuple[str, str | None]:
    """A name, or NAME:HASH; of the hash the beginning is enough."""
    name, sha256 = _name_and_more(value)
    return name, sha256 and _matching(_SHA256, sha256)


def _matching(pattern: re.Pattern[str], value: str) -> str:
    if not pattern.fullmatch(value):
        raise ValueError("it cannot be")
    return value
