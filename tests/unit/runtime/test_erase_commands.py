from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from runtime.cli import app
from runtime.cli.erasing import KINDS
from storage import schema
from storage.database import open_database
from storage.erasure.holdings import HOLDINGS
from tests.contracts.erasure.house import House, a_house
from tests.parts.loops import run

ASKED = ("--tenant", "acme", "--reason", "subject_request", "--reference", "case-7")
SURE = (*ASKED, "--yes")


class Place:
    """A ledger and a media folder of their own, and the commands on them."""

    def __init__(self, url: str) -> None:
        self.url = url

    def do(self, work: Callable[[House], Awaitable[None]]) -> None:
        async def done() -> None:
            engine = open_database(self.url)
            await work(a_house(engine))
            await engine.dispose()

        run(done())

    def command(self, *words: str, code: int = 0, typed: str | None = None) -> str:
        answer = CliRunner().invoke(app, ["erase", *words], input=typed)
        assert answer.exit_code == code, answer.output
        return answer.stdout


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    url = f"sqlite+aiosqlite:///{tmp_path / 'ledger.sqlite'}"
    monkeypatch.setenv("VERISCOPE_DATABASE__URL", url)
    monkeypatch.setenv("VERISCOPE_MEDIA__STORE", str(tmp_path / "media"))
    monkeypatch.setenv("VERISCOPE_ERASURE__SETTLE", "0.001")
    monkeypatch.setenv("COLUMNS", "200")
    run(schema.upgrade(url))
    made = Place(url)
    made.do(lambda house: house.keep())
    return made


def test_an_upload_is_asked_for_erased_and_proved(place):
    asked = place.command("u1", *SURE)
    assert "  pending: gone within seconds" in asked
    assert "`veriscope erase list --of u1`" in asked
    assert place.command("run").endswith("  settling\n")
    assert place.command("run").endswith("  settling\n")
    place.do(lambda house: house.relay())
    assert place.command("run").endswith("  done\n")

    (proof,) = place.command("list", "--of", "u1", "--json").splitlines()
    told = json.loads(proof)
    assert (told["state"], told["target"], told["reference"]) == ("done", None, "case-7")
    assert told["removed"]["uploads"] == 1
    assert "u1" not in proof
    assert "1 uploads" in place.command("list")


def test_all_of_an_uploader_is_asked_for(place):
    place.command("--uploader", "ann-x", *SURE)
    place.command("run")
    place.command("run")
    place.do(lambda house: house.relay())
    place.command("run")

    assert json.loads(place.command("list", "--json"))["uploads"] == 1


def test_without_a_terminal_nothing_is_erased_unless_it_is_said_that_it_is_meant(place):
    place.command("u1", *ASKED, code=2)

    assert place.command("list") == "no erasures\n"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    there = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr("runtime.cli.erase.sys", SimpleNamespace(stdin=there, stderr=sys.stderr))


@pytest.mark.usefixtures("terminal")
def test_on_a_terminal_it_is_asked_first_and_a_no_erases_nothing(place):
    place.command("u1", *ASKED, typed="n\n")

    assert place.command("list") == "no erasures\n"


@pytest.mark.usefixtures("terminal")
def test_a_yes_erases_what_there_is_of_all_that_were_named(place):
    shown = place.command("nobody's", "u1", *ASKED, "--json", typed="y\n", code=1)

    (_typed, asked) = shown.splitlines()
    assert json.loads(asked)["target"] == "u1"


def test_ids_stay_in_one_piece_however_narrow_the_terminal(place, monkeypatch):
    place.command("u1", *SURE)
    (told,) = place.command("list", "--json").splitlines()
    monkeypatch.setenv("COLUMNS", "60")

    assert json.loads(told)["erasure_id"] in place.command("list")


def test_a_dry_run_counts_and_changes_nothing(place):
    counts = json.loads(place.command("u1", *ASKED, "--dry-run", "--json"))

    assert counts["verdicts"] == 1
    assert place.command("list") == "no erasures\n"


def test_a_dry_run_says_by_kind_what_would_go_and_what_would_stay(place):
    place.do(lambda house: house.use())

    shown = place.command("u1", *ASKED, "--dry-run")

    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert lines[0] == "what how many would"
    assert "verdicts 1 go" in lines
    assert "hashes of bytes and looks 2 go" in lines
    assert "decisions: who, what, when and why 1 stay, without saying about which upload" in lines
    assert "verdict_terms" not in shown
    assert "veriscope erase list --of" in shown


def test_a_dry_run_of_who_sent_nothing_says_so(place):
    assert place.command("--uploader", "zoe", *ASKED, "--dry-run") == "nothing is kept of it\n"


def test_every_table_that_an_erasure_touches_has_a_word_of_its_users():
    told = [table for kind in KINDS for table in kind.tables]

    assert sorted(told) == sorted(holding.table.name for holding in HOLDINGS)
    blanked = {holding.table.name for holding in HOLDINGS if holding.blanked is not None}
    assert blanked == {table for kind in KINDS if kind.fate != "go" for table in kind.tables}


@pytest.mark.parametrize(
    "wrong",
    [
        (*SURE,),
        ("u1", "--uploader", "ann-x", *SURE),
        ("u1", "--tenant", "acme", "--reason", "because", "--yes"),
        ("u1", "--yes", *ASKED[:-1], "he asked me to"),
        ("u 1", *SURE),
    ],
)
def test_what_makes_no_sense_is_refused(place, wrong):
    place.command(*wrong, code=2)

    assert place.command("list") == "no erasures\n"


def test_another_tenants_upload_is_not_erased_and_the_others_are(place):
    place.do(lambda house: house.keep("u2", sha256="a1" * 32, tenant="other"))

    place.command("u2", "u1", *SURE, code=1)

    (asked,) = place.command("list", "--json").splitlines()
    assert json.loads(asked)["target"] == "u1"
