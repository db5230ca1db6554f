"""Forging a face by blending it into its own picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.unit.training.builders import a_face, a_picture, entries_on_disk
from training.blending.forging import (
    FACE_POINTS,
    REGIONS,
    affine_between,
    blend,
    deform,
    face_shape,
    forge,
    outline,
    put_on,
    region_mask,
    seamless,
    soften,
)
from training.blending.pairs import SEAM_SIDE, Pairs, PairSettings, seam_map
from training.patches import mirrored, split_by_group


def test_the_affine_map_between_equal_shapes_is_found_exactly() -> None:
    there = FACE_POINTS @ np.array([[2, 1], [0, 3]]) + (10, 20)
    found = affine_between(FACE_POINTS, there)
    assert found == pytest.approx(np.array([[2, 0, 10], [1, 3, 20]]))


@pytest.mark.parametrize("region", REGIONS)
def test_every_region_of_the_face_lies_around_its_landmarks(region: str) -> None:
    landmarks = np.array(a_face().landmarks)
    outlined = outline(a_face().landmarks, region)
    unit = 24  # half the distance of the eyes of `a_face`
    assert (outlined.min(0) >= landmarks.min(0) - 2 * unit).all()
    assert (outlined.max(0) <= landmarks.max(0) + 2 * unit).all()


def test_the_whole_hull_holds_all_landmarks_and_the_mouth_only_those_of_the_mouth() -> None:
    face = a_face()
    inside = {
        region: [
            bool(region_mask((200, 200), outline(face.landmarks, region))[round(y), round(x)])
            for x, y in face.landmarks
        ]
        for region in ("hull", "mouth")
    }
    assert inside["hull"] == [True] * 5
    assert inside["mouth"] == [False, False, False, True, True]


def test_a_deformed_and_softened_mask_stays_a_mask_of_about_its_size() -> None:
    mask = region_mask((200, 200), outline(a_face().landmarks, "hull"))
    for seed in range(20):
        rng = np.random.default_rng(seed)
        changed = soften(deform(mask, 100, rng), 100, rng)
        assert changed.shape == mask.shape
        assert changed.dtype == np.float32
        assert 0 <= changed.min() <= changed.max() <= 1
        assert 0.5 < changed.sum() / mask.sum() < 1.5


def test_a_blend_is_the_source_inside_and_the_target_outside() -> None:
    source, target = np.full((4, 4, 3), 200, np.uint8), np.full((4, 4, 3), 100, np.uint8)
    mask = np.zeros((4, 4), np.float32)
    mask[0], mask[1] = 1, 0.5
    assert blend(source, target, mask)[:, 0, 0].tolist() == [200, 150, 100, 100]


def test_the_shape_of_a_face_knows_nothing_of_its_place_and_size() -> None:
    here, there = np.array(a_face().landmarks), np.array(a_face().landmarks) * 3 + (40, -7)
    assert face_shape(tuple(map(tuple, there))) == pytest.approx(
        face_shape(tuple(map(tuple, here)))
    )


def test_a_seamless_part_takes_the_brightness_of_where_it_is_put() -> None:
    target = a_picture()
    source = np.clip(target.astype(int) + 60, 0, 255).astype(np.uint8)
    mask = region_mask((200, 200), outline(a_face().landmarks, "inner"))
    fitted = seamless(source, target, mask)
    inside = mask > 0
    assert np.abs(fitted[inside].astype(int) - target[inside]).mean() < 15
    assert (fitted[~inside] == target[~inside]).all()


def test_a_seamless_part_at_the_border_is_blended_as_it_is() -> None:
    target = a_picture()
    mask = np.zeros((200, 200), np.float32)
    mask[:2] = 1
    fitted = seamless(255 - target, target, mask)
    assert np.array_equal(fitted, blend(255 - target, target, mask))


def test_a_forgery_leaves_the_picture_untouched_outside_of_its_mask() -> None:
    target = a_picture()
    source = 255 - target
    for seed in range(40):
        rng = np.random.default_rng(seed)
        forgery = forge(source, target, a_face().landmarks, rng, donated=seed >= 20)
        outside = forgery.mask == 0
        assert outside.any()
        assert (forgery.pixels[outside] == target[outside]).all()
        assert (forgery.pixels != target).any()


def test_a_donors_face_is_moved_to_where_the_targets_is() -> None:
    donor = np.full((200, 200, 3), 90, np.uint8)
    x, y = (round(v) for v in a_face().landmarks[2])
    donor[y - 3 : y + 4, x - 3 : x + 4] = 250
    there = a_face(shift=(15, 8))
    moved = put_on(donor, a_face().landmarks, a_picture(), there.landmarks)
    brightest = np.argwhere(moved.sum(2) == moved.sum(2).max()).mean(0)
    assert brightest == pytest.approx((y + 8, x + 15), abs=2)


def test_a_mirrored_face_keeps_its_landmarks_in_the_viewers_order() -> None:
    pixels, face = mirrored(a_picture(), a_face(shift=(20, 0)))
    eye, other_eye, _, mouth, other_mouth = face.landmarks
    assert eye[0] < other_eye[0]
    assert mouth[0] < other_mouth[0]
    assert mirrored(pixels, face)[1] == a_face(shift=(20, 0))


def test_a_pair_is_the_same_every_time_and_another_in_the_next_epoch(tmp_path) -> None:
    pairs = Pairs(entries_on_disk(tmp_path, 2), PairSettings(), seed=3)
    real, twin = pairs.pair(0, 1)
    again, twin_again = pairs.pair(0, 1)
    assert real.shape == twin.shape == (224, 224, 3)
    assert real.dtype == twin.dtype == np.uint8
    assert (real == again).all()
    assert (twin == twin_again).all()
    assert (real != twin).any()
    assert (pairs.pair(1, 1)[0] != real).any()


def test_a_group_is_never_on_both_sides_of_a_split(tmp_path) -> None:
    entries = entries_on_disk(tmp_path, 30, groups=10)
    trained_on, kept_out = split_by_group(entries, 0.2, seed=0)
    assert len(trained_on) + len(kept_out) == 30
    assert len({entry.group for entry in kept_out}) == 2
    assert not {e.group for e in trained_on} & {e.group for e in kept_out}


def test_a_seam_lies_where_a_pasted_part_ends_and_neither_inside_nor_outside() -> None:
    mask = np.zeros((224, 224), np.uint8)
    mask[56:168, 56:168] = 255
    soft = cv2.GaussianBlur(mask, (0, 0), 4)
    seam = seam_map(soft)
    assert seam.shape == (SEAM_SIDE, SEAM_SIDE)
    assert seam[7, 14] > 0.5  # 56 of 224 pixels is 7 of 28 positions
    assert seam[14, 14] == 0
    assert seam[1, 1] == 0


def test_a_sharp_seam_is_not_lost_where_nothing_is_half_pasted() -> None:
    mask = np.zeros((224, 224), np.uint8)
    mask[:112] = 255
    mask[112] = 128  # one row of a resampled edge
    assert seam_map(mask)[14].min() > 0.3
    assert not seam_map(np.zeros((224, 224), np.uint8)).any()


def test_an_example_shows_the_pair_and_its_seam(tmp_path) -> None:
    pairs = Pairs(entries_on_disk(tmp_path, 3), PairSettings(), seed=0)
    real, twin, seam = pairs.example(0, 1)
    assert (np.stack([real, twin]) == np.stack(pairs.pair(0, 1))).all()
    assert seam.max() > 0.5
