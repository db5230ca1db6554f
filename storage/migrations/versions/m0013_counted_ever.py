"""How many verdicts there are in all, beside those of each day."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_INSERT = "INSERT INTO verdict_counts (span, tenant, start, lane, label, slot, verdicts) SELECT"
_SUMMED = "lane, label, 0, sum(verdicts) FROM verdict_counts WHERE span = 'day' GROUP BY 2, 4, 5"
# A colon would be taken for a parameter.
_BEGINNING = {
    "sqlite": "'1970-01-01 00\\:00\\:00.000000'",
    "postgresql": "timestamptz '1970-01-01 00\\:00\\:00Z'",
}


def upgrade() -> None:
    beginning = _BEGINNING[op.get_bind().dialect.name]
    op.execute(f"{_INSERT} 'ever', tenant, {beginning}, {_SUMMED}")


def downgrade() -> None:
    op.execute("DELETE FROM verdict_counts WHERE span = 'ever'")
