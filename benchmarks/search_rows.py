"""Verdicts by the million, made inside PostgreSQL: what is common, rare and very rare in search.

A year of uploads in order of time, of twenty tenants of which the first has half of all. Chance
is a hash of the row's number, so that the same numbers give the same rows.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Index, Table, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.database import writing
from storage.search.ports import Span
from storage.search.tables import verdict_terms
from storage.tables import uploads, verdicts

FIRST, LAST = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
TENANTS = tuple(f"tenant-{number}" for number in range(20))
VERY_RARE = 20_000  # of as many verdicts one has what is very rare
_BLOCK = 500_000
_LARGE: tuple[Table, ...] = (uploads, verdicts, verdict_terms)

# `chance(k)` is a number in [0, 1) for a row, another for each k.
_CHANCE = "((hashint8extended(n, {0}) & 2147483647) / 2147483648.0)"
_ROWS = """
SELECT n, 'upload-' || lpad(n::text, 12, '0') AS upload_id,
  'tenant-' || CASE WHEN {c1} < 0.5 THEN 0 ELSE floor(20 * {c2}) END AS tenant,
  timestamptz '{first}' + (n::float8 / {whole}) * (timestamptz '{last}' - timestamptz '{first}')
    AS at,
  CASE WHEN n > {whole} * 0.4 AND n < {whole} * 0.6 THEN 'backfill' ELSE 'live' END AS lane,
  CASE WHEN {c3} < 0.80 THEN 'clear' WHEN {c3} < 0.90 THEN 'no_face' WHEN {c3} < 0.94 THEN 'unknown'
    WHEN {c3} < 0.97 THEN 'suspect' WHEN {c3} < 0.985 THEN 'fake' ELSE 'rejected' END AS label,
  {c4} AS score, {c5} AS reason, {c6} AS origin, {c7} AS generator, {c8} AS decided
FROM generate_series({start}::bigint, {stop}::bigint) AS s(n)
"""
_UPLOADS = """
INSERT INTO uploads (upload_id, tenant, lane, announced_at, announcements, deadline_at,
  concluded_at, upload)
SELECT upload_id, tenant, lane, at, 1, at, at, json_build_object('upload_id', upload_id,
  'tenant', tenant, 'lane', lane, 'uri', 'store:///uploads/' || upload_id, 'file_name', 'a.mp4')
FROM ({rows}) AS r
"""
_VERDICTS = """
INSERT INTO verdicts (verdict_id, upload_id, lineage_digest, is_current, tenant, label, action,
  fake_probability, rejection_reason, model_name, model_version, policy_name, decided_at, verdict,
  lane, policy_sha256, provenance_state, score_band)
SELECT md5(upload_id), upload_id, md5('lineage'), true, tenant, label,
  CASE WHEN label IN ('suspect', 'unknown') THEN 'review' ELSE 'publish' END,
  p, CASE WHEN label = 'rejected' THEN 'unreadable' END, 'faces', version, 'standard', at,
  json_build_object('verdict_id', md5(upload_id), 'upload_id', upload_id, 'reasons',
    CASE WHEN reason < 0.05 THEN '["blurred"]'::json ELSE '[]'::json END, 'lineage',
    json_build_object('media_sha256', md5(upload_id), 'padding', repeat(md5(upload_id), 12))),
  lane, repeat(CASE WHEN n < {whole} * 0.5 THEN 'a1' ELSE 'b2' END, 32), origin_state,
  floor(p * 20)
