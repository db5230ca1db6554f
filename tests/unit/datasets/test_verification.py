from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from datasets.looks import hash_frames, looks_of
from datasets.records import Clip, Region, Split
from datasets.registry import Stored
from datasets.verification import Finding, Kind, check_files, check_looks, check_tables
from inference.looks.pdq import pairs_within, pdq
from tests.clips import clip as video
from tests.clips import sound_only
from tests.datasets import encoded, fake, picture, png, real, stored


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def read(root: Path, clips: Sequence[Clip]) -> Stored:
    return stored(root / "registry", root / "media", clips).read("faces")


def kinds(found: Sequence[Finding]) -> list[Kind]:
    return [one.kind for one in found]


def looked(root: Path, clips: Sequence[Clip]) -> list[Finding]:
    found = read(root, clips)
    return list(check_looks([found], [looks_of(found, root / "registry/faces/1")]))


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """Two pictures, one of them also reduced and compressed."""
    folder = tmp_path / "media"
    folder.mkdir()
    (folder / "a.png").write_bytes(png(1))
    (folder / "b.png").write_bytes(png(2))
    (folder / "a-small.jpg").write_bytes(encoded(picture(1, 80), "JPEG"))
    return folder


def named(media: Path, name: str, **facts: object) -> Clip:
    return real(name, sha256=sha((media / name).read_bytes()), **facts)


def test_a_clip_without_pictures_and_a_broken_picture_are_told_as_unreadable(
    tmp_path: Path, media: Path
) -> None:
    (media / "sound.mp4").write_bytes(sound_only())
    broken = bytearray((media / "a.png").read_bytes())
    broken[12:16] = b"XXXX"  # Pillow raises SyntaxError
    (media / "broken.png").write_bytes(broken)
    found = read(tmp_path, [named(media, name) for name in ("sound.mp4", "broken.png", "b.png")])
    assert looks_of(found, tmp_path).unreadable == ["broken.png", "sound.mp4"]


def test_missing_and_changed_files_are_found(tmp_path: Path, media: Path) -> None:
    clips = [named(media, "a.png"), real("b.png", sha256="0" * 64), real("c.png", sha256="1" * 64)]
    found = list(check_files(read(tmp_path, clips)))
    assert {one.kind: one.clips for one in found} == {
        Kind.CHANGED: ("faces:1 b.png",),
        Kind.MISSING: ("faces:1 c.png",),
    }
    assert all(one.wrong for one in found)


def test_the_same_bytes_under_two_names_are_a_duplicate(tmp_path: Path) -> None:
    clips = [real("a.png", sha256="0"), real("b.png", sha256="0")]
    (found,) = check_tables([read(tmp_path, clips)])
    assert (found.kind, found.detail) == (Kind.DUPLICATE, "the same bytes")


def test_two_halves_of_a_file_are_no_duplicate(tmp_path: Path) -> None:
    left = real("a.mp4", sha256="0", region=Region.LEFT)
    right = fake("a.mp4", sha256="0", region=Region.RIGHT)
    assert list(check_tables([read(tmp_path, [left, right])])) == []


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ({"subjects": ("p1", "p2")}, {"subjects": ("p2",)}, "subject p2"),
        ({}, {"original": "a.mp4"}, "original and forgery"),
        ({"group": "g"}, {"group": "g"}, "group g"),
        ({"sha256": "0"}, {"sha256": "0"}, "the same bytes"),
    ],
)
def test_what_belongs_together_leaks_when_it_is_in_two_splits(
    tmp_path: Path, one: dict[str, object], other: dict[str, object], told: str
) -> None:
    def findings(split: Split) -> list[Finding]:
        clips = [real("a.mp4", split=Split.TRAIN, **one), fake("b.mp4", split=split, **other)]
        return [f for f in check_tables([read(tmp_path, clips)]) if f.kind is Kind.LEAK]

    (found,) = findings(Split.TEST)
    assert found.detail == f"{told} in test (1) and train (1)"
    assert findings(Split.TRAIN) == []
    assert findings(Split.UNASSIGNED) == []


def test_a_name_means_another_person_in_another_data_set(tmp_path: Path) -> None:
    one = stored(tmp_path / "1", tmp_path, [real("a", subjects=("p",), split=Split.TRAIN)])
    clips = [real("b", subjects=("p",), split=Split.TEST)]
    other = stored(tmp_path / "2", tmp_path, clips, name="others")
    assert list(check_tables([one.read("faces"), other.read("others")])) == []


def test_look_alikes_in_two_splits_leak(tmp_path: Path, media: Path) -> None:
    train = named(media, "a.png", split=Split.TRAIN)
    alike = named(media, "a-small.jpg", split=Split.TEST)
    other = named(media, "b.png", split=Split.TEST)
    (found,) = looked(tmp_path, [train, alike, other])
    assert (found.kind, found.wrong) == (Kind.LEAK, True)
    assert set(found.clips) == {"faces:1 a.png", "faces:1 a-small.jpg"}


def test_look_alikes_in_one_split_are_told_but_not_wrong(tmp_path: Path, media: Path) -> None:
    clips = [named(media, name, split=Split.TRAIN) for name in ("a.png", "a-small.jpg")]
    (found,) = looked(tmp_path, clips)
    assert (found.kind, found.wrong) == (Kind.LOOK_ALIKE, False)


def test_a_forgery_that_looks_like_its_original_is_expected(tmp_path: Path, media: Path) -> None:
    original = named(media, "a.png")
    forged = fake("a-small.jpg", sha256=sha((media / "a-small.jpg").read_bytes()), original="a.png")
    assert looked(tmp_path, [original, forged]) == []


def test_a_file_of_which_nothing_decodes_is_found(tmp_path: Path, media: Path) -> None:
    (media / "c.png").write_bytes(b"no picture")
    (found,) = looked(tmp_path, [named(media, "c.png")])
    assert found.kind is Kind.UNREADABLE


def test_a_clip_is_looked_at_once_only(tmp_path: Path, media: Path) -> None:
    found = read(tmp_path, [named(media, "a.png")])
    first = looks_of(found, tmp_path / "registry/faces/1")
    (media / "a.png").unlink()
    assert looks_of(found, tmp_path / "registry/faces/1") == first


def test_videos_are_looked_at_in_three_places_and_halves_by_themselves(tmp_path: Path) -> None:
    both = np.concatenate([picture(1), picture(2)], axis=1)
    path = tmp_path / "pair.mp4"
    path.write_bytes(video(frames=12, draw=lambda _: both))
    left = hash_frames(path, Region.LEFT)
    assert len(left) == 3
    hashes = np.frombuffer(b"".join([*left, pdq(picture(1))[0], pdq(picture(2))[0]]), np.uint8)
    alike = {tuple(pair) for pair in pairs_within(hashes.reshape(-1, 32)).tolist()}
    assert {(0, 3), (1, 3), (2, 3)} <= alike
    assert not any(4 in pair for pair in alike)


def test_a_video_looks_as_players_show_it(tmp_path: Path) -> None:
    path = tmp_path / "held_upright.mp4"
    lying = np.ascontiguousarray(np.rot90(picture(1)))
    path.write_bytes(video(frames=12, draw=lambda _: lying, rotation=-90))
    hashes = b"".join([*hash_frames(path, Region.WHOLE), pdq(picture(1))[0]])
    alike = pairs_within(np.frombuffer(hashes, np.uint8).reshape(-1, 32)).tolist()
    assert [0, 3] in alike
