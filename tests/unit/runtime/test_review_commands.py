from __future__ import annotations

import csv
import io
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from moderation.errors import InvalidConfiguration, UnknownPerson
from moderation.people import ALL_TENANTS, Person, Role
from runtime.cli import app
from runtime.reasons import load_reasons
from storage import schema
from storage.accounts.database import accounts_in
from storage.accounts.ports import Accounts
from storage.accounts.records import Account, MediaAccess, MediaPart
from storage.database import open_database, writing
from tests.builders import FACTS
from tests.contracts.reviews.desk import PLAN, Desk, sql_desk
from tests.contracts.words import NOON, a_verdict
from tests.parts.loops import run

STATEMENTS = ("reviews", "statements")


class Place:
    """A ledger of its own, and the commands on it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def do(self, work: Callable[[Desk], Awaitable[object]], **plan: object) -> None:
        async def done() -> None:
            engine = open_database(self.url)
            await work(sql_desk(engine, replace(PLAN, **plan), load_reasons(None)))
            await engine.dispose()

        run(done())

    def with_accounts(self, work: Callable[[Accounts], Awaitable[None]]) -> None:
        async def done() -> None:
            engine = open_database(self.url)
            await work(accounts_in(engine))
            await engine.dispose()

        run(done())

    def tamper(self, *statements: str) -> None:
        async def done() -> None:
            engine = open_database(self.url)
            async with writing(engine) as connection:
                for statement in statements:
                    await connection.execute(text(statement))
            await engine.dispose()

        run(done())

    def command(self, *words: str, code: int = 0) -> str:
        answer = CliRunner().invoke(app, list(words))
        assert answer.exit_code == code, answer.output
        return answer.stdout


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    url = f"sqlite+aiosqlite:///{tmp_path / 'ledger.sqlite'}"
    monkeypatch.setenv("VERISCOPE_DATABASE__URL", url)
    monkeypatch.setenv("COLUMNS", "200")
    run(schema.upgrade(url))
    return Place(url)


async def two_decisions(desk: Desk) -> None:
    for upload_id in ("u1", "u2"):
        await desk.flag(upload_id, media=FACTS)
        job = await desk.take()
        kind, reason = (
            ("uphold", "forged_face") if upload_id == "u1" else ("overturn", "not_forged")
        )
        ruling = desk.ruling(job, kind, reason=reason)
        await desk.decisions.decide(job.job_id, "ann", ruling)
    await desk.settle_all()


def test_whole_chains_are_verified_and_named(place):
    place.do(two_decisions)
    assert place.command("audit", "verify").startswith("whole   acme: 2 decisions, last ")
    report = json.loads(place.command("audit", "verify", "--json"))
    assert (report["tenant"], report["links"], report["broken"]) == ("acme", 2, None)
    noted = f"acme:2:{report['digest']}"
    place.command("audit", "verify", "--expect", noted)


def test_a_ledger_without_decisions_is_whole(place):
    assert place.command("audit", "verify") == "no decisions\n"


def test_the_first_broken_link_is_named_and_the_command_fails(place):
    place.do(two_decisions)
    place.tamper(
        "DROP TRIGGER decisions_refuse_update",
        "UPDATE decisions SET moderator = 'eve' WHERE sequence = 2",
    )
    assert place.command("audit", "verify", code=1).startswith("BROKEN  acme: link 2: ")
    report = json.loads(place.command("audit", "verify", "--json", code=1))
    assert report["broken"]["sequence"] == 2


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM decision_chains",
        "DELETE FROM decisions WHERE sequence = 2",
        "DELETE FROM decisions",
        "UPDATE decisions SET kind = 'unheard of' WHERE sequence = 2",
    ],
)
def test_a_chain_that_was_cut_is_broken(place, statement):
    place.do(two_decisions)
    place.tamper(
        "DROP TRIGGER decisions_refuse_update", "DROP TRIGGER decisions_refuse_delete", statement
    )
    assert "BROKEN  acme" in place.command("audit", "verify", code=1)


def test_a_digest_that_was_noted_and_is_not_there_breaks_the_chain(place):
    place.do(two_decisions)
    assert "noted" in place.command("audit", "verify", "--expect", f"acme:1:{'f' * 64}", code=1)
    assert "other" in place.command("audit", "verify", "--expect", f"other:1:{'f' * 64}", code=1)
    place.command("audit", "verify", "--expect", "acme:1", code=2)


def test_what_waits_is_listed(place):
    place.do(lambda desk: desk.flag("u7"))
    assert "u7" in place.command("reviews", "list")
    assert json.loads(place.command("reviews", "list", "--json"))["upload_id"] == "u7"
    assert place.command("reviews", "list", "--queue", "other") == "no reviews\n"


def test_a_year_is_printed_for_machines(place):
    place.do(two_decisions)
    figures = json.loads(place.command("reviews", "figures", "2026"))
    assert figures["decisions_by_kind"] == {"overturn": 1, "uphold": 1}
    assert json.loads(place.command("reviews", "figures", "2025"))["decisions_by_kind"] == {}


def test_statements_are_written_for_what_restricts(place):
    place.do(two_decisions)
    days = ("--since", "2026-03-01", "--until", "2026-03-01")
    (one,) = json.loads(place.command("reviews", "statements", *days))["statements"]
    assert one["category"] == "STATEMENT_CATEGORY_CYBER_VIOLENCE"
    rows = list(csv.DictReader(io.StringIO(place.command(*STATEMENTS, *days, "--format", "csv"))))
    assert [row["puid"] for row in rows] == [one["puid"]]
    other = place.command(*STATEMENTS, "--since", "2026-03-02", "--until", "2026-03-02")
    assert json.loads(other) == {"statements": []}


def test_a_statement_for_a_reason_that_restricts_nothing_is_refused(place):
    place.do(lambda desk: desk.conclude(a_verdict()))
    answer = CliRunner().invoke(
        app,
        [*STATEMENTS, "--since", "2026-03-01", "--until", "2026-03-01", "--automated", "nothing"],
    )
    assert isinstance(answer.exception, InvalidConfiguration)


async def decide_all_as_bob(desk: Desk) -> None:
    """Let Bob find everything forged."""
    while (job := await desk.queue.next("bob")) is not None:
        ruling = desk.ruling(job, "uphold", reason="forged_face")
        await desk.decisions.decide(job.job_id, "bob", ruling)


def an_account(name: str) -> Account:
    person = Person(
        person_id=f"id-{name}",
        name=name,
        role=Role.LEAD,
        tenants=ALL_TENANTS,
        pseudonym=f"m-{name}",
    )
    return Account(person=person, created_at=NOON)


def a_look(name: str, upload_id: str) -> MediaAccess:
    return MediaAccess(
        person_id=f"id-{name}",
        tenant="acme",
        upload_id=upload_id,
        part=MediaPart.CROP,
        reason="review",
        at=NOON,
    )


def test_known_items_are_marked_listed_answered_and_forgotten(place):
    known = ("reviews", "known-items")
    place.do(two_decisions)
    assert place.command(*known, "mark", "u1", "genuine") == "u1 is marked: genuine\n"
    listed = json.loads(place.command(*known, "list", "--json"))
    assert (listed["upload_id"], listed["expected"]) == ("u1", "overturn")
    assert place.command(*known, "list", "--tenant", "other") == "no known items\n"

    place.do(lambda desk: desk.flag("u3"), known=1.0)
    place.do(decide_all_as_bob)
    (told,) = json.loads(place.command("reviews", "figures", "2026"))["known_items_by_moderator"]
    assert (told["moderator"], told["right"]["count"], told["right"]["of"]) == ("somebody", 0, 1)

    assert place.command(*known, "forget", "u1") == "u1 is forgotten\n"
    assert place.command(*known, "list") == "no known items\n"


def test_agreement_stands_beside_the_years_figures(place):
    place.do(two_decisions, second=1.0)
    place.do(decide_all_as_bob)

    agreement = json.loads(place.command("reviews", "figures", "2026"))["agreement"]

    assert (agreement["pairs"], agreement["observed"]) == (2, 0.5)


def test_looks_at_media_are_listed_by_person_and_upload(place):
    async def look(accounts: Accounts) -> None:
        for name, upload_id in (("ann", "u1"), ("bob", "u2")):
            await accounts.people.add(an_account(name))
            await accounts.log.note(a_look(name, upload_id))

    place.with_accounts(look)
    every = place.command("audit", "accesses").splitlines()
    assert [line.split()[1] for line in every] == ["bob", "ann"]
    told = json.loads(place.command("audit", "accesses", "--person", "ann", "--json"))
    assert (told["person"], told["upload_id"], told["part"]) == ("ann", "u1", "crop")
    assert place.command("audit", "accesses", "--upload", "u2").count("\n") == 1
    assert place.command("audit", "accesses", "--tenant", "other") == "nobody has looked\n"
    assert place.command("audit", "accesses", "--tenant", "other", "--json") == ""
    answer = CliRunner().invoke(app, ["audit", "accesses", "--person", "eve"])
    assert isinstance(answer.exception, UnknownPerson)
