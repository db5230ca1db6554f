"""A task is made: what submitters get tells no private label, and both shares are alike."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from benchmarks.clips import Clip
from benchmarks.leaderboard.blinding import Blinding, blind
from benchmarks.leaderboard.board import evaluate
from benchmarks.leaderboard.task import Secret, Task, read_secret, read_task
from moderation.errors import InvalidConfiguration
from tests.clips import clip as video

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_no_private_label_can_be_read_from_the_public_part(
    parts: tuple[Path, Path], task: Task, known: dict[str, Secret]
) -> None:
    private = {one.clip_id for one in known.values() if one.share == "private"}
    assert private
    assert not private & set(task.open_labels())
    assert all(clip.label == "" for clip in task.media() if clip.clip_id in private)
    texts = [f.read_text() for f in parts[0].iterdir() if f.is_file()]
    for word in ("swap", "gan", "left", "right", "pair"):
        assert not any(word in text for text in texts), word


def test_names_tell_nothing_and_differ_from_one_blinding_to_the_next(
    tmp_path: Path, clips: list[Clip], known: dict[str, Secret]
) -> None:
    assert all(re.fullmatch(r"[0-9a-f]{16}", clip_id) for clip_id in known)
    blind(clips, Blinding(name="again"), tmp_path / "p2", tmp_path / "s2")
    assert not set(known) & {one.clip_id for one in read_task(tmp_path / "p2").clips}


def test_clips_are_listed_in_the_order_of_their_new_names(task: Task) -> None:
    ids = [one.clip_id for one in task.clips]
    assert ids == sorted(ids)


def test_files_tell_nothing_by_their_times(parts: tuple[Path, Path]) -> None:
    assert {path.stat().st_mtime for path in (parts[0] / "media").iterdir()} == {0}


def test_the_halves_of_a_picture_become_pictures_of_their_own(
    parts: tuple[Path, Path], known: dict[str, Secret]
) -> None:
    half = next(one for one in known.values() if one.method == "swap")
    with Image.open(next((parts[0] / "media").glob(f"{half.clip_id}*"))) as picture:
        assert picture.size == (48, 48)


def test_the_half_of_a_video_that_was_held_upright_is_written_upright(tmp_path: Path) -> None:
    path = tmp_path / "pair.mp4"
    path.write_bytes(video(frames=3, rotation=-90))  # stored 64 wide and 48 high
    clips = [
        Clip(clip_id=f"pair#{half}", path=path, label=label, region=half, group="pair")
        for half, label in (("left", "real"), ("right", "fake"))
    ]
    blind(clips, Blinding(name="made"), tmp_path / "public", tmp_path / "secret")
    for written in (tmp_path / "public" / "media").iterdir():
        with av.open(written) as container:
            [frame, *_] = container.decode(video=0)
        assert (frame.width, frame.height) == (24, 64)
        assert "DISPLAYMATRIX" not in frame.side_data


def test_pairs_are_never_split_and_private_methods_never_open(known: dict[str, Secret]) -> None:
    shares: dict[str, set[str]] = {}
    for one in known.values():
        shares.setdefault(one.group, set()).add(one.share)
    assert all(len(each) == 1 for each in shares.values())
    assert {one.share for one in known.values() if one.method == "gan"} == {"private"}
    assert Counter(one.share for one in known.values() if one.method == "swap") == {
        "public": 6,
        "private": 6,
    }


@pytest.fixture
def uneven(tmp_path: Path) -> list[Clip]:
    """Each on its own: 40 genuine pictures, 20 swapped and 40 generated ones."""
    Image.new("RGB", (16, 16)).save(tmp_path / "grey.jpg")
    kinds = 40 * ["camera"] + 20 * ["swap"] + 40 * ["gan"]
    return [
        Clip(
            clip_id=str(number), group=str(number), path=tmp_path / "grey.jpg", method=kind,
            label="real" if kind == "camera" else "fake",
        )
        for number, kind in enumerate(kinds)
    ]  # fmt: skip


def test_a_constant_has_no_gap_though_a_method_is_in_the_private_share_alone(
    tmp_path: Path, uneven: list[Clip]
) -> None:
    blind(uneven, Blinding(name="x", private_methods=["gan"]), tmp_path / "p", tmp_path / "s")
    task = read_task(tmp_path / "p")
    known = read_secret(tmp_path / "s", task)
    open_forged = [label == "fake" for label in task.open_labels().values()]
    assert sum(open_forged) == 10
    constant = dict.fromkeys(known, float(np.mean(open_forged)))
    entry = evaluate("constant", "baseline", constant, task, known, at=NOON, samples=5)
    assert abs(entry.figures["gap"].value) < 0.01


@pytest.mark.parametrize(("public", "opened"), [(0, 0), (0.5, 20), (1, 40)])
def test_where_nothing_is_forged_the_share_is_of_what_is_genuine(
    tmp_path: Path, uneven: list[Clip], public: float, opened: int
) -> None:
    blind(uneven[:40], Blinding(name="x", public=public), tmp_path / "p", tmp_path / "s")
    assert len(read_task(tmp_path / "p").open_labels()) == opened


def test_the_secret_part_is_for_its_owner_alone(parts: tuple[Path, Path]) -> None:
    assert (parts[1] / "labels.csv").stat().st_mode & 0o077 == 0


def test_the_secret_part_may_not_lie_in_the_public_one(tmp_path: Path, clips: list[Clip]) -> None:
    with pytest.raises(InvalidConfiguration, match="inside"):
        blind(clips, Blinding(name="x"), tmp_path / "p", tmp_path / "p" / "s")
    assert not (tmp_path / "p").exists()


def test_the_labels_of_another_task_are_refused(
    tmp_path: Path, clips: list[Clip], task: Task
) -> None:
    blind(clips, Blinding(name="other"), tmp_path / "p2", tmp_path / "s2")
    with pytest.raises(InvalidConfiguration, match="another task"):
        read_secret(tmp_path / "s2", task)


def test_what_submitters_get_are_plain_lists(parts: tuple[Path, Path]) -> None:
    with (parts[0] / "clips.csv").open() as file:
        assert next(csv.DictReader(file)).keys() == {"clip_id", "path", "share"}
    assert sorted(path.name for path in parts[0].iterdir()) == [
        "clips.csv", "labels.csv", "media", "task.yaml",
    ]  # fmt: skip
