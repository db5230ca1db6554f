"""`veriscope models shadow` and `shadow-files`, as an operator types them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from inference.bundles.bundle import Bundle
from inference.bundles.weights import identify_weights
from moderation.shadow import Opinion, ShadowOutcome, ShadowScore
from moderation.verdict import Action, Label
from runtime.cli.models import app
from storage import schema
from storage.database import open_database
from storage.ledger import SqlLedger
from storage.shadow.database import SqlShadowScores
from tests.builders import MODEL, NOON, an_upload
from tests.bundles import make_bundle
from tests.unit.streams.shadowing import SHADOWED

CLEAR = Opinion(label=Label.CLEAR, action=Action.PUBLISH, fake_probability=0.25, seconds=1.0)
FAKE = Opinion(label=Label.FAKE, action=Action.WITHHOLD, fake_probability=0.875, seconds=1.5)
UNKNOWN = Opinion(label=Label.UNKNOWN, action=Action.REVIEW, fake_probability=None, seconds=2.0)


@pytest.fixture(autouse=True)
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("VERISCOPE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("VERISCOPE_DATABASE__URL", url)
    monkeypatch.setenv("COLUMNS", "200")
    asyncio.run(schema.upgrade(url))
    return url


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=True)


def told(*words: object) -> str:
    result = run(*words)
    assert result.exit_code == 0, result.exception
    return result.stdout


def a_score(upload_id: str, said: Opinion | None, tenant: str = "acme") -> ShadowScore:
    known = {"verdict_id": f"v-{upload_id}", "lineage_digest": "12" * 32, "by_serving": CLEAR}
    return ShadowScore(
        upload_id=upload_id,
        tenant=tenant,
        shadow=SHADOWED,
        serving=MODEL,
        drawn_at=NOON,
        outcome=ShadowOutcome.SCORED if said else ShadowOutcome.LATE,
        by_shadow=said,
        **(known if said else {}),
    )


def keep(url: str, *scores: ShadowScore) -> None:
    async def write() -> None:
        engine = open_database(url)
        for score in scores:
            upload = an_upload(score.upload_id, tenant=score.tenant)
            await SqlLedger(engine).announce(upload, deadline_at=NOON)
        await SqlShadowScores(engine).keep(scores)
        await engine.dispose()

    asyncio.run(write())


def test_without_a_shadow_it_says_that_there_is_none() -> None:
    assert "no shadow looked at anything" in told("shadow")
    assert json.loads(told("shadow", "--json")) == {"comparisons": [], "flipped": []}


def test_it_tells_flips_with_an_interval_agreement_changes_and_cost(url: str) -> None:
    keep(url, *(a_score(f"u{n}", CLEAR) for n in range(8)), a_score("u8", FAKE))
    keep(url, a_score("u9", UNKNOWN), a_score("u10", None))
    words = " ".join(told("shadow").split())
    assert "newer:2 (efefefefefef) beside faces:1 (cdcdcdcdcdcd)" in words
    assert "10 of 11 drawn; 1 late" in words
    assert "other labels 2 of 10: 20.0% (95% interval 5.7% to 51.0%)" in words
    assert "80.0% the same" in words
    assert "1.15 times as much: 1.150 s an upload, not 1.000 s" in words
    assert "clear fake 1" in words
    assert "clear unknown 1" in words


def test_for_machines_it_tells_the_same(url: str) -> None:
    keep(url, a_score("u1", FAKE), a_score("u2", CLEAR), a_score("u3", None))
    answer = json.loads(told("shadow", "--json", "--sample", "5"))
    (found,) = answer["comparisons"]
    assert found["outcomes"] == {"late": 1, "scored": 2}
    assert (found["flips"]["count"], found["flips"]["of"]) == (1, 2)
    assert found["changes"] == [{"from": "clear", "to": "fake", "uploads": 1}]
    assert found["cost_ratio"] == pytest.approx(1.25)
    (flip,) = answer["flipped"]
    assert (flip["upload_id"], flip["verdict_id"]) == ("u1", "v-u1")
    assert (flip["serving"]["label"], flip["shadow"]["label"]) == ("clear", "fake")


def test_a_sample_shows_uploads_with_other_labels(url: str) -> None:
    keep(url, a_score("u1", FAKE), a_score("u2", UNKNOWN), a_score("u3", CLEAR))
    words = " ".join(told("shadow", "--sample", "2").split())
    assert "u1 acme clear fake 0.25 → 0.87" in words
    assert "u2 acme clear unknown 0.25 → none" in words
    assert "u3" not in words
    assert "u1 acme" not in " ".join(told("shadow").split())


@pytest.mark.parametrize(
    ("options", "of"),
    [
        (["--since", "2026-03-01T12:00"], 2),
        (["--since", "2026-03-01T12:00:01"], None),
        (["--until", "2026-03-01T12:00:01"], 2),
        (["--until", "2026-03-01"], None),
        (["--tenant", "other"], 1),
        (["--tenant", "other", "--tenant", "acme"], 2),
    ],
)
def test_it_can_be_narrowed(url: str, options: list[str], of: int | None) -> None:
    keep(url, a_score("u1", FAKE), a_score("u2", FAKE, tenant="other"))
    found = json.loads(told("shadow", "--json", *options))["comparisons"]
    assert [one["flips"]["of"] for one in found] == ([of] if of else [])


def test_where_both_say_one_thing_there_is_no_kappa(url: str) -> None:
    keep(url, a_score("u1", CLEAR))
    assert "100.0% the same; both always say one thing" in told("shadow")


def test_where_all_were_lost_nothing_is_compared(url: str) -> None:
    keep(url, a_score("u1", None))
    words = " ".join(told("shadow").split())
    assert "0 of 1 drawn; 1 late other labels nothing to compare" in words
    assert "cost not measured" in words


def test_files_for_triton_are_written_under_names_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle: Bundle = make_bundle(tmp_path / "source")
    told("import", bundle.folder)
    words = told("shadow-files", "test-faces:1", tmp_path / "beside")
    assert f"--model-repository={tmp_path / 'beside'}" in words
    assert "VERISCOPE_SHADOW__BUNDLE=test-faces:1" in words
    assert identify_weights(tmp_path / "beside" / "shadow.face_blending").name == (
        "shadow.face_blending"
    )
    assert run("shadow-files", "test-faces:9", tmp_path / "none").exit_code != 0
    assert not (tmp_path / "none").exists()
