"""The tables of accounts. No secret stands in them: hashes of passwords, digests of the rest."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from storage.columns import ForeignText, RowNumber, UtcTime
from storage.table_parts import guard
from storage.tables import metadata

people = Table(
    "people",
    metadata,
    Column("person_id", String(128), primary_key=True),
    Column("name", String(128), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("tenants", JSON, nullable=False),
    Column("pseudonym", String(64), nullable=False, unique=True),
    Column("disabled", Boolean, nullable=False),
    Column("password_hash", String(255)),
    Column("issuer", String(255)),
    Column("subject", String(255)),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("issuer", "subject"),
    CheckConstraint("(issuer IS NULL) = (subject IS NULL)", name="identity"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("token_digest", String(64), primary_key=True),
    Column("person_id", String(128), ForeignKey("people.person_id"), nullable=False, unique=True),
    Column("expires_at", UtcTime, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_digest", String(64), primary_key=True),
    Column("person_id", String(128), ForeignKey("people.person_id"), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("idle_until", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("address", String(64), nullable=False),
    Column("browser", ForeignText, nullable=False),
    CheckConstraint("idle_until <= expires_at", name="idle"),
)
Index("ix_sessions_by_person", sessions.c.person_id)
# What has expired is swept by it.
Index("ix_sessions_by_idle_until", sessions.c.idle_until)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("token_id", String(36), primary_key=True),
    Column("token_digest", String(64), nullable=False, unique=True),
    Column("name", ForeignText, nullable=False),
    Column("person_id", String(128), ForeignKey("people.person_id"), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("tenants", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
    Column("revoked_at", UtcTime),
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("key", String(128), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", UtcTime, nullable=False),
)
Index("ix_sign_in_failures_by_time", sign_in_failures.c.last_at)

viewings = Table(
    "viewings",
    metadata,
    Column("person_id", String(128), ForeignKey("people.person_id"), primary_key=True),
    Column("blurred", Boolean, nullable=False),
    Column("grey", Boolean, nullable=False),
    Column("muted", Boolean, nullable=False),
)

media_accesses = Table(
    "media_accesses",
    metadata,
    Column("access_id", RowNumber, primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    Column("person_id", String(128), ForeignKey("people.person_id"), nullable=False),
    Column("token_id", String(36)),
    Column("tenant", String(128), nullable=False),
    Column("upload_id", String(128), nullable=False),
    Column("part", String(16), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("detail", ForeignText, nullable=False),
    # A number is never given twice: a gap in them is an entry that was taken away.
    sqlite_autoincrement=True,
)
Index("ix_media_accesses_by_upload", media_accesses.c.upload_id, media_accesses.c.access_id)
Index("ix_media_accesses_by_tenant", media_accesses.c.tenant, media_accesses.c.access_id)
Index("ix_media_accesses_by_person", media_accesses.c.person_id, media_accesses.c.access_id)

# Who looked, when and why stays for good; at what is taken away when an upload is erased.
_REST = ", ".join(
    column.name for column in media_accesses.c if column.name not in ("upload_id", "detail")
)
_ERASES = "NEW.upload_id = '' AND NEW.detail = ''"
_SQLITE_GUARDS = (
    f"CREATE TRIGGER media_accesses_refuse_update BEFORE UPDATE OF {_REST} ON media_accesses "
    "BEGIN SELECT RAISE(ABORT, 'what was looked at is not rewritten'); END",
    "CREATE TRIGGER media_accesses_refuse_other_upload BEFORE UPDATE OF upload_id, detail "
    f"ON media_accesses WHEN NOT ({_ERASES}) "
    "BEGIN SELECT RAISE(ABORT, 'what was looked at is not rewritten'); END",
)
# The code is "restrict violation": of the class that `storage.database` calls a broken rule.
_POSTGRESQL_GUARDS = (
    "CREATE OR REPLACE FUNCTION media_accesses_stay() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'what was looked at is not rewritten' USING ERRCODE = '23001'; "
    "END $$",
    f"CREATE TRIGGER media_accesses_refuse_update BEFORE UPDATE OF {_REST} ON media_accesses "
    "FOR EACH ROW EXECUTE FUNCTION media_accesses_stay()",
    "CREATE TRIGGER media_accesses_refuse_other_upload BEFORE UPDATE OF upload_id, detail "
    f"ON media_accesses FOR EACH ROW WHEN (NOT ({_ERASES})) "
    "EXECUTE FUNCTION media_accesses_stay()",
)
guard(media_accesses, sqlite=_SQLITE_GUARDS, postgresql=_POSTGRESQL_GUARDS)
