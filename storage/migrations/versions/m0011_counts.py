"""How many verdicts there are by the hour and by the day, and the searches that people keep."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_INSERT = "INSERT INTO verdict_counts (span, tenant, start, lane, label, slot, verdicts) SELECT"
_COUNTED = "lane, label, 0, count(*) FROM verdicts WHERE is_current GROUP BY 2, 3, 4, 5"
# A colon would be taken for a parameter.
_STARTS = {
    "sqlite": {
        "hour": "strftime('%Y-%m-%d %H\\:00\\:00.000000', decided_at)",
        "day": "strftime('%Y-%m-%d 00\\:00\\:00.000000', decided_at)",
    },
    "postgresql": {
        "hour": "date_trunc('hour', decided_at, 'UTC')",
        "day": "date_trunc('day', decided_at, 'UTC')",
    },
}


def upgrade() -> None:
    op.create_table(
        "verdict_counts",
        sa.Column("span", sa.String(8), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("start", _TIME, nullable=False),
        sa.Column("lane", sa.String(16), nullable=False),
        sa.Column("label", sa.String(16), nullable=False),
        sa.Column("slot", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("verdicts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "span", "tenant", "start", "lane", "label", "slot", name="pk_verdict_counts"
        ),
    )
    for span, start in _STARTS[op.get_bind().dialect.name].items():
        op.execute(f"{_INSERT} '{span}', tenant, {start}, {_COUNTED}")
    op.create_index("ix_verdict_counts_by_time", "verdict_counts", ["span", "start"])
    op.create_table(
        "saved_queries",
        sa.Column("person_id", sa.String(128), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("saved_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.person_id"],
            name="fk_saved_queries_person_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", "name", name="pk_saved_queries"),
    )


def downgrade() -> None:
    op.drop_table("saved_queries")
    op.drop_table("verdict_counts")
