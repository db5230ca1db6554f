"""What is known of uploads that were sent before, in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Integer,
    Row,
    Select,
    bindparam,
    cast,
    null,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.looks import Look
from moderation.matching import MOST_MATCHES
from moderation.upload import Lane, Upload
from moderation.verdict import Action, Match, MatchKind, Verdict
from storage.database import reading
from storage.looks.searching import asked_for, found_in
from storage.looks.tables import looks, seen_media
from storage.reviews.tables import standing_decisions
from storage.rows import read_verdict
from storage.tables import uploads, verdicts


class SqlSeenBefore:
    """Implements `storage.looks.ports.SeenBefore`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def standing(
        self, tenant: str, sha256: str, *, lineages: Collection[str], lanes: Collection[Lane]
    ) -> Verdict | None:
        asked = {
            "tenant": tenant,
            "sha256": sha256,
            "lineages": list(lineages),
            "lanes": [lane.value for lane in lanes],
        }
        async with reading(self._engine) as connection:
            kept = await connection.scalar(_STANDING, asked)
        return None if kept is None else read_verdict(kept)

    async def decided(self, upload: Upload, sha256: str, looks: Sequence[Look]) -> list[Match]:
        about = {"tenant": upload.tenant, "besides": upload.upload_id, "most": MOST_MATCHES}
        about |= {"sha256": sha256}
        asked = [{**asked_for(upload.tenant, look), **about} for look in looks if look.comparable]
        rows: list[Row[Any]] = []
        async with reading(self._engine) as connection:
            dialect = connection.dialect.name
            if not asked:
                rows.extend(await connection.execute(_same_bytes_query(), about))
            for number, look in enumerate(asked):
                query = _alike_query(dialect) if number else _either_query(dialect)
                rows.extend(await connection.execute(query, look))
        return closest(_match(row) for row in sorted(rows, key=_order))


def closest(matches: Iterable[Match]) -> list[Match]:
    """Each decision once, by its first match, and MOST_MATCHES of them."""
    found: dict[str | None, Match] = {}
    for match in matches:
        found.setdefault(match.decision_id, match)
    return list(found.values())[:MOST_MATCHES]


def _order(row: Row[Any]) -> tuple[int, float]:
    distance = -1 if row.distance is None else row.distance
    return distance, -row.since.timestamp()


def _match(row: Row[Any]) -> Match:
    return Match(
        kind=MatchKind.DECISION,
        decision_id=row.decision_id,
        action=Action(row.action),
        distance=row.distance,
    )


@cache
def _same_bytes_query() -> Select[Any]:
    """Parameters: `tenant`, `sha256`, `besides` (an upload) and `most`."""
    return (
        select(*_DECIDED, cast(null(), Integer).label("distance"))
        .join(seen_media, seen_media.c.upload_id == standing_decisions.c.upload_id)
        .where(
            seen_media.c.tenant == bindparam("tenant"),
            seen_media.c.sha256 == bindparam("sha256"),
            seen_media.c.upload_id != bindparam("besides"),
        )
        .order_by(standing_decisions.c.since.desc(), standing_decisions.c.decision_id)
        .limit(bindparam("most", type_=Integer))
    )


@cache
def _alike_query(dialect: str) -> Select[Any]:
    """Parameters: those of `found_in`, `sha256` (of other bytes), `besides` and `most`."""
    found = found_in(looks, dialect)
    return (
        select(*_DECIDED, found.c.distance)
        .select_from(found)
        .join(looks, looks.c.look_id == found.c.look_id)
        .join(seen_media, seen_media.c.looks_held_by == looks.c.upload_id)
        .join(standing_decisions, standing_decisions.c.upload_id == seen_media.c.upload_id)
        .where(
            seen_media.c.sha256 != bindparam("sha256"),
            seen_media.c.upload_id != bindparam("besides"),
        )
        .order_by(
            found.c.distance, standing_decisions.c.since.desc(), standing_decisions.c.decision_id
        )
        .limit(bindparam("most", type_=Integer))
    )


@cache
def _either_query(dialect: str) -> CompoundSelect[Any]:
    """What both of those find, in one question."""
    both = (_same_bytes_query(), _alike_query(dialect))
    return union_all(*(select(one.subquery()) for one in both))


_STANDING = (
    select(verdicts.c.verdict)
    .select_from(seen_media)
    .join(verdicts, verdicts.c.upload_id == seen_media.c.upload_id)
    .join(uploads, uploads.c.upload_id == seen_media.c.upload_id)
    .where(
        seen_media.c.tenant == bindparam("tenant"),
        seen_media.c.sha256 == bindparam("sha256"),
        verdicts.c.is_current.is_(True),
        verdicts.c.lineage_digest.in_(bindparam("lineages", expanding=True)),
        uploads.c.lane.in_(bindparam("lanes", expanding=True)),
    )
    .limit(1)
)

_DECIDED = (
    standing_decisions.c.decision_id,
    standing_decisions.c.action,
    standing_decisions.c.since,
)
