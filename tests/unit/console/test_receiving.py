from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from console.bounds import Bounds
from moderation.errors import LedgerUnavailable, MediaStoreUnavailable
from storage.in_memory import InMemoryLedger, InMemoryMediaStore, InMemoryOutbox, Memory
from tests.unit.console.desk import LIMIT, Desk

FORM_BYTES = 64 * 1024
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
END = b"\r\n--b--\r\n"
OTHER = b'\r\n--b\r\nContent-Disposition: form-data; name="other"\r\n\r\n'


async def send(desk: Desk, *parts: bytes, **parameters: str) -> httpx.Response:
    async def body() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    return await desk.http.post(
        "/v1/uploads",
        content=body(),
        params=parameters,
        headers={"content-type": "multipart/form-data; boundary=b"},
    )


async def announced(desk: Desk) -> int:
    return len(await InMemoryOutbox(desk.memory).pending(limit=10))


class DownLedger(InMemoryLedger):
    async def status(self, upload_id: str):
        raise LedgerUnavailable


class RecordingStore(InMemoryMediaStore):
    """Remembers every key that was ever stored."""

    def __init__(self) -> None:
        super().__init__()
        self.stored: list[str] = []

    async def put(self, key: str, content: object) -> None:
        self.stored.append(key)
        await super().put(key, content)


async def test_with_the_ledger_down_not_a_byte_is_stored() -> None:
    desk = Desk(ledger=DownLedger(Memory()), store=RecordingStore())

    assert (await desk.upload(b"x")).status_code == 503

    assert desk.store.stored == []


async def test_what_could_not_be_announced_is_deleted() -> None:
    async def refuse(_upload: object) -> bool:
        raise LedgerUnavailable

    desk = Desk(accept=refuse, store=RecordingStore())

    assert (await desk.upload(b"x")).status_code == 503

    assert len(desk.store.stored) == 1
    assert desk.store.objects == {}


async def test_what_the_ledger_took_though_its_answer_was_lost_is_kept() -> None:
    async def lose_the_answer(upload) -> bool:
        await desk.ledger.announce(upload, deadline_at=upload.announced_at)
        raise LedgerUnavailable

    desk = Desk(accept=lose_the_answer)

    assert (await desk.upload(b"x")).status_code == 503

    assert list(desk.store.objects.values()) == [b"x"]


async def test_what_another_attempt_announced_first_is_not_kept_twice() -> None:
    async def too_late(upload) -> bool:
        return False

    desk = Desk(accept=too_late)

    assert (await desk.upload(b"x")).status_code == 202

    assert desk.store.objects == {}


async def test_what_a_store_kept_of_a_write_that_failed_is_deleted() -> None:
    class Torn(InMemoryMediaStore):
        async def put(self, key: str, content: object) -> None:
            self.objects[key] = b"half"
            raise MediaStoreUnavailable

    desk = Desk(store=Torn())

    assert (await desk.upload(b"x")).status_code == 503

    assert desk.store.objects == {}


async def test_an_upload_sent_again_with_its_id_is_the_same_upload() -> None:
    desk = Desk()

    answers = [await desk.upload(content, upload_id="mine") for content in (b"first", b"second")]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert [a.json()["status_url"] for a in answers] == ["/v1/uploads/mine"] * 2
    assert await announced(desk) == 1
    assert list(desk.store.objects.values()) == [b"first"]


async def test_an_address_sent_again_with_its_id_is_announced_once() -> None:
    desk = Desk()
    for _ in range(2):
        answer = await desk.http.post(
            "/v1/uploads", json={"uri": "https://example.org/a"}, params={"upload_id": "mine"}
        )
        assert answer.status_code == 202

    assert await announced(desk) == 1


async def test_an_id_of_another_tenant_is_taken() -> None:
    desk = Desk()
    await desk.upload(b"x", upload_id="mine", tenant="acme")

    answer = await desk.upload(b"y", upload_id="mine", tenant="other")

    assert (answer.status_code, answer.json()["reason"]) == (409, "taken")


@pytest.mark.parametrize("upload_id", ["../up", "a b", "", "x" * 129, ".a", "a%00"])
async def test_an_id_of_other_characters_is_refused(upload_id: str) -> None:
    assert (await Desk().upload(b"x", upload_id=upload_id)).status_code == 422


@pytest.mark.parametrize("upload_id", ["a%00", "a%20b", "x" * 129, ".a"])
async def test_a_status_of_no_possible_id_is_not_looked_up(upload_id: str) -> None:
    answer = await Desk(ledger=DownLedger(Memory())).http.get(f"/v1/uploads/{upload_id}")

    assert (answer.status_code, answer.json()["reason"]) == (422, "bad_request")


@pytest.mark.parametrize(("others", "code"), [(0, 202), (1, 429)])
async def test_one_upload_more_than_there_are_places_is_asked_to_come_again(
    others: int, code: int
) -> None:
    arrived, proceed = asyncio.Event(), asyncio.Event()

    class Slow(InMemoryMediaStore):
        async def put(self, key: str, content: object) -> None:
            arrived.set()
            await proceed.wait()
            await super().put(key, content)

    desk = Desk(store=Slow(), bounds=Bounds(max_bytes=LIMIT, uploads_at_once=1))
    first = [asyncio.ensure_future(desk.upload(b"x")) for _ in range(others)]
    if first:
        await arrived.wait()
    second = asyncio.ensure_future(desk.upload(b"y"))
    if not first:
        proceed.set()
    answer = await second
    proceed.set()

    assert answer.status_code == code
    assert ("retry-after" in answer.headers) == (code == 429)
    assert [(await one).status_code for one in first] == [202] * others
    assert (await desk.upload(b"z")).status_code == 202  # the place is free again


@pytest.mark.parametrize(("excess", "code"), [(0, 202), (1, 413)])
@pytest.mark.parametrize("place", ["another part", "after the last boundary"])
async def test_all_of_the_body_counts(place: str, excess: int, code: int) -> None:
    frame = HEAD + b"x" + (OTHER + END if place == "another part" else END)
    filler = b"y" * (LIMIT + FORM_BYTES + excess - len(frame))
    parts = (
        (HEAD, b"x", OTHER, filler, END) if place == "another part" else (HEAD, b"x", END, filler)
    )
    desk = Desk()

    assert (await send(desk, *parts)).status_code == code

    assert len(desk.store.objects) == (1 if code == 202 else 0)


async def test_a_client_of_whom_nothing_arrives_is_given_up() -> None:
    desk = Desk(bounds=Bounds(max_bytes=LIMIT, idle_seconds=0.01))

    async def stall() -> AsyncIterator[bytes]:
        yield HEAD
        await asyncio.Event().wait()

    answer = await desk.http.post(
        "/v1/uploads",
        content=stall(),
        headers={"content-type": "multipart/form-data; boundary=b"},
    )

    assert (answer.status_code, answer.json()["reason"]) == (408, "idle")
    assert desk.store.objects == {}
