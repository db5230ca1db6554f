"""Finds look-alikes by the bands of their hashes: the queries, for any table of looks."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    Table,
    any_,
    bindparam,
    func,
    select,
    union,
)

from moderation.looks import LARGEST_DISTANCE, Look
from storage.looks.bands import BANDS, bands, near
from storage.looks.tables import Near, Pdq, looks, seen_media


def look_columns(pdq: str) -> dict[str, Any]:
    """A hash (64 hexadecimal digits) and its bands, as a row of looks has them."""
    whole = bytes.fromhex(pdq)
    return {
        "pdq": whole,
        **{f"band_{number}": band for number, band in enumerate(bands(whole))},
    }


def asked_for(tenant: str, look: Look) -> dict[str, Any]:
    """The parameters of `found_in`."""
    whole = bytes.fromhex(look.pdq)
    values = {f"near_{number}": near(band) for number, band in enumerate(bands(whole))}
    return {"tenant": tenant, "pdq": whole, **values}


def found_in(table: Table, dialect: str) -> Subquery:
    """Rows of a table of looks that are alike: `look_id` and `distance`.

    Each band's index is asked by itself; one query over all of them leaves the choice to a
    planner. Parameters: `tenant`, `pdq` (32 bytes) and `near_0` to `near_15` (17 values each).
    """
    distance = _distance(table, dialect)
    return union(
        *(
            select(table.c.look_id, distance.label("distance")).where(
                table.c.tenant == bindparam("tenant"),
                _among(table.c[f"band_{number}"], f"near_{number}", dialect),
                distance <= LARGEST_DISTANCE,
            )
            for number in range(BANDS)
        )
    ).subquery()


@cache
def look_alike_query(dialect: str) -> Select[tuple[str, int]]:
    """Uploads that look alike, each with its closest look; parameters as above, and `most`.

    Uploads of the same bytes have one set of looks between them.
    """
    found = found_in(looks, dialect)
    closest = func.min(found.c.distance).label("distance")
    return (
        select(seen_media.c.upload_id, closest)
        .select_from(found)
        .join(looks, found.c.look_id == looks.c.look_id)
        .join(seen_media, seen_media.c.looks_held_by == looks.c.upload_id)
        .group_by(seen_media.c.upload_id)
        .order_by(closest, seen_media.c.upload_id)
        .limit(bindparam("most", type_=Integer))
    )


def _among(band: Column[Any], name: str, dialect: str) -> ColumnElement[bool]:
    """One parameter for all values: 272 of them cost the client more than the server's search."""
    values = bindparam(name, type_=Near)
    if dialect == "postgresql":
        return band == any_(values)
    return band.in_(select(func.json_each(values).table_valued("value").c.value))


def _distance(table: Table, dialect: str) -> ColumnElement[int]:
    asked = bindparam("pdq", type_=Pdq)
    if dialect == "postgresql":
        return func.bit_count(table.c.pdq.op("#")(asked), type_=Integer)
    return func.bits_apart(table.c.pdq, asked, type_=Integer)
