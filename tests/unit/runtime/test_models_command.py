"""`veriscope models`, as an operator types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from inference.bundles.bundle import PACKAGED, Bundle, open_bundle
from moderation.errors import InvalidConfiguration
from runtime.cli.models import app
from tests.bundles import BLENDING, GENERATION, SCREEN, described, make_bundle

DEFAULT = open_bundle(PACKAGED).manifest.title


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VERISCOPE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "state"


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make_bundle(tmp_path / "source", detectors=(BLENDING, GENERATION), screens=(SCREEN,))


def models(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=True)


def told(*words: object) -> str:
    result = models(*words)
    assert result.exit_code == 0, result.exception
    return result.stdout


def states() -> dict[str, str]:
    rows = [json.loads(line) for line in told("list", "--json").splitlines()]
    return {row["bundle"]: row["state"] for row in rows}


def test_at_first_the_packaged_bundle_serves() -> None:
    assert states() == {DEFAULT: "packaged, serves"}
    assert DEFAULT in told("list")


def test_a_history_without_entries_says_so() -> None:
    assert told("history") == "no history\n"
    assert told("history", "--json") == ""


def test_a_bundle_is_imported_promoted_and_rolled_back(bundle: Bundle, state: Path) -> None:
    assert "veriscope models promote test-faces:1" in told("import", bundle.folder)
    assert states() == {DEFAULT: "packaged, serves", "test-faces:1": "imported"}

    promoted = told("promote", "test-faces:1")
    folder = state / "bundles" / "test-faces" / "1"
    assert (
        f"--model-repository={folder} --model-control-mode=explicit --load-model=face_blending "
        "--disable-auto-complete-config"
    ) in promoted
    assert "where there is no GPU, with --model-config-name=cpu" in promoted
    assert "restart the workers" in promoted
    assert states() == {DEFAULT: "packaged", "test-faces:1": "imported, serves"}

    assert f"{DEFAULT} serves" in told("rollback")
    assert states() == {DEFAULT: "packaged, serves", "test-faces:1": "imported"}
    log = [json.loads(line) for line in told("history", "--json").splitlines()]
    assert [(line["did"], line["bundle"]) for line in log] == [
        ("promote", "test-faces:1"),
        ("rollback", "test-faces:1"),
    ]


def test_a_setting_that_goes_before_a_promotion_is_mentioned(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    told("import", bundle.folder)
    monkeypatch.setenv("VERISCOPE_SCORING__BUNDLE", DEFAULT)
    assert f"VERISCOPE_SCORING__BUNDLE={DEFAULT} goes before it" in told("promote", "test-faces:1")


def test_show_tells_all_that_a_bundle_says_of_itself(bundle: Bundle) -> None:
    told("import", bundle.folder)
    page = told("show", "test-faces:1", "--card")
    for word in (
        "test-faces:1",
        bundle.identity.sha256,
        "Triton's --model-repository",
        "model face_blending 1, 4 values",
        "heads/generation.npz on blending",
        "heads/screens.npz on blending",
        "deepfacelive",
        "0.970",
        "research use",
        "Made for tests.",
    ):
        assert word in page


def test_show_without_a_name_shows_what_serves() -> None:
    assert DEFAULT in told("show")


def test_show_fits_a_screen_and_says_where_the_rest_is() -> None:
    short = told("show").splitlines()

    assert len(short) <= 40
    assert "--card" in short[-1]


def test_show_for_machines_holds_the_manifest_the_hash_the_folder_and_the_card(
    bundle: Bundle, state: Path
) -> None:
    told("import", bundle.folder)
    whole = json.loads(told("show", "test-faces:1", "--json"))
    assert whole["sha256"] == bundle.identity.sha256
    assert whole["folder"] == str(state / "bundles" / "test-faces" / "1")
    assert whole["card_text"].startswith("# test-faces:1")
    assert whole["files"] == dict(bundle.manifest.files)


def test_what_others_wrote_does_not_steer_the_terminal(tmp_path: Path) -> None:
    manifest = described(metrics={"\x1b[2J": {"auc": 0.5}})
    make_bundle(tmp_path / "source", metrics=manifest.metrics)
    told("import", tmp_path / "source")
    assert "\x1b[2J" not in told("show", "test-faces:1", "--card")


def test_verify_takes_a_name_a_folder_a_file_or_everything(bundle: Bundle, tmp_path: Path) -> None:
    told("import", bundle.folder)
    told("export", "test-faces:1", tmp_path / "out.zip")
    for what in ("test-faces:1", bundle.folder, tmp_path / "out.zip"):
        assert "ok   test-faces:1" in told("verify", what)
    assert told("verify").count("ok ") == 2


def test_verify_fails_where_a_file_was_changed_and_goes_on_with_the_others(
    bundle: Bundle, state: Path
) -> None:
    told("import", bundle.folder)
    (state / "bundles" / "test-faces" / "1" / "card.md").write_text("changed")
    result = models("verify")
    assert result.exit_code == 1
    assert f"ok   {DEFAULT}" in result.stdout
    assert "card.md is not the file of the manifest" in result.stdout


def test_a_bundle_that_cannot_be_opened_is_listed_as_damaged(bundle: Bundle, state: Path) -> None:
    told("import", bundle.folder)
    (state / "bundles" / "test-faces" / "1" / "bundle.yaml").write_text("format: 9")
    assert states() == {DEFAULT: "packaged, serves", "test-faces:1": "damaged"}
    assert "damaged" in told("list")


def test_the_list_is_shown_also_when_what_should_serve_cannot(bundle: Bundle, state: Path) -> None:
    told("import", bundle.folder)
    told("promote", "test-faces:1")
    (state / "bundles" / "test-faces" / "1" / "bundle.yaml").write_text("format: 9")
    result = models("list")
    assert "test-faces:1" in result.stdout
    assert isinstance(result.exception, InvalidConfiguration)


@pytest.mark.parametrize("command", ["show", "promote", "verify"])
def test_a_bundle_that_is_not_there_is_one_line(command: str) -> None:
    result = models(command, "nobody:1")
    assert isinstance(result.exception, InvalidConfiguration)
    assert "no bundle nobody:1" in str(result.exception)
