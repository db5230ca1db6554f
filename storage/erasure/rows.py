"""Removes the rows of one upload, and says what of it lies in the media store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moderation.erasure import Erasure, ErasureReason, ErasureScope, ErasureState
from moderation.errors import ForbiddenSource
from storage.erasure.holdings import HOLDINGS
from storage.erasure.letters import rewrite_letters
from storage.erasure.tombstones import has_bytes
from storage.keys import checked_key
from storage.looks.database import hand_on_looks
from storage.looks.tables import seen_media
from storage.rows import blocks
from storage.search.counting import uncount
from storage.tables import uploads, verdicts

_STORED = "store:///"
_COUNTED_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """How many rows went, by table, and which keys and folders of the media store are to go.

    `ended_at`: when the upload came to its end; None where it did not, or its row was gone.
    """

    rows: dict[str, int]
    places: list[str]
    ended_at: datetime | None


async def remove_upload(connection: AsyncConnection, upload_id: str, tenant: str) -> Removed:
    """Remove an upload's rows from every table, in the caller's transaction.

    Whoever concludes the upload at the same time has done so, or waits and finds it gone.
    """
    ended_at = await connection.scalar(
        select(uploads.c.concluded_at).where(uploads.c.upload_id == upload_id).with_for_update()
    )
    places = await places_of(connection, upload_id, tenant)
    await hand_on_looks(connection, upload_id)
    await rewrite_letters(connection, upload_id)
    await uncount(connection, upload_id)
    rows: dict[str, int] = {}
    for holding in HOLDINGS:
        done = await connection.execute(holding.statement(upload_id))
        rows[holding.table.name] = done.rowcount
    gone = {name: count for name, count in rows.items() if count}
    return Removed(rows=gone, places=places, ended_at=ended_at)


async def count_uploads(connection: AsyncConnection, upload_ids: Sequence[str]) -> dict[str, int]:
    """How many rows `remove_upload` would remove of all of them, by table."""
    rows: Counter[str] = Counter()
    for some in blocks(upload_ids, most=_COUNTED_AT_ONCE):
        for holding in HOLDINGS:
            rows[holding.table.name] += await connection.scalar(holding.count(some)) or 0
    return {name: count for name, count in rows.items() if count}


async def places_of(connection: AsyncConnection, upload_id: str, tenant: str) -> list[str]:
    """Where an upload's objects lie: what it sent, and packs that no other upload has.

    Packs are named by the bytes: another upload of the same bytes needs them, too. A folder
    ends with a slash; all else is one object.
    """
    stored = await connection.scalar(
        select(uploads.c.upload).where(uploads.c.upload_id == upload_id)
    )
    places = {*sent_places(tenant, upload_id, stored["uri"] if stored else "")}
    hashes, packs = await _packs(connection, upload_id)
    for sha256 in hashes:
        if not await has_bytes(connection, tenant, sha256, besides=upload_id):
            places.add(f"{pack_folder(tenant, sha256)}/")
    return sorted({*places, *(pack for pack in packs if _is_its_own(pack))})


def sent_places(tenant: str, upload_id: str, uri: str) -> list[str]:
    """Where the bytes lie that were sent: below its own name, or where a platform put them.

    An announcement may name any place. One below `media/` or `packs/` is another upload's.
    """
    key = uri.removeprefix(_STORED)
    elsewhere = [key] if key != uri and _is_its_own(key) else []
    return [f"media/{tenant}/{upload_id}/", *elsewhere]


def _is_its_own(key: str) -> bool:
    try:
        return checked_key(key).split("/")[0] not in ("media", "packs")
    except ForbiddenSource:
        return False  # nothing was ever read from there


async def _packs(connection: AsyncConnection, upload_id: str) -> tuple[set[str], set[str]]:
    """The hashes of an upload's media, and the keys of its face packs."""
    seen = await connection.scalars(
        select(seen_media.c.sha256).where(seen_media.c.upload_id == upload_id)
    )
    hashes, packs = set(seen), set[str]()
    kept = await connection.scalars(
        select(verdicts.c.verdict).where(verdicts.c.upload_id == upload_id)
    )
    for verdict in kept:
        if verdict.get("media"):
            hashes.add(str(verdict["media"]["sha256"]))
        if verdict.get("face_pack"):
            packs.add(str(verdict["face_pack"]))
    return hashes, packs


def pack_folder(tenant: str, sha256: str) -> str:
    """Where face packs and score packs of some bytes lie, as `streams.extract` writes them."""
    return f"packs/{tenant}/{sha256}"


def bytes_packed_in(place: str) -> tuple[str, str] | None:
    """The tenant and the SHA-256 of a place that is a pack folder; None of another one."""
    if not place.startswith("packs/"):
        return None
    _, tenant, sha256, _ = place.split("/")
    return tenant, sha256


async def is_needed(connection: AsyncConnection, place: str, *, besides: str) -> bool:
    """Whether a place that was to go is a pack folder of bytes that another upload has."""
    packed = bytes_packed_in(place)
    return packed is not None and await has_bytes(connection, *packed, besides=besides)


def read_erasure(row: Row[Any]) -> Erasure:
    """Raises: ValueError: what was kept is no erasure any more."""
    kept = dict(row._mapping)
    changed = {
        "scope": ErasureScope(row.scope),
        "reason": ErasureReason(row.reason),
        "state": ErasureState(row.state),
    }
    return Erasure(**kept | changed)


def read_erasures(found: Iterable[Row[Any]]) -> list[Erasure]:
    return [read_erasure(row) for row in found]
