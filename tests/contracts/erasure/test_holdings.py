"""No table keeps anything of uploads that nobody has said how to erase."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from importlib import import_module

import pytest
from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table

import storage
from storage.columns import ForeignText
from storage.erasure.holdings import GO_ALONG, HOLDINGS, NOTHING
from storage.erasure.tables import erasure_targets
from storage.tables import metadata, uploads

# What names an upload, or follows from what it is: by any of these it would be found.
NAMES = {"upload_id", "verdict_id", "job_id", "uploader_id", "file_name", "uri", "key", "value"}
HASHES = {"sha256", "media_sha256", "lineage_digest", "pdq", "face_pack"}
# Where such a column is no upload's, or goes by another way than the others.
EXCUSED = {
    ("erasure_targets", "upload_id"): "goes when the erasure is done",
    ("sign_in_failures", "key"): "an address or a name that somebody tried",
    ("listed_looks", "pdq"): "of a list that was brought in",
}


def every_table() -> list[Table]:
    """Those of all modules that are called `tables`, whether anything imports them or not."""
    for module in pkgutil.walk_packages(storage.__path__, "storage."):
        if module.name.endswith("tables"):
            import_module(module.name)
    return metadata.sorted_tables


def unaccounted(tables: Iterable[Table]) -> list[str]:
    """What is wrong with each table: it is not listed, or listed as if it held nothing."""
    held = {table.name for table in [*(holding.table for holding in HOLDINGS), *GO_ALONG]}
    nothing = {table.name for table in NOTHING}
    wrong = []
    for table in tables:
        telling = {
            column.name
            for column in table.c
            if column.name in NAMES | HASHES and (table.name, column.name) not in EXCUSED
        }
        if table.name not in held | nothing:
            wrong.append(f"{table.name}: say in storage/erasure/holdings.py how it is erased")
        elif telling and table.name not in held:
            wrong.append(f"{table.name}: {sorted(telling)} are of an upload")
    return wrong


def test_every_table_says_how_an_upload_goes_from_it() -> None:
    assert unaccounted(every_table()) == []


def test_no_table_is_listed_twice_or_is_none_any_more() -> None:
    listed = [*(holding.table for holding in HOLDINGS), *GO_ALONG, *NOTHING]

    assert len(listed) == len(set(listed)) == len(every_table())
    assert all(NOTHING.values())


@pytest.mark.parametrize("name", ["thumbnails", "erasures"])
def test_a_table_that_somebody_adds_is_noticed(name: str) -> None:
    added = Table(
        name,
        MetaData(),
        Column("number", Integer, primary_key=True),
        Column("upload_id", String(128)),
        Column("pixels", LargeBinary),
        Column("words", ForeignText),
    )

    assert len(unaccounted([*every_table(), added])) == 1


def test_what_goes_along_refers_to_what_it_goes_with() -> None:
    for table, other in GO_ALONG.items():
        (foreign,) = table.foreign_keys
        assert (foreign.column.table, foreign.ondelete) == (other, "CASCADE")
        assert other in [holding.table for holding in HOLDINGS]


def test_rows_go_before_those_they_are_found_by() -> None:
    order = [holding.table for holding in HOLDINGS]

    for place, table in enumerate(order):
        referred = {foreign.column.table for foreign in table.foreign_keys}
        assert not referred & set(order[:place]), table.name
    assert order[-1] is uploads
    assert erasure_targets not in order
