"""The words that current verdicts are found by, where one verdict has several or few have any."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table

from storage.columns import UtcTime
from storage.table_parts import gone_with
from storage.tables import metadata, verdicts

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
