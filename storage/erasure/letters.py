"""Which uploads a dead letter names, and what is left of it when some of them are erased."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moderation.upload import IDENTIFIER
from storage.ports import DeadLetter
from storage.tables import dead_letter_uploads, dead_letters

_ID = re.compile(IDENTIFIER.encode())
_NAMED = re.compile(rb'"upload_id"\s*:\s*"(' + _ID.pattern + rb')"')
_WHY = "the message named an upload, too, that was erased: what stood of it, and headers, are gone"
_NOTHING = b"null"  # an empty value would be a tombstone of those that are left
COLUMNS = tuple(field.name for field in fields(DeadLetter))


def uploads_named(letter: DeadLetter) -> set[str]:
    """The uploads that a letter is about: by its key, its subject, or its bytes.

    Bytes that no codec takes are searched as they are, for ids as an announcement spells them.
    """
    told = (letter.key, letter.headers.get("ce_subject"))
    whole = {one.decode() for one in told if one is not None and _ID.fullmatch(one)}
    return whole | _named_in(letter.value)


def without(letter: DeadLetter, erased: Collection[str]) -> DeadLetter | None:
    """A letter without what it tells of some uploads; None where it is about no other.

    What its bytes name it is about, whatever its key is. Words about the failure may quote the
    message.
    """
    named = uploads_named(letter)
    if named.isdisjoint(erased):
        return letter
    if (_named_in(letter.value) or named) <= set(erased):
        return None
    key = letter.key
    if key is not None and _mentions(key, erased):
        key = None
    value = _value_without(letter.value, erased)
    return replace(letter, key=key, value=value, headers={}, detail=_WHY, trace="")


async def rewrite_letters(connection: AsyncConnection, upload_id: str) -> None:
    """Before an upload's rows go: take it out of the letters that are about others, too."""
    own = dead_letter_uploads.c.upload_id == upload_id
    found = await connection.execute(select(dead_letters).join(dead_letter_uploads).where(own))
    for row in found.all():
        left = without(read_letter(row), [upload_id])
        if left is None:
            continue
        is_row = dead_letters.c.dead_letter_id == row.dead_letter_id
        await connection.execute(update(dead_letters).where(is_row).values(letter_row(left)))
        is_named = dead_letter_uploads.c.dead_letter_id == row.dead_letter_id
        await connection.execute(delete(dead_letter_uploads).where(own, is_named))


def read_letter(row: Row[Any]) -> DeadLetter:
    return DeadLetter(**{name: getattr(row, name) for name in COLUMNS})


def letter_row(letter: DeadLetter) -> dict[str, Any]:
    return {name: getattr(letter, name) for name in COLUMNS}


def _named_in(value: bytes | None) -> set[str]:
    return {one.decode() for one in _NAMED.findall(value or b"")}


def _mentions(value: bytes, upload_ids: Collection[str]) -> bool:
    return any(one.encode() in value for one in upload_ids)


def _value_without(value: bytes | None, erased: Collection[str]) -> bytes | None:
    """All of it goes where it is no JSON, or where an id would stand elsewhere still."""
    if value is None or not _mentions(value, erased):
        return value
    try:
        left = json.dumps(_left(json.loads(value), erased)[0]).encode()
    except (ValueError, RecursionError):
        return _NOTHING
    return _NOTHING if _mentions(left, erased) else left


def _left(part: Any, erased: Collection[str]) -> tuple[Any, bool, bool]:
    """What is left of a part of JSON; whether it named one that is erased; and whether others.

    The largest parts that name no other go: an upload's address and file name stand beside its id.
    """
    if not isinstance(part, dict | list):
        return part, False, False
    parts = part if isinstance(part, dict) else dict(enumerate(part))
    own = part.get("upload_id") if isinstance(part, dict) else None
    found = {name: _left(one, erased) for name, one in parts.items()}
    its_own = isinstance(own, str) and own in erased
    names_erased = its_own or any(gone for _, gone, _ in found.values())
    names_others = (isinstance(own, str) and not its_own) or any(
        others for _, _, others in found.values()
    )
    if not names_erased:
        return part, False, names_others
    if not names_others:
        return None, True, False
    kept = {
        name: left
        for name, (left, gone, others) in found.items()
        if others or not (gone or its_own)
    }
    return (kept if isinstance(part, dict) else list(kept.values())), True, True
