"""Lists of looks by command: brought in, written out, forgotten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from moderation.errors import InvalidConfiguration
from moderation.looks import Look
from moderation.verdict import Action
from runtime.cli import app
from storage import schema
from storage.database import open_database
from storage.ledger import SqlLedger
from storage.looks.before import SqlSeenBefore
from tests.contracts.looks.test_seen_before import Past
from tests.parts.loops import run

ONE, TWO = "0f" * 32, "a5" * 32


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    run(schema.upgrade(url))
    monkeypatch.setenv("VERISCOPE_DATABASE__URL", url)
    return url


def looks(*words: str, code: int = 0) -> str:
    answer = CliRunner().invoke(app, ["looks", *words])
    assert answer.exit_code == code, answer.output
    return answer.stdout


def told(tmp_path: Path, text: str) -> str:
    path = tmp_path / "list"
    path.write_text(text)
    return str(path)


def test_what_was_brought_in_is_counted_and_written_out(url: str, tmp_path: Path) -> None:
    csv = told(tmp_path, f"pdq,entry,quality\n{ONE},7,100\n{TWO},8,10\n")

    assert looks("import", csv, "--list", "partners") == "1 listed, 0 taken off, 1 left out\n"
    assert looks("list") == "*\tpartners\t1\n"
    assert looks("export", "--list", "partners") == f"pdq,entry\n{ONE},7\n"


def test_lists_of_tenants_are_apart(url: str, tmp_path: Path) -> None:
    csv = told(tmp_path, f"pdq\n{ONE}\n")
    looks("import", csv, "--list", "partners", "--tenant", "acme")

    assert looks("export", "--list", "partners") == "pdq,entry\n"
    assert ONE in looks("export", "--list", "partners", "--tenant", "acme")


def test_updates_of_threatexchange_put_on_and_take_off(url: str, tmp_path: Path) -> None:
    looks("import", told(tmp_path, f"pdq\n{TWO}\n"), "--list", "te")
    page = [
        {"id": "7", "indicator": ONE, "type": "HASH_PDQ"},
        {"id": "8", "indicator": TWO, "type": "HASH_PDQ", "should_delete": True},
    ]
    updates = told(tmp_path, json.dumps({"data": page}))
    said = looks("import", updates, "--list", "te", "--format", "threatexchange")

    assert said == "1 listed, 1 taken off\n"
    written = json.loads(looks("export", "--list", "te", "--format", "threatexchange"))
    assert [one["indicator"] for one in written["data"]] == [ONE]


def test_a_list_is_replaced_and_dropped(url: str, tmp_path: Path) -> None:
    looks("import", told(tmp_path, f"pdq\n{ONE}\n"), "--list", "partners")
    looks("import", told(tmp_path, f"pdq\n{TWO}\n"), "--list", "partners", "--replace")
    assert looks("export", "--list", "partners") == f"pdq,entry\n{TWO},\n"

    looks("drop", "--list", "partners")
    assert looks("list") == ""


def test_what_people_restricted_is_written_out_without_a_name(url: str) -> None:
    async def past() -> None:
        engine = open_database(url)
        made = Past(ledger=SqlLedger(engine), before=SqlSeenBefore(engine), engine=engine)
        for number, pdq, action in (
            ("u1", ONE, Action.WITHHOLD),
            ("u2", TWO, Action.PUBLISH),
        ):
            await made.sent(number, Look(pdq=pdq, quality=90), sha256=number[-1] * 64)
            await made.decided(number, action)
        await engine.dispose()

    run(past())

    assert looks("export", "--decided", "--tenant", "acme") == f"pdq,entry\n{ONE},\n"
    assert looks("export", "--decided", "--tenant", "other") == "pdq,entry\n"


@pytest.mark.parametrize(
    "words",
    [
        ["export"],
        ["export", "--decided"],
        ["export", "--decided", "--list", "partners", "--tenant", "acme"],
        ["import", "there-is-no-such-file", "--list", "partners"],
    ],
)
def test_what_is_not_said_plainly_is_refused(url: str, words: list[str]) -> None:
    looks(*words, code=2)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--list", "partners"], "name\nx\n"),
        (["--list", "a b"], f"pdq\n{ONE}\n"),
        (["--list", "partners", "--tenant", "a b"], f"pdq\n{ONE}\n"),
        (["--list", "partners", "--format", "threatexchange"], "no JSON"),
    ],
)
def test_a_file_or_a_name_that_is_none_changes_nothing(
    url: str, tmp_path: Path, words: list[str], text: str
) -> None:
    answer = CliRunner().invoke(app, ["looks", "import", told(tmp_path, text), *words])

    assert isinstance(answer.exception, InvalidConfiguration)
    assert looks("list") == ""
