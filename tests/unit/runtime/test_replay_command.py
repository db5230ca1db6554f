"""`veriscope replay`, as an operator types it, over a ledger and a media store in files."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from inference.bundles.bundle import PACKAGED, open_bundle
from moderation.errors import InvalidConfiguration
from runtime.cli.main import app
from storage import schema
from storage.database import open_database
from storage.ledger import SqlLedger
from storage.media import open_media_store
from storage.outbox import SqlOutbox
from storage.search.database import SqlUploadSearch
from tests.replaying import House

BUNDLE = open_bundle(PACKAGED)
STERN = """\
name: stern
rules:
  - tenant: "*"
    thresholds: {suspect: 0.001, fake: 0.002}
"""


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A ledger with three uploads, scored by the packaged bundle and judged clear."""
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    monkeypatch.setenv("VERISCOPE_STATE", str(tmp_path))
    monkeypatch.setenv("VERISCOPE_DATABASE__URL", url)
    monkeypatch.setenv("VERISCOPE_MEDIA__STORE", str(tmp_path / "media"))
    monkeypatch.setenv("COLUMNS", "200")
    # Logs are the whole process's: other tests look at them.
    monkeypatch.setattr("monitoring.logs.configure", lambda **_: None)
    asyncio.run(_filled(url, tmp_path / "media"))
    return url


@pytest.fixture
def stern(tmp_path: Path) -> Path:
    path = tmp_path / "stern.yaml"
    path.write_text(STERN)
    return path


async def _filled(url: str, media: Path) -> None:
    await schema.upgrade(url)
    engine = open_database(url)
    house = House(SqlLedger(engine), SqlUploadSearch(engine), bundle=BUNDLE)
    await house.judge_faces(10, 20, 30)
    store = open_media_store(str(media))
    for key, content in house.store.objects.items():
        await store.put(key, content)
    await engine.dispose()


async def _waiting(url: str) -> int:
    engine = open_database(url)
    waiting, _ = await SqlOutbox(engine).backlog()
    await engine.dispose()
    return waiting


def run(*words: object, **options: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], **options)


def test_a_dry_run_reports_and_writes_nothing(url: str, stern: Path) -> None:
    result = run("replay", "--since", "1d", "--policy", stern, "--dry-run", "--json")
    told = json.loads(result.stdout)
    assert (told["seen"], told["changed"], told["written"]) == (3, 3, None)
    (change,) = told["changes"]
    assert change["to"] == {"label": "fake", "action": "withhold"}
    links = {one["url"].rpartition("/uploads/")[2] for one in told["sample"]}
    assert links == {"u0000", "u0001", "u0002"}
    assert asyncio.run(_waiting(url)) == 3


def test_what_is_agreed_to_is_written_and_said(url: str, stern: Path) -> None:
    result = run("replay", "--since", "1d", "--policy", stern, "--yes")
    assert result.exit_code == 0, result.output
    assert "3 uploads: 3 would change (100.0%)" in result.stdout
    assert "3 verdicts superseded" in result.stdout
    assert asyncio.run(_waiting(url)) == 6
    again = run("replay", "--since", "1d", "--policy", stern, "--yes")
    assert "3 are of this lineage already" in again.stdout
    assert asyncio.run(_waiting(url)) == 6


def test_without_anybody_to_ask_nothing_is_begun(url: str, stern: Path) -> None:
    result = run("replay", "--since", "1d", "--policy", stern)
    assert result.exit_code == 2
    assert "--yes or --dry-run" in result.output


def test_a_policy_that_is_not_sound_replays_nothing(url: str, stern: Path) -> None:
    stern.write_text(STERN + "tests: [{name: a, given: {score: 0.9}, expect: {label: clear}}]\n")
    result = run("replay", "--since", "1d", "--policy", stern, "--yes")
    assert isinstance(result.exception, InvalidConfiguration)
    assert asyncio.run(_waiting(url)) == 3


def test_a_model_that_is_not_installed_is_named(url: str) -> None:
    result = run("replay", "--since", "1d", "--model", "other:9", "--dry-run")
    assert "no bundle other:9" in str(result.exception)


def test_two_policies_are_compared_on_recorded_verdicts(url: str, stern: Path) -> None:
    result = run("policy", "diff", "-", stern, "--since", "1d", "--json")
    told = json.loads(result.stdout)
    assert told["uploads"]["changed"] == 3
    assert {"setting": "thresholds.fake", "before": "0.9", "after": "0.002"}.items() <= next(
        one for one in told["settings"] if one["setting"] == "thresholds.fake"
    ).items()
    assert asyncio.run(_waiting(url)) == 3
