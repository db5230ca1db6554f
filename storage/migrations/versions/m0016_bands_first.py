"""An index of a band begins with the band, so that no other one can stand in for it.

While they began with the tenant, PostgreSQL took one and the same for all sixteen questions where
it thought that a tenant had few looks, and read all that there were. It thinks so of a tenant that
is new since the table's last ANALYZE.
"""

from collections.abc import Callable

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TABLES = ("looks", "listed_looks")
_BANDS = [f"band_{number}" for number in range(16)]


def upgrade() -> None:
    _index_anew(lambda band: [band, "tenant", "pdq"])


def downgrade() -> None:
    _index_anew(lambda band: ["tenant", band, "pdq"])


def _index_anew(columns: Callable[[str], list[str]]) -> None:
    for table in _TABLES:
        for band in _BANDS:
            op.drop_index(f"ix_{table}_by_{band}", table)
            op.create_index(
                f"ix_{table}_by_{band}", table, columns(band), postgresql_include=["look_id"]
            )
