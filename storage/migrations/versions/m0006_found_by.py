"""What else current verdicts are found by: lane, policy, provenance, score, and their words.

Each is taken from the verdicts and uploads that are there. With PostgreSQL a million verdicts
take about a minute, and nothing is recorded meanwhile.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_IN_ORDER = ["decided_at", "verdict_id"]
_PAGED = {
    "lane": (["lane"], []),
    "score": (["score_band"], ["fake_probability"]),
    "model": (["model_name", "model_version"], []),
    "policy": (["policy_name", "policy_sha256"], []),
}
_COLUMNS = {
    "sqlite": """
        UPDATE verdicts SET
          lane = (SELECT lane FROM uploads WHERE uploads.upload_id = verdicts.upload_id),
          policy_sha256 = verdict ->> '$.lineage.policy_sha256',
          provenance_state = verdict ->> '$.provenance.state',
          score_band = MIN(CAST(fake_probability * 20 AS INTEGER), 19)
        """,
    "postgresql": """
        UPDATE verdicts SET
          lane = uploads.lane,
          policy_sha256 = verdict -> 'lineage' ->> 'policy_sha256',
          provenance_state = verdict -> 'provenance' ->> 'state',
          score_band = CASE WHEN fake_probability IS NOT NULL
            THEN LEAST(floor(fake_probability * 20), 19) END
        FROM uploads WHERE uploads.upload_id = verdicts.upload_id
        """,
}
_TERMS = "INSERT INTO verdict_terms (verdict_id, kind, term, tenant, decided_at) SELECT DISTINCT "
_OF_VERDICT = ", tenant, decided_at FROM verdicts"
_EVERYWHERE = (
    f"verdict_id, 'reason', rejection_reason{_OF_VERDICT}"
    " WHERE is_current AND rejection_reason IS NOT NULL",
    f"verdict_id, 'provenance', provenance_state{_OF_VERDICT}"
    " WHERE is_current AND provenance_state <> 'unknown'",
    "verdict_id, 'decision', standing_decisions.action, verdicts.tenant, decided_at"
    " FROM verdicts JOIN standing_decisions ON standing_decisions.upload_id = verdicts.upload_id"
    " WHERE is_current",
)
# What a rejection gives as its reason is not also among the verdict's reasons.
_LISTS = {
    "sqlite": (
        f"verdict_id, 'reason', each.value{_OF_VERDICT}, json_each(verdict, '$.reasons') AS each"
        " WHERE is_current AND each.value IS NOT rejection_reason",
        f"verdict_id, 'generator', each.value ->> '$.generator'{_OF_VERDICT},"
        " json_each(verdict, '$.provenance.generator_marks') AS each WHERE is_current",
    ),
    "postgresql": (
        f"verdict_id, 'reason', term{_OF_VERDICT},"
        " json_array_elements_text(verdict -> 'reasons') AS term"
        " WHERE is_current AND term IS DISTINCT FROM rejection_reason",
        f"verdict_id, 'generator', mark ->> 'generator'{_OF_VERDICT}, json_array_elements("
        "CASE WHEN json_typeof(verdict -> 'provenance') = 'object'"
        " THEN verdict -> 'provenance' -> 'generator_marks' END) AS mark WHERE is_current",
    ),
}


def upgrade() -> None:
    _add_columns()
    op.create_table(
        "verdict_terms",
        sa.Column("verdict_id", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("term", sa.String(255), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("decided_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["verdict_id"],
            ["verdicts.verdict_id"],
            name="fk_verdict_terms_verdict_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("verdict_id", "kind", "term", name="pk_verdict_terms"),
    )
    dialect = op.get_bind().dialect.name
    for chosen in (*_EVERYWHERE, *_LISTS[dialect]):
        op.execute(_TERMS + chosen)
    words = ["kind", "term", *_IN_ORDER]
    op.create_index("ix_verdict_terms_by_tenant", "verdict_terms", ["tenant", *words])
    op.create_index("ix_verdict_terms_newest", "verdict_terms", words)


def downgrade() -> None:
    op.drop_table("verdict_terms")
    for name in _PAGED:
        op.drop_index(f"ix_verdicts_newest_by_{name}", "verdicts")
        op.drop_index(f"ix_verdicts_by_{name}", "verdicts")
    for column in ("score_band", "provenance_state", "policy_sha256", "lane"):
        op.drop_column("verdicts", column)
    op.create_index("ix_verdicts_by_model", "verdicts", ["model_name", "model_version"])
    op.create_index("ix_verdicts_by_policy", "verdicts", ["policy_name", "decided_at"])


def _add_columns() -> None:
    for column in (
        sa.Column("lane", sa.String(16), nullable=False, server_default="live"),
        sa.Column("policy_sha256", sa.String(64)),
        sa.Column("provenance_state", sa.String(16)),
        sa.Column("score_band", sa.SmallInteger()),
    ):
        # Not in batch mode: it would drop the table, and what refers to it goes with its rows.
        op.add_column("verdicts", column)
    op.execute(_COLUMNS[op.get_bind().dialect.name])
    for name in ("ix_verdicts_by_model", "ix_verdicts_by_policy"):
        op.drop_index(name, "verdicts")
    for name, (narrowed, looked_at) in _PAGED.items():
        columns = [*narrowed, *_IN_ORDER, *looked_at]
        _index_current(f"ix_verdicts_by_{name}", ["tenant", *columns])
        _index_current(f"ix_verdicts_newest_by_{name}", columns)


def _index_current(name: str, columns: list[str]) -> None:
    op.create_index(
        name,
        "verdicts",
        columns,
        sqlite_where=sa.text("is_current IS 1"),
        postgresql_where=sa.text("is_current IS true"),
    )
