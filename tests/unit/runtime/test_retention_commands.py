from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from moderation.verdict import Action, Label
from runtime.cli import app
from storage import schema
from storage.database import open_database
from storage.media import open_media_store
from tests.contracts.erasure.house import a_house
from tests.parts.loops import run

AGO = datetime.now(UTC) - timedelta(days=40)
PUBLISHED = {"label": Label.CLEAR, "action": Action.PUBLISH}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger with an upload of forty days ago; its media folder."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'ledger.sqlite'}"
    monkeypatch.setenv("VERISCOPE_DATABASE__URL", url)
    monkeypatch.setenv("VERISCOPE_MEDIA__STORE", str(tmp_path / "media"))
    monkeypatch.setenv("COLUMNS", "200")

    async def fill() -> None:
        await schema.upgrade(url)
        engine = open_database(url)
        house = a_house(engine)
        house.store = open_media_store(str(tmp_path / "media"))
        await house.keep(decided_at=AGO, **PUBLISHED)
        await engine.dispose()

    run(fill())
    return tmp_path / "media"


def command(*words: str) -> str:
    answer = CliRunner().invoke(app, ["retention", *words])
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def lines() -> dict[str, dict[str, object]]:
    return {line["part"]: line for line in map(json.loads, command("show", "--json").splitlines())}


def test_what_is_due_is_shown_and_then_removed(store):
    before = lines()
    assert before["media"]["days"] == 30
    assert before["media"]["overdue_since"] == AGO.isoformat(timespec="seconds")
    assert before["packs"]["overdue_since"] is None
    assert "overdue since" in command("show")

    assert "1  media" in command("run")

    after = lines()["media"]
    assert (after["overdue_since"], after["until"]) == (None, AGO.isoformat(timespec="seconds"))
    kept = [path.relative_to(store).parts[0] for path in store.rglob("*") if path.is_file()]
    assert kept == ["packs", "packs"]
