"""Bundles are imported whole or not at all, and what serves is what was promoted."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from inference.bundles.bundle import Bundle, read_bundle
from inference.bundles.promotions import FILE_NAME
from inference.bundles.store import BundleStore
from inference.bundles.writing import write_manifest
from moderation.errors import InvalidConfiguration
from tests.bundles import described, lay_out, make_bundle

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def packaged(tmp_path: Path) -> Bundle:
    return make_bundle(tmp_path / "packaged", name="packaged")


@pytest.fixture
def store(tmp_path: Path, packaged: Bundle) -> BundleStore:
    return BundleStore(tmp_path / "store", packaged=packaged.folder)


def titles(store: BundleStore) -> list[str]:
    return [entry.title for entry in store.entries()]


def imported(store: BundleStore, tmp_path: Path, version: str) -> Bundle:
    source = tmp_path / f"source-{version}"
    return store.install(make_bundle(source, version=version).folder)


def test_without_a_store_there_is_the_packaged_bundle_and_it_serves(
    store: BundleStore, packaged: Bundle
) -> None:
    assert titles(store) == ["packaged:1"]
    assert store.serving().identity == packaged.identity
    assert not store.folder.exists()


def test_a_bundle_is_imported_under_its_name_and_version(
    store: BundleStore, tmp_path: Path
) -> None:
    bundle = imported(store, tmp_path, "1.2")
    assert bundle.folder == store.folder / "test-faces" / "1.2"
    assert titles(store) == ["packaged:1", "test-faces:1.2"]
    assert read_bundle(store.find("test-faces:1.2").folder).identity == bundle.identity
    assert store.serving().manifest.title == "packaged:1"


def test_what_was_exported_can_be_imported_elsewhere(store: BundleStore, tmp_path: Path) -> None:
    bundle = imported(store, tmp_path, "2")
    store.export("test-faces:2", tmp_path / "out.zip")
    other = BundleStore(tmp_path / "other", packaged=tmp_path / "packaged")
    assert other.install(tmp_path / "out.zip").identity == bundle.identity


def test_the_same_bundle_may_be_imported_again(store: BundleStore, tmp_path: Path) -> None:
    first = imported(store, tmp_path, "2")
    assert store.install(tmp_path / "source-2").identity == first.identity


def test_a_bundle_that_is_whole_is_left_alone_and_told_so(
    store: BundleStore, tmp_path: Path
) -> None:
    first = imported(store, tmp_path, "2")
    before = first.folder.stat().st_ino
    steps: list[str] = []
    store.install(tmp_path / "source-2", say=steps.append)
    assert steps[-1] == "test-faces:2 is there already, every file as pinned"
    assert first.folder.stat().st_ino == before


def spoil_card(folder: Path) -> None:
    (folder / "card.md").write_text("changed")


def remove_calibration(folder: Path) -> None:
    (folder / "calibration.json").unlink()


def spoil_manifest(folder: Path) -> None:
    (folder / "bundle.yaml").write_text("format: 9")


def remove_manifest(folder: Path) -> None:
    (folder / "bundle.yaml").unlink()


def leave_a_stranger(folder: Path) -> None:
    (folder / "stranger.txt").write_text("not in the manifest")


@pytest.mark.parametrize(
    "damage",
    [spoil_card, remove_calibration, spoil_manifest, remove_manifest, leave_a_stranger],
)
def test_a_bundle_that_is_not_whole_is_mended_by_importing_it_again(
    store: BundleStore, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    first = imported(store, tmp_path, "2")
    store.promote("test-faces:2", at=NOON)
    damage(first.folder)
    with pytest.raises(InvalidConfiguration):
        read_bundle(first.folder)
    steps: list[str] = []
    assert store.install(tmp_path / "source-2", say=steps.append).identity == first.identity
    assert any("which is not whole" in step for step in steps)
    assert read_bundle(first.folder).identity == first.identity
    assert store.serving().identity == first.identity
    assert list(store.folder.glob(".incoming-*")) == []


def test_a_packaged_bundle_that_is_not_whole_is_imported_beside_it(
    store: BundleStore, packaged: Bundle, tmp_path: Path
) -> None:
    make_bundle(tmp_path / "again", name="packaged")
    spoil_card(packaged.folder)
    mended = store.install(tmp_path / "again")
    assert mended.folder == store.folder / "packaged" / "1"
    assert store.find("packaged:1").folder == mended.folder


def test_a_bundle_that_was_moved_by_hand_is_not_replaced_by_another(
    store: BundleStore, tmp_path: Path
) -> None:
    moved = imported(store, tmp_path, "2").folder
    moved.rename(moved.with_name("3"))
    with pytest.raises(InvalidConfiguration, match="give this one another version"):
        imported(store, tmp_path, "3")


def test_another_bundle_of_the_same_version_is_refused(store: BundleStore, tmp_path: Path) -> None:
    first = imported(store, tmp_path, "2")
    make_bundle(tmp_path / "other", version="2", seed=2)
    with pytest.raises(InvalidConfiguration, match="give this one another version"):
        store.install(tmp_path / "other")
    assert store.find("test-faces:2").identity == first.identity


def test_another_bundle_under_the_packaged_name_and_version_is_refused(
    store: BundleStore, tmp_path: Path
) -> None:
    make_bundle(tmp_path / "other", name="packaged", seed=2)
    with pytest.raises(InvalidConfiguration, match="give this one another version"):
        store.install(tmp_path / "other")


def test_code_of_others_is_installed_only_on_trust(store: BundleStore, tmp_path: Path) -> None:
    manifest = described()
    lay_out(tmp_path / "source", manifest)
    (tmp_path / "source" / "face_blending" / "1" / "model.py").write_text("import socket")
    write_manifest(tmp_path / "source", manifest)
    with pytest.raises(InvalidConfiguration, match=r"face_blending/1/model\.py.*--trust-code"):
        store.install(tmp_path / "source")
    assert titles(store) == ["packaged:1"]
    store.install(tmp_path / "source", trust_code=True)
    assert titles(store) == ["packaged:1", "test-faces:1"]


def test_a_bundle_that_is_not_there_is_refused_with_those_that_are(
    store: BundleStore, tmp_path: Path
) -> None:
    imported(store, tmp_path, "2")
    with pytest.raises(InvalidConfiguration, match="there are packaged:1, test-faces:2"):
        store.find("test-faces:3")


def test_a_bundle_that_was_moved_by_hand_does_not_pass_for_another(
    store: BundleStore, tmp_path: Path
) -> None:
    bundle = imported(store, tmp_path, "2")
    bundle.folder.rename(bundle.folder.with_name("3"))
    assert titles(store) == ["packaged:1", "test-faces:3"]
    with pytest.raises(InvalidConfiguration, match="holds test-faces:2"):
        store.find("test-faces:3")


CUT_OFF = """
import os, sys
from pathlib import Path
from inference.bundles.store import BundleStore
store = BundleStore(Path(sys.argv[1]), packaged=Path(sys.argv[2]))
store.install(Path(sys.argv[3]), say=lambda step: step.startswith(sys.argv[4]) and os._exit(9))
"""


@pytest.mark.parametrize("step", ["unpacking", "verifying", "installing"])
def test_a_process_that_dies_in_an_import_leaves_nothing_half_installed(
    store: BundleStore, tmp_path: Path, step: str
) -> None:
    bundle = make_bundle(tmp_path / "source")
    died = subprocess.run(
        [sys.executable, "-c", CUT_OFF, store.folder, tmp_path / "packaged", bundle.folder, step],
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[4])},
    )
    assert died.returncode == 9
    assert len(list(store.folder.glob(".incoming-*"))) == 1
    assert titles(store) == ["packaged:1"]

    assert store.install(bundle.folder).identity == bundle.identity
    assert list(store.folder.glob(".incoming-*")) == []


def test_an_import_that_is_refused_leaves_nothing(store: BundleStore, tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "source")
    (bundle.folder / "card.md").write_text("changed")
    with pytest.raises(InvalidConfiguration):
        store.install(bundle.folder)
    assert [path.name for path in store.folder.iterdir()] == [".lock"]


def test_what_is_promoted_serves(store: BundleStore, tmp_path: Path) -> None:
    bundle = imported(store, tmp_path, "2")
    store.promote("test-faces:2", at=NOON)
    assert store.serving().identity == bundle.identity


def test_a_rollback_goes_to_what_served_before_and_the_history_stays(
    store: BundleStore, tmp_path: Path
) -> None:
    for version in ("2", "3"):
        imported(store, tmp_path, version)
        store.promote(f"test-faces:{version}", at=NOON)

    assert store.rollback(at=NOON).manifest.title == "test-faces:2"
    assert store.serving().manifest.title == "test-faces:2"
    assert store.rollback(at=NOON).manifest.title == "packaged:1"
    assert store.serving().manifest.title == "packaged:1"
    with pytest.raises(InvalidConfiguration, match="no bundle was promoted"):
        store.rollback(at=NOON)
    assert [(entry.did, entry.bundle) for entry in store.history()] == [
        ("promote", "test-faces:2"),
        ("promote", "test-faces:3"),
        ("rollback", "test-faces:3"),
        ("rollback", "test-faces:2"),
    ]


def test_a_promotion_after_a_rollback_is_rolled_back_to_what_served_then(
    store: BundleStore, tmp_path: Path
) -> None:
    for version in ("2", "3", "4"):
        imported(store, tmp_path, version)
    store.promote("test-faces:2", at=NOON)
    store.promote("test-faces:3", at=NOON)
    store.rollback(at=NOON)
    store.promote("test-faces:4", at=NOON)
    assert store.rollback(at=NOON).manifest.title == "test-faces:2"


def test_the_packaged_bundle_can_be_promoted_over_another(
    store: BundleStore, tmp_path: Path
) -> None:
    imported(store, tmp_path, "2")
    store.promote("test-faces:2", at=NOON)
    store.promote("packaged:1", at=NOON)
    assert store.serving().manifest.title == "packaged:1"


def test_a_bundle_that_is_not_whole_is_not_promoted(store: BundleStore, tmp_path: Path) -> None:
    bundle = imported(store, tmp_path, "2")
    (bundle.folder / "card.md").write_text("changed")
    with pytest.raises(InvalidConfiguration, match=r"card\.md"):
        store.promote("test-faces:2", at=NOON)
    assert store.history() == ()


def test_a_bundle_that_was_replaced_since_it_was_promoted_does_not_serve(
    store: BundleStore, tmp_path: Path
) -> None:
    bundle = imported(store, tmp_path, "2")
    store.promote("test-faces:2", at=NOON)
    write_manifest(bundle.folder, described(version="2", seed=2))
    with pytest.raises(InvalidConfiguration, match="another bundle than the test-faces:2"):
        store.serving()


def test_a_damaged_log_is_told_with_what_to_do(store: BundleStore, tmp_path: Path) -> None:
    imported(store, tmp_path, "2")
    (store.folder / FILE_NAME).write_text("[")
    with pytest.raises(InvalidConfiguration, match=r"promotions\.json is damaged: remove it"):
        store.serving()


def test_a_log_that_was_cut_off_while_written_is_the_one_before(
    store: BundleStore, tmp_path: Path
) -> None:
    imported(store, tmp_path, "2")
    store.promote("test-faces:2", at=NOON)
    (store.folder / f".{FILE_NAME}").write_text("[{")
    assert store.serving().manifest.title == "test-faces:2"
    store.rollback(at=NOON)
    assert store.serving().manifest.title == "packaged:1"


def test_a_store_that_cannot_be_written_is_told_in_one_line(
    tmp_path: Path, packaged: Bundle
) -> None:
    (tmp_path / "file").write_text("no folder")
    store = BundleStore(tmp_path / "file" / "store", packaged=packaged.folder)
    with pytest.raises(InvalidConfiguration, match=r"file/store: \w+"):
        store.promote("packaged:1", at=NOON)
