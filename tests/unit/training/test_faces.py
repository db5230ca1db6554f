"""What `training.faces` takes, and what it writes down of it; no face is looked for here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from datasets import derived
from datasets.licences import read_used
from datasets.records import Split
from datasets.rows import from_registry
from moderation.tracks import Face
from tests.clips import clip, sound_only
from tests.datasets import png, put_csv, real, stored
from training import faces
from training.patches import Patch, read_index, write_patches


def cut_out(folder: Path, *paths: str, data_set: str = "") -> None:
    """A folder of faces as an earlier run left it, one face a path."""
    face = Face(box_xyxy=(0, 0, 9, 9), landmarks=((1.0, 2.0),) * 5, detector_score=1.0)
    pixels = np.zeros((16, 16, 3), np.uint8)
    facts = {"label": "real", "method": "web", "source": "", "group": "g", "crop": ""}
    write_patches(
        folder,
        [
            Patch(
                pixels=pixels,
                face=face,
                crop=pixels,
                row=facts | {"path": path, "clip_id": path, "data_set": data_set},
            )
            for path in paths
        ],
    )


def test_a_second_run_leaves_no_picture_that_its_index_does_not_name(tmp_path: Path) -> None:
    cut_out(tmp_path, "a.png", "b.png")
    cut_out(tmp_path, "c.png")
    assert {path.name for path in (tmp_path / "patches").iterdir()} == {
        entry.file.name for entry in read_index(tmp_path)
    }


def stopped() -> Iterator[Patch]:
    yield from ()
    raise KeyboardInterrupt


def test_a_run_that_is_cut_off_leaves_no_index_of_other_pictures(tmp_path: Path) -> None:
    cut_out(tmp_path, "a.png", "b.png")
    with pytest.raises(KeyboardInterrupt):
        write_patches(tmp_path, stopped())
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["patches"]


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    line = {"split": "train", "label": "real", "method": "web", "source": "", "group": "g"}
    licences = {"a.png": "MIT", "b.png": "Their terms"}
    return put_csv(
        tmp_path / "m.csv",
        [line | {"path": path, "crop": "", "licence": one} for path, one in licences.items()],
    )


def test_what_is_not_licensed_ends_in_one_line_and_cuts_nothing(
    tmp_path: Path, manifest: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(SystemExit, match="not licensed for training: 'Their terms'"):
        faces.main(["--manifest", str(manifest), "--split", "train", "--out", str(out)])
    assert not out.exists()


def test_licences_of_faces_cut_out_before_count_faces_not_lines(
    tmp_path: Path, manifest: Path
) -> None:
    cut_out(tmp_path, "b.png", "b.png")
    arguments = ["--manifest", str(manifest), "--split", "train", "--out", str(tmp_path)]
    faces.main([*arguments, "--licences-only", "--allow-licence", "Their *"])
    (used,) = read_used(tmp_path)
    assert (used.licence, used.faces, used.allowed_by_name) == ("Their terms", 2, True)


def test_faces_of_a_data_set_are_pointed_to_from_the_registry(tmp_path: Path) -> None:
    root = tmp_path / "registry"
    stored(root, tmp_path, [real("a.png", split=Split.TRAIN, licence="CC0-1.0")])
    cut_out(tmp_path / "out", "a.png", data_set="faces:1")
    arguments = ["--dataset", "faces", "--root", str(root), "--split", "train"]
    faces.main([*arguments, "--out", str(tmp_path / "out"), "--licences-only"])
    (pointer,) = derived.pointers(root)
    assert (pointer.path, pointer.data_sets) == (tmp_path / "out", ("faces:1",))
    assert read_used(tmp_path / "out")[0].entry()["allows_training"] == "yes"


def test_faces_of_whoever_withdrew_meanwhile_do_not_stay(tmp_path: Path) -> None:
    clips = [real(path, split=Split.TRAIN) for path in ("a.png", "b.png")]
    registry = stored(tmp_path, tmp_path, clips)
    rows = from_registry(registry, ["faces"], "train")
    cut_out(tmp_path / "out", "a.png", "b.png", data_set="faces:1")
    stored(tmp_path, tmp_path, clips[1:])
    faces.drop_withdrawn(registry, tmp_path / "out", rows)
    assert [entry.clip_id for entry in read_index(tmp_path / "out")] == ["b.png"]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".m4v"])
@pytest.mark.parametrize(("count", "shown"), [(30, 8), (3, 8), (1, 8)])
def test_clips_of_every_kind_that_is_imported_are_read_evenly(
    tmp_path: Path, suffix: str, count: int, shown: int
) -> None:
    path = tmp_path / f"clip{suffix}"
    path.write_bytes(clip(frames=count, container="matroska" if suffix == ".mkv" else "mp4"))
    seen = [frame[..., 0].mean() for frame in faces.frames_of(path, "")]
    assert len(seen) == shown
    assert seen == sorted(seen)


def test_a_clip_that_was_held_upright_is_seen_upright(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip(frames=3, rotation=-90))  # stored 64 wide and 48 high
    assert {frame.shape for frame in faces.frames_of(path, "")} == {(64, 48, 3)}
    assert {frame.shape for frame in faces.frames_of(path, "left")} == {(64, 24, 3)}


def test_a_file_that_does_not_decode_ends_no_run(tmp_path: Path) -> None:
    (tmp_path / "sound.mp4").write_bytes(sound_only())
    (tmp_path / "broken.png").write_bytes(png(1)[:60])
    for name in ("sound.mp4", "broken.png"):
        assert faces.patches_of(tmp_path, {"path": name, "crop": ""}, faces.Wanted()) == []


def test_faces_of_other_clips_get_no_licence(tmp_path: Path, manifest: Path) -> None:
    cut_out(tmp_path, "elsewhere.png")
    arguments = ["--manifest", str(manifest), "--split", "train", "--out", str(tmp_path)]
    with pytest.raises(SystemExit, match="other clips"):
        faces.main([*arguments, "--licences-only", "--allow-licence", "*"])
    assert read_used(tmp_path) == []
