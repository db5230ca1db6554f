from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import yaml

from datasets import derived, marks, withdrawal
from datasets.derived import Kind
from datasets.errors import DataSetRefused, UnknownDataSet
from datasets.importing import Wish, bring_in
from datasets.paths import sha256_of
from datasets.records import Clip, DataSet
from datasets.registry import Registry
from datasets.rows import from_registry
from datasets.tombstones import Tombstones
from datasets.trained import trained_on
from tests.datasets import fake, put, put_csv, real

PATHS = ("p1/a.png", "p1/b.png", "forged/a.png", "forged/of-forged.png", "p2/a.png")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Two clips of p1, a forgery of one and a forgery of that, and a clip of p2."""
    media = put(tmp_path / "media", *PATHS)

    def hashed(build: Callable[..., Clip], path: str, **facts: object) -> Clip:
        return build(path, sha256=sha256_of(media / path), **facts)

    clips = [
        hashed(real, "p1/a.png", subjects=("p1",)),
        hashed(real, "p1/b.png", subjects=("p1",)),
        hashed(fake, "forged/a.png", original="p1/a.png"),
        hashed(fake, "forged/of-forged.png", original="forged/a.png"),
        hashed(real, "p2/a.png", subjects=("p2",)),
    ]
    found = Registry(tmp_path / "registry")
    found.write(DataSet(name="faces", version="1", media_root=media), clips)
    return found


def faces(registry: Registry, folder: Path) -> Path:
    """A folder as training.faces writes it: one face of each clip."""
    derived.register(registry.root, folder, Kind.FACES, ["faces:1"])
    put(folder, *(f"patches/{number:05d}.jpg" for number in range(len(PATHS))))
    put_csv(
        folder / "faces.csv",
        [
            {"file": f"patches/{n:05d}.jpg", "clip_id": path, "data_set": "faces:1"}
            for n, path in enumerate(PATHS)
        ],
    )
    np.save(folder / "crops.npy", np.arange(len(PATHS)))
    return folder


def faces_left(folder: Path) -> list[str]:
    with (folder / "faces.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {path.name for path in (folder / "patches").iterdir()} == {
        Path(row["file"]).name for row in rows
    }
    assert len(np.load(folder / "crops.npy")) == len(rows)
    return [row["clip_id"] for row in rows]


def withdraw(registry: Registry, subject: str = "p1") -> None:
    withdrawal.carry_out(registry, withdrawal.plan(registry, subject))


def clips_left(registry: Registry) -> list[str]:
    return [clip.path for clip in registry.read("faces").clips]


def test_clips_their_forgeries_and_forgeries_of_those_go(registry: Registry) -> None:
    withdraw(registry)
    assert clips_left(registry) == ["p2/a.png"]
    media = registry.read("faces").dataset.media_root
    assert [p.relative_to(media).as_posix() for p in media.rglob("*.png")] == ["p2/a.png"]


def test_a_plan_changes_nothing(registry: Registry, tmp_path: Path) -> None:
    faces(registry, tmp_path / "faces")
    before = sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*"))
    found = withdrawal.plan(registry, "p1")
    assert sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*")) == before
    assert len(found.clips) == len(found.files) == 4
    assert found.faces == {str(tmp_path / "faces"): 4}


def test_faces_cut_out_of_the_clips_go_and_the_rest_still_fits_together(
    registry: Registry, tmp_path: Path
) -> None:
    folder = faces(registry, tmp_path / "faces")
    np.save(folder / "embeddings.npy", np.zeros(5))
    withdraw(registry)
    assert faces_left(folder) == ["p2/a.png"]
    assert np.load(folder / "crops.npy").tolist() == [4]
    assert not (folder / "embeddings.npy").exists()  # features by row would be stale


def test_caches_go_whole(registry: Registry, tmp_path: Path) -> None:
    cache, other, table = tmp_path / "cache", tmp_path / "other", tmp_path / "t.parquet"
    derived.register(registry.root, cache, Kind.CACHE, ["faces:1"])
    derived.register(registry.root, other, Kind.CACHE, ["others:1"])
    derived.register(registry.root, table, Kind.FILE, ["faces:1"])
    put(cache, "a.bin", "deep/b.bin")
    put(other, "a.bin")
    table.touch()
    derived.register(registry.root, table, Kind.FILE, ["faces:1"])  # as when it is scored anew
    found = withdrawal.plan(registry, "p1")
    assert found.faces == {str(cache): 2, str(table): 1}
    withdrawal.carry_out(registry, found)
    assert (cache.exists(), other.exists(), table.exists()) == (False, True, False)


@pytest.mark.parametrize("kind", [Kind.CACHE, Kind.FACES])
def test_a_folder_that_holds_files_of_others_is_never_registered(
    registry: Registry, tmp_path: Path, kind: Kind
) -> None:
    letters = put(tmp_path / "letters", "patches/letter.txt")
    with pytest.raises(DataSetRefused, match="a new or an empty folder"):
        derived.register(registry.root, letters, kind, ["faces:1"])
    assert derived.pointers(registry.root) == []
    (letters / marks.MARK).write_text("not what we write")
    with pytest.raises(DataSetRefused):
        derived.register(registry.root, letters, kind, ["faces:1"])


def test_a_file_that_was_there_before_is_never_registered(
    registry: Registry, tmp_path: Path
) -> None:
    folder = put(tmp_path / "letters", "letter.txt")
    for path in (folder, folder / "letter.txt"):
        with pytest.raises(DataSetRefused):
            derived.register(registry.root, path, Kind.FILE, ["faces:1"])
    assert derived.pointers(registry.root) == []


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_registered_and_bears_no_mark_stays_and_is_told(
    registry: Registry, tmp_path: Path, kind: Kind
) -> None:
    folder = tmp_path / "letters"
    derived.register(registry.root, folder, kind, ["faces:1"])
    shutil.rmtree(folder, ignore_errors=True)
    put(folder, "patches/letter.txt")
    found = withdrawal.plan(registry, "p1")
    assert (found.faces, found.left_alone) == ({}, [str(folder)])
    withdrawal.carry_out(registry, found)
    assert (folder / "patches/letter.txt").exists()


def test_faces_of_an_extraction_that_did_not_end_go_whole(
    registry: Registry, tmp_path: Path
) -> None:
    folder = faces(registry, tmp_path / "faces")
    (folder / "faces.csv").unlink()
    withdraw(registry)
    assert list(folder.iterdir()) == []


def test_who_withdrew_does_not_come_back_by_importing_again(
    registry: Registry, tmp_path: Path
) -> None:
    media = registry.read("faces").dataset.media_root
    withdraw(registry)
    put(media, "new/x.png", *PATHS)
    rows = [("new/x.png", "p1", "real"), ("p2/a.png", "p2", "real")]
    manifest = put_csv(
        media / "m.csv",
        [{"path": p, "split": "", "label": label, "subject": who} for p, who, label in rows],
    )
    found = bring_in(registry, Wish(source=manifest, told={"name": "faces"}, version="2"))
    assert (found.clips, found.withdrawn) == (1, 1)
    assert [clip.path for clip in registry.read("faces:2").clips] == ["p2/a.png"]


def test_nor_do_the_same_bytes_under_another_name(registry: Registry, tmp_path: Path) -> None:
    withdraw(registry)
    folder = tmp_path / "renamed"
    put(folder, "real/z.png")
    (folder / "real/a.png").write_bytes(b"p1/a.png")
    found = bring_in(registry, Wish(source=folder, told={"name": "renamed"}))
    assert (found.clips, found.withdrawn) == (1, 1)


def test_the_same_bytes_in_another_data_set_go_too(registry: Registry, tmp_path: Path) -> None:
    copy = put(tmp_path / "copy", "z.png")
    (copy / "x.png").write_bytes(b"p1/a.png")
    clips = [real(name, sha256=sha256_of(copy / name)) for name in ("x.png", "z.png")]
    registry.write(DataSet(name="copy", version="1", media_root=copy), clips)
    withdraw(registry)
    assert [clip.path for clip in registry.read("copy").clips] == ["z.png"]
    assert not (copy / "x.png").exists()


def test_no_file_of_the_registry_keeps_the_name(registry: Registry) -> None:
    withdraw(registry)
    assert not any(b"p1" in path.read_bytes() for path in registry.root.rglob("*.*"))
    assert Tombstones(registry.root).holds("faces", "p1")


def test_a_second_withdrawal_says_that_it_was_done(registry: Registry) -> None:
    withdraw(registry)
    with pytest.raises(UnknownDataSet, match="before"):
        withdrawal.plan(registry, "p1")
    with pytest.raises(UnknownDataSet, match="no clip of p9"):
        withdrawal.plan(registry, "p9")


def test_a_name_in_two_data_sets_may_be_two_people(registry: Registry, tmp_path: Path) -> None:
    clips = [real("q.png", subjects=("p1",))]
    registry.write(DataSet(name="others", version="1", media_root=tmp_path), clips)
    with pytest.raises(DataSetRefused, match="--dataset"):
        withdrawal.plan(registry, "p1")
    assert {name for name, _ in withdrawal.plan(registry, "p1", "faces").clips} == {"faces:1"}


def test_an_interrupted_withdrawal_bars_the_data_and_is_finished_later(
    registry: Registry, tmp_path: Path
) -> None:
    folder = faces(registry, tmp_path / "faces")
    stuck = tmp_path / "media/p1/a.png"
    stuck.unlink()
    stuck.mkdir()  # a folder cannot be unlinked
    with pytest.raises(DataSetRefused, match="--resume"):
        withdraw(registry)
    with pytest.raises(DataSetRefused, match="--resume"):
        from_registry(registry, ["faces"], "unassigned")
    with pytest.raises(DataSetRefused, match="--resume"):
        withdraw(registry, "p2")
    stuck.rmdir()
    assert withdrawal.resume(registry) == 4
    assert clips_left(registry) == ["p2/a.png"]
    assert faces_left(folder) == ["p2/a.png"]
    assert withdrawal.resume(registry) == 0


def test_crops_that_were_cut_before_the_crash_are_not_cut_twice(
    registry: Registry, tmp_path: Path
) -> None:
    folder = faces(registry, tmp_path / "faces")
    np.save(folder / "crops.npy", np.array([4]))  # as after a crash before the index
    for number in range(4):
        (folder / f"patches/{number:05d}.jpg").unlink()
    withdraw(registry)
    assert faces_left(folder) == ["p2/a.png"]
    assert np.load(folder / "crops.npy").tolist() == [4]


def test_a_damaged_tombstone_stops_everything(registry: Registry, tmp_path: Path) -> None:
    withdraw(registry)
    (registry.root / "tombstones.json").write_text("{}")
    folder = put(tmp_path / "more", "real/a.png")
    with pytest.raises(DataSetRefused, match="damaged"):
        bring_in(registry, Wish(source=folder))


def test_bundles_that_name_the_data_set_are_listed(tmp_path: Path) -> None:
    for name, used in {"one": "faces", "two": "others"}.items():
        entry = {"name": used, "version": "1", "used_for": "training"}
        facts = {"name": name, "version": "3", "data_sets": [entry]}
        (tmp_path / name).mkdir()
        (tmp_path / name / "bundle.yaml").write_text(yaml.safe_dump(facts))
    (tmp_path / "bundle.yaml").write_text("[not a bundle")
    (found,) = trained_on([tmp_path, tmp_path / "nowhere"], {"faces:1"})
    assert (found.bundle, found.path, found.used_for) == ("one 3", tmp_path / "one", "training")


def test_what_was_imported_since_the_plan_was_shown_goes_too(
    registry: Registry, tmp_path: Path
) -> None:
    shown = withdrawal.plan(registry, "p1")
    stored = registry.read("faces")
    late = real("late.png", sha256="9" * 64, subjects=("p1",))
    registry.write(stored.dataset, [*stored.clips, late])
    put(tmp_path / "media", "late.png")
    derived.register(registry.root, tmp_path / "cache", Kind.CACHE, ["faces:1"])
    put(tmp_path / "cache", "a.bin")
    withdrawal.carry_out(registry, shown)
    assert clips_left(registry) == ["p2/a.png"]
    assert not (tmp_path / "media/late.png").exists()
    assert not (tmp_path / "cache").exists()


def test_all_who_register_one_folder_at_once_are_remembered(
    registry: Registry, tmp_path: Path
) -> None:
    names = [f"set{number}:1" for number in range(8)]
    with ThreadPoolExecutor(len(names)) as pool:
        for name in names:
            pool.submit(derived.register, registry.root, tmp_path / "c", Kind.CACHE, [name])
    (pointer,) = derived.pointers(registry.root)
    assert pointer.data_sets == tuple(names)
