"""What distractors touch, and what they leave alone."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.distortions import Clip, Distortion, Strength
from benchmarks.distortions.drawing import FacePlane, oval
from tests.unit.benchmarks.distortions.builders import a_clip, a_face, a_picture, touched

MARKS = {"eye": 0, "other eye": 1, "nose": 2, "mouth": 3, "other mouth": 4}


def change_of(kind: str, strength: Strength, seed: int = 0) -> np.ndarray:
    before = Clip.still(a_picture(), [a_face()])
    after = Distortion(kind=kind, strength=strength, seed=seed).apply(before)
    return touched(before.frames[0], after.frames[0])


def at_mark(change: np.ndarray, mark: str) -> bool:
    x, y = a_face().landmarks[MARKS[mark]]
    return bool(change[int(y), int(x)])


@pytest.mark.parametrize(
    ("strength", "on_nose", "under_mouth"),
    [(Strength.MILD, False, False), (Strength.MEDIUM, True, False), (Strength.STRONG, True, True)],
)
def test_a_dog_has_ears_then_a_nose_then_a_tongue(
    strength: Strength, on_nose: bool, under_mouth: bool
) -> None:
    change = change_of("dog", strength)
    assert at_mark(change, "nose") is on_nose
    assert bool(change[88, 80]) is under_mouth
    assert change[:45].any()  # ears, above the eyes
    assert not at_mark(change, "eye")


@pytest.mark.parametrize(
    ("strength", "least", "most"),
    [(Strength.MILD, 0.0, 0.02), (Strength.MEDIUM, 0.05, 0.2), (Strength.STRONG, 0.25, 0.6)],
)
def test_emojis_come_from_beside_the_face_onto_it(
    strength: Strength, least: float, most: float
) -> None:
    left, top, right, bottom = (int(side) for side in a_face().box_xyxy)
    change = change_of("emoji", strength)
    assert least <= change[top:bottom, left:right].mean() <= most
    assert change[:, :left].any()
    assert at_mark(change, "mouth") is (strength is Strength.STRONG)


@pytest.mark.parametrize("seed", range(3))
def test_make_up_colours_lips_and_lids_and_leaves_the_nose(seed: int) -> None:
    change = change_of("make_up", Strength.MEDIUM, seed)
    assert change[77:80, 76:84].all()
    assert change[48:50, 67:70].all()
    assert not at_mark(change, "nose")
    assert not change[:30].any()


def test_make_up_keeps_light_and_shade() -> None:
    before = Clip.still(a_picture(), [a_face()])
    after = Distortion(kind="make_up", strength=Strength.STRONG).apply(before)
    lips = (slice(76, 80), slice(74, 86))
    shade = before.frames[0][lips].mean(axis=2).ravel()
    kept = np.corrcoef(shade, after.frames[0][lips].mean(axis=2).ravel())[0, 1]
    assert kept > 0.5


@pytest.mark.parametrize("kind", ["text", "shapes"])
def test_what_a_milder_one_covers_a_stronger_one_covers_too(kind: str) -> None:
    covered = [change_of(kind, strength) for strength in Strength]
    assert (covered[0] & ~covered[1]).mean() < 0.001
    assert (covered[1] & ~covered[2]).mean() < 0.001
    assert 0.01 < covered[0].mean() < covered[1].mean() < covered[2].mean() < 0.7


def test_shapes_wander_and_captions_stay() -> None:
    still = [a_picture()] * 12
    for kind, same in (("shapes", False), ("text", True)):
        after = Distortion(kind=kind, strength=Strength.MEDIUM).apply(
            Clip(frames=still, frames_per_second=24)
        )
        assert np.array_equal(after.frames[0], after.frames[-1]) is same


def test_a_sticker_goes_where_the_face_goes() -> None:
    before = a_clip(20)
    after = Distortion(kind="dog", strength=Strength.MEDIUM).apply(before)
    columns = [
        np.argwhere(touched(before.frames[at], after.frames[at]))[:, 1].mean() for at in (0, 19)
    ]
    assert columns[1] - columns[0] == pytest.approx(19, abs=1)


def test_a_face_at_the_edge_of_the_frame_can_be_painted_on() -> None:
    for shift in ((-90, -60), (90, 50), (-300, 0)):
        clip = Clip.still(a_picture(), [a_face(shift)])
        for kind in ("dog", "emoji", "make_up"):
            Distortion(kind=kind, strength=Strength.STRONG).apply(clip)


def test_a_point_placed_in_the_plane_of_a_tilted_face_comes_back() -> None:
    plane = FacePlane(origin=(30.0, 40.0), angle=0.4, unit=12.0)
    place = plane.place((51.0, 17.0))
    assert plane.pixels(np.array([place])) == pytest.approx(np.array([[51.0, 17.0]]))


def test_an_oval_turned_clockwise_points_down_to_the_right() -> None:
    outline = oval((0, 0), (2, 1), tilt=0.5)
    tip = outline[np.argmax(outline[:, 0])]
    assert tip[1] > 0
