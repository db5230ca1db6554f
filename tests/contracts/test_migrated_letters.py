"""Dead letters from before a migration are found by the uploads they name."""

from __future__ import annotations

from sqlalchemy import insert, select

from storage import schema
from storage.database import reading, writing
from storage.erasure.letters import uploads_named
from storage.tables import dead_letter_uploads, dead_letters
from tests.contracts.migrating import open_at
from tests.contracts.words import a_letter

LETTERS = (
    a_letter(1, key=b"u1", value=None),
    a_letter(2, key=None, value=b'{"upload": {"upload_id": "u2"}}'),
    a_letter(3, key=b"u3", value=b'[{"upload_id":"u4"},{"upload_id":"u5"}'),
    a_letter(4, key=None, value=b"?", headers={"ce_subject": b"u6"}),
    a_letter(5, key=b"\xff", value=b"nobody", headers={}),
)


async def test_what_waits_already_is_named_as_what_comes_later(database: str) -> None:
    engine = await open_at(database, "0014")
    names = [column.name for column in dead_letters.c if hasattr(LETTERS[0], column.name)]
    async with writing(engine) as connection:
        for letter in LETTERS:
            row = {name: getattr(letter, name) for name in names}
            await connection.execute(insert(dead_letters).values(row))

    await schema.upgrade(database)

    async with reading(engine) as connection:
        found = await connection.execute(
            select(dead_letters.c.origin_offset, dead_letter_uploads.c.upload_id).join(
                dead_letter_uploads
            )
        )
        named = {tuple(row) for row in found}
    await engine.dispose()
    assert named == {
        (letter.origin_offset, one) for letter in LETTERS for one in uploads_named(letter)
    }
    assert {one for _, one in named} == {"u1", "u2", "u3", "u4", "u5", "u6"}
