"""An upload with everything that is ever kept of one is erased, and then looked for everywhere."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.comments import Comment
from moderation.decisions import DecisionKind
from moderation.erasure import ErasureScope, ErasureState
from moderation.lineage import ModelIdentity
from moderation.looks import Look
from moderation.people import ALL_TENANTS
from moderation.provenance import Provenance, ProvenanceState
from moderation.shadow import Opinion, ShadowOutcome, ShadowScore
from moderation.verdict import Action, Label
from storage.accounts.records import MediaAccess, MediaPart
from storage.comments.database import SqlComments
from storage.database import reading
from storage.dead_letters import SqlDeadLetters
from storage.media import open_media_store
from storage.reviews.known import SqlKnownItems
from storage.reviews.verifying import verify
from storage.shadow.database import SqlShadowScores
from streams.messages import REACHED, VerdictReached
from tests.contracts.accounts import an_account
from tests.contracts.erasure.house import House, a_house, accounts, media
from tests.contracts.reviews.desk import suspect
from tests.contracts.words import NOON, SECOND, a_letter, an_upload

ID = "Erase_me-7f3a"
SHA256 = "5e" * 32
PDQ = "c7" * 32
UPLOADER = "uploader-k9"
NAME = "my own face.mp4"
BYTES = b"the very bytes of my face"
NOTE, SKIP, APPEAL, COMMENT = "a note", "I know her", "that is me, honestly", "his left ear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needle:
    """Something that must be nowhere, in the spellings in which it may be kept."""

    what: str
    spellings: tuple[bytes, ...]


def needle(what: str, word: str | bytes) -> Needle:
    raw = word.encode() if isinstance(word, str) else word
    spellings = {raw, base64.b64encode(raw), raw.hex().encode()}
    return Needle(what=what, spellings=tuple(spellings))


@pytest.fixture
async def house(engine: AsyncEngine, tmp_path: Path) -> House:
    made = a_house(engine)
    made.store = open_media_store(str(tmp_path / "media"))
    return made


async def live(house: House, upload_id: str = ID, *, sha256: str = SHA256, pdq: str = PDQ) -> None:
    """Let an upload go through everything there is."""
    upload = an_upload(
        upload_id,
        uri=f"store:///media/acme/{upload_id}/0f",
        file_name=NAME if upload_id == ID else "other.mp4",
        uploader_id=UPLOADER if upload_id == ID else "somebody",
    )
    await house.desk.ledger.announce(upload, deadline_at=NOON)
    pack = f"packs/acme/{sha256}/crops-1.zip"
    for key in (f"media/acme/{upload_id}/0f", pack, pack.replace(".zip", ".face-1.npz")):
        await house.store.put(key, BYTES if upload_id == ID else b"other bytes")
    verdict = suspect(
        upload_id,
        media=media(sha256),
        face_pack=pack,
        provenance=Provenance(state=ProvenanceState.UNKNOWN),
    )
    look = Look(pdq=pdq, quality=90, at_seconds=0.5)
    for one in (verdict, _superseding(verdict)):
        told = REACHED.encode(
            VerdictReached(verdict=one), topic="test.verdicts", upload_id=upload_id, at=NOON
        )
        assert await house.desk.ledger.conclude(upload, one, publish=[told], looks=(look,))
    await _judge(house, upload_id)
    await _look(house, upload_id)


def _superseding(verdict):
    lineage = replace(verdict.lineage, policy_name="other")
    return replace(
        verdict,
        verdict_id=f"{verdict.upload_id}-other",
        lineage=lineage,
        supersedes=verdict.verdict_id,
        decided_at=NOON + 2 * SECOND,
    )


async def _judge(house: House, upload_id: str) -> None:
    """Skip, decide, undo, decide again, appeal, decide; comment; make it a known item."""
    desk, own = house.desk, f" of {upload_id}"
    job = await desk.take("bob", lead=True)
    await desk.queue.release(job.job_id, "bob", skipping=SKIP + own)
    job = await desk.take("ann", lead=True)
    first = await desk.decisions.decide(job.job_id, "ann", desk.ruling(job, note=NOTE + own))
    await desk.decisions.undo(first.decision.decision_id, "ann", token=f"undo-{upload_id}")
    job = await desk.take("ann", lead=True)
    await desk.decisions.decide(job.job_id, "ann", desk.ruling(job, note=NOTE + own))
    await desk.settle_all()
    await desk.appeals.appeal(upload_id, APPEAL + own)
    comment = Comment(
        comment_id=f"c-{upload_id}",
        tenant="acme",
        upload_id=upload_id,
        author="ann",
        text=COMMENT + own,
        made_at=NOON,
    )
    assert await SqlComments(house.engine).add(comment)
    await SqlKnownItems(house.engine).mark(upload_id, DecisionKind.UPHOLD, by="ann", at=NOON)
    job = await desk.take("cid", lead=True)
    await desk.decide(job, "cid")  # and nobody waits until it takes effect


async def _look(house: House, upload_id: str) -> None:
    """Somebody looks at it, a shadow judges it, and a message about it fails twice."""
    people = accounts(house.engine)
    if await people.people.find(person_id="id-ann") is None:
        await people.people.add(an_account("ann"))
    await people.log.note(
        MediaAccess(
            person_id="id-ann",
            tenant="acme",
            upload_id=upload_id,
            part=MediaPart.CROP,
            reason="review",
            detail=f"{upload_id}-strict/3",
            at=NOON,
        )
    )
    model = ModelIdentity(name="faces", version="3", sha256="cd" * 32)
    said = Opinion(label=Label.FAKE, action=Action.REVIEW, fake_probability=0.5, seconds=0.1)
    left = await SqlShadowScores(house.engine).keep(
        [
            ShadowScore(
                upload_id=upload_id,
                tenant="acme",
                shadow=replace(model, version="4"),
                serving=model,
                drawn_at=NOON,
                outcome=ShadowOutcome.SCORED,
                verdict_id=f"{upload_id}-strict",
                lineage_digest="0d" * 32,
                by_serving=said,
                by_shadow=said,
            )
        ]
    )
    assert left == set()
    letters = SqlDeadLetters(house.engine)
    value = json.dumps({"upload": {"upload_id": upload_id, "file_name": NAME}}).encode()
    headers = {"ce_subject": upload_id.encode()}
    for number, key in ((1, upload_id.encode()), (2, None)):
        offset = number + (0 if upload_id == ID else 10)
        letter = a_letter(offset, key=key, value=value, headers=headers, detail=f"no {upload_id}")
        assert await letters.keep(letter)


async def rows_of(engine: AsyncEngine) -> dict[str, list[bytes]]:
    """All rows of all tables that the database itself says it has, as bytes."""

    def read(connection: Connection) -> dict[str, list[bytes]]:
        names = inspect(connection).get_table_names()
        return {
            name: [_flat(row) for row in connection.execute(text(f'SELECT * FROM "{name}"'))]
            for name in names
        }

    async with reading(engine) as connection:
        return await connection.run_sync(read)


def _flat(row: Any) -> bytes:
    return b"\n".join(_bytes(value) for value in row)


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if type(value).__name__ == "BitString":
        return bytes(value.bytes)
    if isinstance(value, dict | list):
        return json.dumps(value).encode()
    return str(value).encode()


def _written_at_noon(folder: Path) -> None:
    """By the clock of the house, which the disk does not go by."""
    for path in folder.rglob("*"):
        os.utime(path, (NOON.timestamp(), NOON.timestamp()))


def found_in(rows: dict[str, list[bytes]], needles: list[Needle]) -> set[tuple[str, str]]:
    return {
        (table, one.what)
        for table, kept in rows.items()
        for one in needles
        if any(spelling in row for row in kept for spelling in one.spellings)
    }


async def needles_of(house: House) -> list[Needle]:
    """What would give the upload away, and all that was derived from it."""
    history = await house.desk.records.history(ID)
    links = [kept.link.decision for kept in history.decisions]
    assert len(links) == 4
    return [
        needle("its id", ID),
        needle("its file name", NAME),
        needle("its uploader", UPLOADER),
        needle("its hash", SHA256),
        needle("its hash's bytes", bytes.fromhex(SHA256)),
        needle("its look", PDQ),
        needle("its look's bytes", bytes.fromhex(PDQ)),
        needle("its look's bits", "".join(f"{byte:08b}" for byte in bytes.fromhex(PDQ))),
        *(needle("a review of it", job.job_id) for job in history.jobs),
        *(needle("a token", one.token) for one in links),
        *(needle("a salt", one.subject_salt or "none") for one in links),
        *(needle(word, f"{word} of") for word in (NOTE, SKIP, APPEAL, COMMENT)),
    ]


EVERYWHERE = {
    "comments",
    "dead_letter_uploads",
    "dead_letters",
    "decision_notes",
    "decisions",
    "known_items",
    "looks",
    "media_accesses",
    "outbox",
    "review_jobs",
    "review_skips",
    "seen_media",
    "shadow_scores",
    "standing_decisions",
    "upload_senders",
    "uploads",
    "verdict_terms",
    "verdict_tracks",
    "verdicts",
}


@pytest.mark.parametrize("scope", list(ErasureScope))
async def test_nothing_is_left_of_an_upload_but_the_proof(
    house: House, scope: ErasureScope, tmp_path: Path, database: str
) -> None:
    await live(house)
    needles = await needles_of(house)
    before = found_in(await rows_of(house.engine), needles)
    assert {table for table, _ in before} == EVERYWHERE  # the search finds what there is
    (head,) = (await house.desk.audit.heads()).values()
    _written_at_noon(tmp_path / "media")

    done = await house.erase(ID if scope is ErasureScope.UPLOAD else UPLOADER, scope=scope)

    assert done.state is ErasureState.DONE
    assert found_in(await rows_of(house.engine), needles) == set()
    assert [path for path in (tmp_path / "media").rglob("*") if path.is_file()] == []
    assert not any(ID in str(path) or SHA256 in str(path) for path in tmp_path.rglob("*"))
    last = {(one.topic, one.key): one.value for one in house.publisher.published}
    assert {value for (_, key), value in last.items() if key == ID} == {b""}
    report = await verify(house.desk.audit, "acme", head, {head[0]: head[1]})
    assert (report.broken, report.links) == (None, 4)
    (proof,) = await house.erasures.erasures(ALL_TENANTS, target=ID, limit=10)
    assert proof == done
    assert done.uploads == 1
    left = [
        (path.name, one.what)
        for path in tmp_path.rglob("*")
        if path.is_file()
        for one in needles
        if any(spelling in path.read_bytes() for spelling in one.spellings)
    ]
    assert left == []


async def test_of_others_uploads_everything_is_left(house: House, tmp_path: Path) -> None:
    await live(house, "other-1", sha256="a1" * 32, pdq="0f" * 32)
    alone = {table: len(rows) for table, rows in (await rows_of(house.engine)).items()}
    await live(house)
    _written_at_noon(tmp_path / "media")

    await house.erase(ID)

    rows = await rows_of(house.engine)
    for table in EVERYWHERE - {"outbox", "decisions", "media_accesses"}:
        assert len(rows[table]) == alone[table], table
    assert len(rows["decisions"]) == 2 * alone["decisions"]  # they stay, about nothing any more
    assert len(rows["media_accesses"]) == 2 * alone["media_accesses"]
    assert await house.store.read("media/acme/other-1/0f") == b"other bytes"