FROM (
  SELECT *, CASE label WHEN 'clear' THEN score ^ 4 * 0.6 WHEN 'suspect' THEN 0.6 + score * 0.3
      WHEN 'fake' THEN 0.9 + score * 0.0999 END AS p,
    CASE WHEN n % {very_rare} = 7 THEN 'canary' WHEN n < {whole} * 0.5 THEN '1' ELSE '2' END
      AS version,
    CASE WHEN origin < 0.97 THEN 'unknown' WHEN origin < 0.98 THEN 'invalid'
      WHEN origin < 0.995 THEN 'valid' ELSE 'trusted' END AS origin_state
  FROM ({rows}) AS r
) AS r
"""
_TERMS = """
INSERT INTO verdict_terms (verdict_id, kind, term, tenant, decided_at)
SELECT md5(upload_id), kind, term, tenant, at FROM ({rows}) AS r, LATERAL (VALUES
  ('reason', CASE WHEN n % {very_rare} = 3 THEN 'occluded' END),
  ('reason', CASE WHEN label = 'rejected' THEN 'unreadable' END),
  ('reason', CASE WHEN reason < 0.05 THEN 'blurred' WHEN reason < 0.15 THEN 'near_threshold' END),
  ('generator', CASE WHEN n % {very_rare} = 5 THEN 'Rarely' WHEN generator < 0.01 THEN 'Often' END),
  ('provenance', CASE WHEN origin >= 0.995 THEN 'trusted' WHEN origin >= 0.98 THEN 'valid'
    WHEN origin >= 0.97 THEN 'invalid' END),
  ('decision', CASE WHEN {is_decided} THEN 'withhold' END)
) AS one(kind, term) WHERE term IS NOT NULL
"""
_STANDING = """
INSERT INTO standing_decisions (upload_id, tenant, decision_id, kind, action, since)
SELECT upload_id, tenant, left(md5(upload_id), 36), 'uphold', 'withhold', at
FROM ({rows}) AS r WHERE {is_decided}
"""
_COUNTS = """
INSERT INTO verdict_counts (span, tenant, start, lane, label, slot, verdicts)
SELECT '{span}', tenant, date_trunc('{span}', decided_at, 'UTC'), lane, label, 0, count(*)
FROM verdicts GROUP BY 2, 3, 4, 5
"""
_EVER = """
INSERT INTO verdict_counts (span, tenant, start, lane, label, slot, verdicts)
SELECT 'ever', tenant, timestamptz '1970-01-01 00:00:00Z', lane, label, 0, sum(verdicts)
FROM verdict_counts WHERE span = 'day' GROUP BY 2, 4, 5
"""
_DECIDED = "label IN ('suspect', 'fake') AND decided < 0.2"


async def fill(engine: AsyncEngine, count: int) -> None:
    """Fill the empty tables of a migrated PostgreSQL with `count` verdicts, and analyse them."""
    async with writing(engine) as connection:
        for index in _indexes():
            await connection.run_sync(index.drop)
    for start in range(0, count, _BLOCK):
        async with writing(engine) as connection:
            await _write(connection, start, min(start + _BLOCK, count) - 1, count)
    async with writing(engine) as connection:
        for span in Span:
            await connection.exec_driver_sql(_COUNTS.format(span=span))
        await connection.exec_driver_sql(_EVER)
    for index in _indexes():
        async with writing(engine) as connection:
            await connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
            await connection.run_sync(index.create)
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text("VACUUM ANALYZE"))


async def _write(connection: AsyncConnection, start: int, stop: int, whole: int) -> None:
    # As a replica would: what refers to what is right here, and need not be looked up.
    await connection.execute(text("SET LOCAL session_replication_role = replica"))
    chances = {f"c{number}": _CHANCE.format(number) for number in range(1, 9)}
    rows = _ROWS.format(
        **chances, first=FIRST.isoformat(), last=LAST.isoformat(), whole=whole, start=start,
        stop=stop,
    )  # fmt: skip
    for words in (_UPLOADS, _VERDICTS, _TERMS, _STANDING):
        await connection.exec_driver_sql(
            words.format(rows=rows, whole=whole, very_rare=VERY_RARE, is_decided=_DECIDED)
        )


def _indexes() -> list[Index]:
    every = {index for table in _LARGE for index in table.indexes}
    return sorted(every, key=lambda index: str(index.name))
