"""People, their sessions and tokens, and what was looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)

_SQLITE_GUARD = (
    "CREATE TRIGGER media_accesses_refuse_update BEFORE UPDATE ON media_accesses "
    "BEGIN SELECT RAISE(ABORT, 'what was looked at is not rewritten'); END"
)
_POSTGRESQL_GUARDS = (
    "CREATE OR REPLACE FUNCTION media_accesses_stay() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'what was looked at is not rewritten' USING ERRCODE = '23001'; "
    "END $$",
    "CREATE TRIGGER media_accesses_refuse_update BEFORE UPDATE ON media_accesses "
    "FOR EACH ROW EXECUTE FUNCTION media_accesses_stay()",
)


def upgrade() -> None:
    _create_people()
    _create_invitations()
    _create_sessions()
    _create_tokens()
    _create_failures()
    _create_accesses()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for guard in (_SQLITE_GUARD,) if sqlite else _POSTGRESQL_GUARDS:
        op.execute(guard)


def downgrade() -> None:
    for table in (
        "media_accesses",
        "sign_in_failures",
        "api_tokens",
        "sessions",
        "invitations",
        "people",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION media_accesses_stay()")


def _create_people() -> None:
    op.create_table(
        "people",
        sa.Column("person_id", sa.String(128), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("tenants", sa.JSON(), nullable=False),
        sa.Column("pseudonym", sa.String(64), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(255)),
        sa.Column("issuer", sa.String(255)),
        sa.Column("subject", sa.String(255)),
        sa.Column("created_at", _TIME, nullable=False),
        sa.CheckConstraint("(issuer IS NULL) = (subject IS NULL)", name=op.f("ck_people_identity")),
        sa.PrimaryKeyConstraint("person_id", name="pk_people"),
        sa.UniqueConstraint("name", name="uq_people_name"),
        sa.UniqueConstraint("pseudonym", name="uq_people_pseudonym"),
        sa.UniqueConstraint("issuer", "subject", name="uq_people_issuer_subject"),
    )


def _create_invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(128), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        _of_person("invitations"),
        sa.PrimaryKeyConstraint("token_digest", name="pk_invitations"),
        sa.UniqueConstraint("person_id", name="uq_invitations_person_id"),
    )


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("session_digest", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(128), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.Column("idle_until", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.CheckConstraint("idle_until <= expires_at", name=op.f("ck_sessions_idle")),
        _of_person("sessions"),
        sa.PrimaryKeyConstraint("session_digest", name="pk_sessions"),
    )
    op.create_index("ix_sessions_by_person", "sessions", ["person_id"])
    op.create_index("ix_sessions_by_idle_until", "sessions", ["idle_until"])


def _create_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("token_id", sa.String(36), nullable=False),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("person_id", sa.String(128), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("tenants", sa.JSON(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("used_at", _TIME),
        sa.Column("revoked_at", _TIME),
        _of_person("api_tokens"),
        sa.PrimaryKeyConstraint("token_id", name="pk_api_tokens"),
        sa.UniqueConstraint("token_digest", name="uq_api_tokens_token_digest"),
    )


def _create_failures() -> None:
    op.create_table(
        "sign_in_failures",
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_sign_in_failures"),
    )
    op.create_index("ix_sign_in_failures_by_time", "sign_in_failures", ["last_at"])


def _create_accesses() -> None:
    op.create_table(
        "media_accesses",
        sa.Column("access_id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("person_id", sa.String(128), nullable=False),
        sa.Column("token_id", sa.String(36)),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("upload_id", sa.String(128), nullable=False),
        sa.Column("part", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        _of_person("media_accesses"),
        sa.PrimaryKeyConstraint("access_id", name="pk_media_accesses"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_media_accesses_by_upload", "media_accesses", ["upload_id", "access_id"])
    op.create_index("ix_media_accesses_by_tenant", "media_accesses", ["tenant", "access_id"])


def _of_person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["person_id"], ["people.person_id"], name=f"fk_{table}_person_id"
    )
