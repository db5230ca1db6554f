"""What holds for every distortion."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.distortions import DISTORTIONS, Clip, Distortion, Family, Strength, every
from tests.unit.benchmarks.distortions.builders import a_clip, a_picture, distance

# Kinds that leave everything at its place, so that pixels can be compared with the original's.
IN_PLACE = [
    name
    for name, kind in DISTORTIONS.items()
    if kind.family not in (Family.GEOMETRY, Family.TIME) or name == "resolution"
]


@pytest.mark.parametrize("distortion", every(), ids=str)
def test_a_distorted_clip_is_a_clip(distortion: Distortion) -> None:
    after = distortion.apply(a_clip(6))
    assert all(frame.dtype == np.uint8 and frame.ndim == 3 for frame in after.frames)
    assert all(frame.flags.c_contiguous for frame in after.frames)
    assert after.faces is not None
    assert len(after.faces) == len(after.frames)
    assert np.stack(after.frames).std() > 5  # not one flat colour


@pytest.mark.parametrize("distortion", every(seed=3), ids=str)
def test_the_same_seed_gives_the_same_pixels(distortion: Distortion) -> None:
    one, again = distortion.apply(a_clip(4)), distortion.apply(a_clip(4))
    assert np.array_equal(np.stack(one.frames), np.stack(again.frames))
    assert one.faces == again.faces


@pytest.mark.parametrize("kind", ["text", "shapes", "emoji", "crop", "lost_frames", "noise"])
def test_another_seed_gives_other_pixels(kind: str) -> None:
    one, other = (
        Distortion(kind=kind, strength=Strength.STRONG, seed=seed).apply(a_clip())
        for seed in (1, 2)
    )
    assert not np.array_equal(np.stack(one.frames), np.stack(other.frames))


@pytest.mark.parametrize("distortion", every(), ids=str)
def test_the_clip_that_is_given_stays_as_it_is(distortion: Distortion) -> None:
    before = a_clip(3)
    distortion.apply(before)
    assert np.array_equal(np.stack(before.frames), np.stack(a_clip(3).frames))


@pytest.mark.parametrize("kind", IN_PLACE)
def test_stronger_is_farther_from_the_original_in_mean_absolute_difference(kind: str) -> None:
    before = a_clip(3)
    off = [
        distance(before.frames[1], Distortion(kind=kind, strength=strength).apply(before).frames[1])
        for strength in Strength
    ]
    assert 0 < off[0] < off[1] < off[2]


@pytest.mark.parametrize(
    "distortion", [one for one in every() if DISTORTIONS[one.kind].in_time], ids=str
)
def test_what_happens_in_time_leaves_a_single_frame_as_it_is(distortion: Distortion) -> None:
    after = distortion.apply(Clip.still(a_picture()))
    assert np.array_equal(np.stack(after.frames), a_picture()[None])


@pytest.mark.parametrize("kind", [name for name, kind in DISTORTIONS.items() if kind.on_faces])
def test_what_is_drawn_on_faces_asks_for_them(kind: str) -> None:
    with pytest.raises(ValueError, match="faces"):
        Distortion(kind=kind, strength=Strength.MILD).apply(Clip.still(a_picture()))


@pytest.mark.parametrize("kind", [name for name, kind in DISTORTIONS.items() if kind.on_faces])
def test_frames_without_a_face_stay_clean(kind: str) -> None:
    after = Distortion(kind=kind, strength=Strength.STRONG).apply(Clip.still(a_picture(), []))
    assert np.array_equal(after.frames[0], a_picture())


def test_a_kind_or_strength_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no distortion is called sepia"):
        Distortion(kind="sepia", strength=Strength.MILD)
    with pytest.raises(ValueError, match="mirror has no strength mild"):
        Distortion(kind="mirror", strength=Strength.MILD)


def test_every_kind_says_in_one_line_what_it_does() -> None:
    assert all(kind.summary.endswith((".", ";")) for kind in DISTORTIONS.values())


def test_each_family_has_its_kinds() -> None:
    assert {kind.family for kind in DISTORTIONS.values()} == set(Family)
