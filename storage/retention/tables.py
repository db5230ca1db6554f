"""How far what is due has been removed, and who works on such things just now."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table

from storage.columns import UtcTime
from storage.table_parts import gone_with
from storage.tables import metadata, uploads

# Of a tenant's uploads, all that ended up to `until` have no such part any more, or are held.
retention_marks = Table(
    "retention_marks",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("part", String(16), primary_key=True),
    Column("until", UtcTime, nullable=False),
)

# Uploads that somebody still decides about: looked at again, until nobody does.
retention_holds = Table(
    "retention_holds",
    metadata,
    gone_with(uploads.c.upload_id, primary_key=True),
    Column("part", String(16), primary_key=True),
    Column("tenant", String(128), nullable=False),
    Column("ended_at", UtcTime, nullable=False),
)
Index(
    "ix_retention_holds_by_part",
    retention_holds.c.part,
    retention_holds.c.tenant,
    retention_holds.c.ended_at,
)

# In which order what is due is found.
Index(
    "ix_uploads_by_end",
    uploads.c.tenant,
    uploads.c.concluded_at,
    uploads.c.upload_id,
    sqlite_where=uploads.c.concluded_at.is_not(None),
    postgresql_where=uploads.c.concluded_at.is_not(None),
)

# Work that one process does at a time, whichever; a holder that dies is relieved at `until`.
leases = Table(
    "leases",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", String(36), nullable=False),
    Column("until", UtcTime, nullable=False),
)
