from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from datasets.cli import app
from datasets.errors import DataSetRefused
from moderation.errors import ModerationError
from tests.datasets import png, put_csv


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """A manifest with two people, a forgery of one, and all of its pictures."""
    folder = tmp_path / "media"
    folder.mkdir()
    for seed, name in enumerate(("a.png", "b.png", "forged.png")):
        (folder / name).write_bytes(png(seed))
    told = {"split": "", "method": "", "original": "", "gender": ""}
    rows = [
        {"path": "a.png", "label": "real", "subject": "p1", "gender": "female"},
        {"path": "b.png", "label": "real", "subject": "p2"},
        {"path": "forged.png", "label": "fake", "method": "m", "original": "a.png"},
    ]
    put_csv(folder / "manifest.csv", [told | {"subject": ""} | row for row in rows])
    return folder


def run(root: Path, *arguments: str) -> Result:
    """A command; an error of ours is raised here, and printed as one line by `veriscope`."""
    found = CliRunner().invoke(app, [*arguments, "--root", str(root)])
    if isinstance(found.exception, ModerationError):
        raise found.exception
    return found


def told(root: Path, *arguments: str) -> Any:
    return json.loads(run(root, *arguments, "--json").stdout)


def taken(root: Path, media: Path, *arguments: str) -> Result:
    return run(root, "import", str(media / "manifest.csv"), "--name", "faces", *arguments)


def test_a_data_set_goes_from_import_to_split_and_is_found_sound(
    tmp_path: Path, media: Path
) -> None:
    found = taken(tmp_path, media, "--use", "training=research", "--licence", "Their terms")
    assert "faces:1: 3 clips, read as manifest" in found.stdout
    (listed,) = told(tmp_path, "list")
    assert (listed["licence"], listed["training"]) == ("Their terms", "research")
    assert "3 clips in 2 groups" in run(tmp_path, "split", "faces", "--seed", "4").stdout
    verified = run(tmp_path, "verify", "faces")
    assert (verified.exit_code, "nothing wrong" in verified.stdout) == (0, True)


def test_verify_ends_with_1_when_something_is_wrong(tmp_path: Path, media: Path) -> None:
    taken(tmp_path, media)
    (media / "b.png").unlink()
    (media / "a.png").write_bytes(png(9))
    found = run(tmp_path, "verify", "--no-looks", "--json")
    assert found.exit_code == 1
    assert {one["kind"] for one in json.loads(found.stdout)} == {"missing", "changed"}
    assert run(tmp_path, "verify", "--no-looks").exit_code == 1


def test_coverage_tells_what_is_thin(tmp_path: Path, media: Path) -> None:
    taken(tmp_path, media)
    picture = tmp_path / "c.png"
    found = run(tmp_path, "coverage", "faces", "--picture", str(picture))
    assert "thin: gender female: 1 clip" in " ".join(found.stdout.split())
    assert picture.stat().st_size > 1000
    assert f"drawn: {picture}" in found.stdout.replace("\n", "")
    assert told(tmp_path, "coverage", "faces")["clips"] == 3


def test_a_dry_run_of_a_withdrawal_shows_it_and_removes_nothing(
    tmp_path: Path, media: Path
) -> None:
    taken(tmp_path, media)
    shown = run(tmp_path, "withdraw", "p1", "--dry-run")
    assert "would remove" in shown.stdout
    facts = told(tmp_path, "withdraw", "p1", "--dry-run")
    assert [one["clip_id"] for one in facts["clips"]] == ["a.png", "forged.png"]
    assert (media / "a.png").exists()
    assert told(tmp_path, "coverage", "faces")["clips"] == 3


def test_models_are_not_looked_for_where_there_is_no_folder(tmp_path: Path, media: Path) -> None:
    taken(tmp_path, media)
    with pytest.raises(DataSetRefused, match="no folder"):
        run(tmp_path, "withdraw", "p1", "--yes", "--bundles", str(tmp_path / "modles"))
    assert (media / "a.png").exists()


def test_a_withdrawal_asks_first(tmp_path: Path, media: Path) -> None:
    taken(tmp_path, media)
    assert run(tmp_path, "withdraw", "p1").exit_code == 1  # nobody answers
    assert (media / "a.png").exists()
    assert run(tmp_path, "withdraw", "p1", "--yes").exit_code == 0
    assert [path.name for path in media.glob("*.png")] == ["b.png"]


def test_importing_again_replaces_the_version(tmp_path: Path, media: Path) -> None:
    taken(tmp_path, media)
    taken(tmp_path, media)
    taken(tmp_path, media, "--version", "2")
    assert [one["data_set"] for one in told(tmp_path, "list")] == ["faces:1", "faces:2"]


def test_a_manifest_that_lies_about_its_bytes_is_refused(tmp_path: Path, media: Path) -> None:
    row = {"path": "a.png", "split": "", "label": "real", "sha256": "0" * 64}
    put_csv(media / "manifest.csv", [row])
    with pytest.raises(DataSetRefused, match=r"SHA-256.*a\.png"):
        taken(tmp_path, media)


@pytest.mark.parametrize("use", ["training", "training=perhaps", "selling=yes"])
def test_uses_that_are_none_are_refused(tmp_path: Path, media: Path, use: str) -> None:
    with pytest.raises(DataSetRefused):
        taken(tmp_path, media, "--use", use)


def test_names_from_files_cannot_write_markup_or_control_characters(
    tmp_path: Path, media: Path
) -> None:
    rows = [{"path": "a.png", "split": "", "label": "fake", "method": "[red]x[/]\x1b[31m"}]
    put_csv(media / "manifest.csv", rows)
    taken(tmp_path, media)
    shown = run(tmp_path, "coverage", "faces").stdout
    assert "[red]x" in shown
    assert "\x1b[31m" not in shown
