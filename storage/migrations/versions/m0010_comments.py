"""What people say of uploads to one another, and how media are shown to each of them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)

_SQLITE_GUARD = (
    "CREATE TRIGGER comments_refuse_update BEFORE UPDATE ON comments "
    "BEGIN SELECT RAISE(ABORT, 'comments are not rewritten'); END"
)
_POSTGRESQL_GUARDS = (
    "CREATE OR REPLACE FUNCTION comments_stay() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'comments are not rewritten' USING ERRCODE = '23001'; END $$",
    "CREATE TRIGGER comments_refuse_update BEFORE UPDATE ON comments "
    "FOR EACH ROW EXECUTE FUNCTION comments_stay()",
)


def upgrade() -> None:
    op.create_table(
        "comments",
        sa.Column("number", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("comment_id", sa.String(64), nullable=False),
        sa.Column("upload_id", sa.String(128), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("author", sa.String(128), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"],
            ["uploads.upload_id"],
            name="fk_comments_upload_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("number", name="pk_comments"),
        sa.UniqueConstraint("comment_id", name="uq_comments_comment_id"),
    )
    op.create_index("ix_comments_by_upload", "comments", ["upload_id", "number"])
    op.create_table(
        "viewings",
        sa.Column("person_id", sa.String(128), nullable=False),
        sa.Column("blurred", sa.Boolean(), nullable=False),
        sa.Column("grey", sa.Boolean(), nullable=False),
        sa.Column("muted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.person_id"], name="fk_viewings_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_viewings"),
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for guard in (_SQLITE_GUARD,) if sqlite else _POSTGRESQL_GUARDS:
        op.execute(guard)


def downgrade() -> None:
    op.drop_table("viewings")
    op.drop_table("comments")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION comments_stay()")
