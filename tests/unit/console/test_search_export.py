"""Files of what was found: whole, bounded, and with pseudonyms in place of moderators."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import UTC
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from console.areas import Area
from console.search import exporting
from console.search.desk import SearchDesk
from console.search.export import COLUMNS
from console.search.exporting import export_area
from console.search.parquet import Pieces
from moderation.decisions import DecisionKind, Ruling
from moderation.people import Role, Tenants
from moderation.verdict import Reason
from storage.in_memory import Memory
from storage.search.in_memory import InMemorySavedQueries, InMemoryUploadSearch
from storage.search.ports import Counted, Counts, Place, Results, Span, Wanted
from tests.contracts.words import NOON
from tests.unit.console.house import House
from tests.unit.console.review import ReviewHouse


async def decided(house: ReviewHouse) -> str:
    """An upload that somebody decided about; their pseudonym."""
    ann = await house.person(Role.MODERATOR, "ann")
    await house.review.flag("u1", decided_at=NOON, reasons=(Reason.BLURRED, Reason.OCCLUDED))
    reviews, desk = house.review.memory.reviews, house.review.desk
    (job,) = reviews.jobs.values()
    await desk.queue.next(ann.person_id)
    ruling = Ruling(kind=DecisionKind.UPHOLD, verdict_id=job.verdict_id, reason="forged", token="t")
    made = await desk.decisions.decide(job.job_id, ann.person_id, ruling)
    reviews.standing["u1"] = made.decision
    return ann.pseudonym


def rows_of(content: bytes) -> list[dict[str, Any]]:
    return pq.read_table(io.BytesIO(content)).to_pylist()


async def test_a_parquet_file_holds_what_was_found_with_its_types(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    pseudonym = await decided(house)
    await house.review.flag("u2")

    answer = await viewer.get("/uploads.parquet?reason=blurred")

    assert answer.headers["content-disposition"] == 'attachment; filename="uploads.parquet"'
    (row,) = rows_of(answer.content)
    assert tuple(row) == COLUMNS
    assert (row["upload_id"], row["fake_probability"]) == ("u1", 0.7)
    assert (row["reasons"], row["generators"]) == (["blurred", "occluded"], [])
    assert row["decided_at"].astimezone(UTC) == NOON
    assert (row["standing"], row["decided_by"]) == ("withhold", pseudonym)
    assert (row["model"], row["model_version"], row["policy"]) == ("faces", "3", "strict")


async def test_who_decided_is_named_by_a_pseudonym_alone(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    pseudonym = await decided(house)
    ann = await house.accounts.people.find(name="ann")

    for path in ("/uploads.csv", "/uploads.parquet"):
        content = (await viewer.get(path)).content
        assert pseudonym.encode() in content
        assert ann.person.person_id.encode() not in content
        assert b"ann" not in content


async def test_a_file_is_empty_but_for_its_columns_where_nothing_is_found(
    viewer: httpx.AsyncClient,
) -> None:
    assert (await viewer.get("/uploads.csv")).text == ",".join(COLUMNS) + "\r\n"
    table = pq.read_table(io.BytesIO((await viewer.get("/uploads.parquet")).content))
    assert (table.num_rows, tuple(table.column_names)) == (0, COLUMNS)


@pytest.mark.parametrize(("most", "rows"), [(4, 4), (5, 5), (6, 5)])
async def test_a_file_has_as_many_rows_as_are_allowed_and_no_more(
    house: ReviewHouse,
    viewer: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    rows: int,
) -> None:
    monkeypatch.setattr(exporting, "MOST_EXPORTED", most)
    monkeypatch.setattr(exporting, "_AT_ONCE", 2)
    for number in range(5):
        await house.review.flag(f"u{number}", face_pack=None)

    lines = list(csv.DictReader(io.StringIO((await viewer.get("/uploads.csv")).text)))
    groups = rows_of((await viewer.get("/uploads.parquet")).content)

    expected = [f"u{number}" for number in (4, 3, 2, 1, 0)][:rows]
    assert [line["upload_id"] for line in lines] == expected
    assert [row["upload_id"] for row in groups] == expected


class Rare:
    """A search that finds one upload at its last look, which it waits for."""

    def __init__(self) -> None:
        self.looks = 0
        self.goes_on = asyncio.Event()
        self._memory = InMemoryUploadSearch(Memory())

    async def find(
        self, which: Wanted, tenants: Tenants, *, start: Place | None = None, limit: int
    ) -> Results:
        self.looks += 1
        if self.looks == 1:
            return Results(found=(), further=Place(decided_at=NOON, verdict_id="v"))
        await self.goes_on.wait()
        return await self._memory.find(which, tenants, limit=limit)

    async def counts(self, which: Wanted, tenants: Tenants) -> Counts:
        return await self._memory.counts(which, tenants)

    async def over_time(self, which: Wanted, tenants: Tenants, *, per: Span) -> list[Counted]:
        return await self._memory.over_time(which, tenants, per=per)


@pytest.mark.parametrize(
    ("path", "begins"), [("/uploads.csv", b"upload_id,tenant"), ("/uploads.parquet", b"PAR1")]
)
async def test_a_file_begins_before_all_was_looked_for(path: str, begins: bytes) -> None:
    search = Rare()

    def areas(house: House) -> list[Area]:
        people = house.accounts.people
        saved = InMemorySavedQueries()
        desk = SearchDesk(search=search, saved=saved, people=people, now=house.clock)
        return [export_area(desk)]

    house = House(areas=areas)
    viewer = await house.browser_of(await house.person())
    sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    answering = asyncio.create_task(house.app(scope_of(viewer, path), forever, sent.put))

    start, body = await sent.get(), await sent.get()

    assert (start["status"], body["more_body"], answering.done()) == (200, True, False)
    assert body["body"].startswith(begins)
    search.goes_on.set()
    await answering
    assert search.looks == 2


def scope_of(browser: httpx.AsyncClient, path: str) -> dict[str, Any]:
    """A request as an ASGI server hands it on: httpx shows an answer only once it is whole."""
    request = browser.build_request("GET", path)
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("192.0.2.1", 4711),
        "server": ("console.example", 443),
    }


async def forever() -> dict[str, Any]:
    """A client that says no more, and does not go."""
    await asyncio.Event().wait()
    return {}


def test_pieces_of_a_file_are_taken_once_and_its_length_goes_on() -> None:
    pieces = Pieces()
    pieces.write(b"abc")
    assert pieces.take() == b"abc"
    pieces.write(b"de")
    assert (pieces.tell(), pieces.take(), pieces.take()) == (5, b"de", b"")
