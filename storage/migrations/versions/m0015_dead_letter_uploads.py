"""Dead letters are found by the uploads they name: their bytes were searched before.

Those that are there are read once, and named as `storage.dead_letters` does.
"""

import re
from base64 import b64decode
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_NAMED = re.compile(rb'"upload_id"\s*:\s*"(' + _ID.pattern + rb')"')
_AT_ONCE = 100  # a letter may have a megabyte

_LETTERS = sa.table(
    "dead_letters",
    sa.column("dead_letter_id", _NUMBER),
    sa.column("key", sa.LargeBinary),
    sa.column("value", sa.LargeBinary),
    sa.column("headers", sa.JSON),
)


def upgrade() -> None:
    named = op.create_table(
        "dead_letter_uploads",
        sa.Column("upload_id", sa.String(128), nullable=False),
        sa.Column("dead_letter_id", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["dead_letter_id"],
            ["dead_letters.dead_letter_id"],
            name="fk_dead_letter_uploads_dead_letter_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("upload_id", "dead_letter_id", name="pk_dead_letter_uploads"),
    )
    op.create_index("ix_dead_letter_uploads_by_letter", "dead_letter_uploads", ["dead_letter_id"])
    last = 0
    while found := _after(last):
        rows = [
            {"upload_id": one, "dead_letter_id": letter.dead_letter_id}
            for letter in found
            for one in _named(letter)
        ]
        op.bulk_insert(named, rows)
        last = found[-1].dead_letter_id


def downgrade() -> None:
    op.drop_table("dead_letter_uploads")


def _after(last: int) -> list[sa.Row[Any]]:
    number = _LETTERS.c.dead_letter_id
    query = sa.select(_LETTERS).where(number > last).order_by(number).limit(_AT_ONCE)
    return list(op.get_bind().execute(query))


def _named(letter: sa.Row[Any]) -> list[str]:
    subject = (letter.headers or {}).get("ce_subject")
    told = (letter.key, None if subject is None else b64decode(subject))
    whole = {one for one in told if one is not None and _ID.fullmatch(one)}
    return sorted(one.decode() for one in {*whole, *_NAMED.findall(letter.value or b"")})
