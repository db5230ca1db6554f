"""What stands beside verdicts so that they are found and counted, and what people look for."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, SmallInteger, String, Table, Text

from storage.accounts.tables import people
from storage.columns import UtcTime
from storage.table_parts import gone_with
from storage.tables import metadata, verdicts

# The words that current verdicts are found by, where one verdict has several or few have any.
# `decided_at` and `tenant` are the verdict's: with them a rare word is read in order of time.
verdict_terms = Table(
    "verdict_terms",
    metadata,
    gone_with(verdicts.c.verdict_id, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("term", String(255), primary_key=True),
    Column("tenant", String(128), nullable=False),
    Column("decided_at", UtcTime, nullable=False),
)
for _name, _first in (("by_tenant", (verdict_terms.c.tenant,)), ("newest", ())):
    Index(
        f"ix_verdict_terms_{_name}",
        *_first,
        verdict_terms.c.kind,
        verdict_terms.c.term,
        verdict_terms.c.decided_at,
        verdict_terms.c.verdict_id,
    )

# How many verdicts that are current were reached in the hour, or the day, that begins there, or
# ever.
verdict_counts = Table(
    "verdict_counts",
    metadata,
    Column("span", String(8), primary_key=True),
    Column("tenant", String(128), primary_key=True),
    Column("start", UtcTime, primary_key=True),
    Column("lane", String(16), primary_key=True),
    Column("label", String(16), primary_key=True),
    Column("slot", SmallInteger, primary_key=True, autoincrement=False),
    # Of one slot it may be less than nothing; the sum of all is not.
    Column("verdicts", Integer, nullable=False),
)
Index("ix_verdict_counts_by_time", verdict_counts.c.span, verdict_counts.c.start)

# Searches that somebody keeps under a name; `query` is what stands in their address.
saved_queries = Table(
    "saved_queries",
    metadata,
    gone_with(people.c.person_id, primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("query", Text, nullable=False),
    Column("saved_at", UtcTime, nullable=False),
)
