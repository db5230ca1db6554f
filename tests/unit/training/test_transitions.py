"""Tracks to learn transitions from: a twin differs in what trembles on the face alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.reading.bursts import runs
from tests.unit.training.builders import a_face, a_picture, entries_on_disk
from training.patches import Entry
from training.transitions.clips import BURSTS, Clips, predicted
from training.transitions.motion import Motion, Moving
from training.transitions.scenes import scenes
from training.transitions.swapping import Forger, Swap
from training.transitions.train import Table, fit, report


@pytest.fixture
def entries(tmp_path: Path) -> list[Entry]:
    return entries_on_disk(tmp_path, 3)


def test_a_track_and_its_twin_are_the_same_every_time(entries: list[Entry]) -> None:
    first, again = (Clips([[entry] for entry in entries], seed=3).twins(2, 1) for _ in range(2))

    for one, other in zip(first, again, strict=True):
        assert (one.pixels == other.pixels).all()
    assert (first[0].pixels != first[1].pixels).any()


def test_another_place_seed_or_epoch_is_another_track(entries: list[Entry]) -> None:
    clips = Clips([[entry] for entry in entries], seed=3)
    drawn = [clips.twins(0, 0), clips.twins(0, 1), clips.twins(1, 0)]
    drawn.append(Clips([[entry] for entry in entries], seed=4).twins(0, 0))

    assert len({track.pixels.tobytes() for track, _ in drawn}) == 4


def test_a_track_is_made_of_bursts_as_serving_keeps_them(entries: list[Entry]) -> None:
    track, twin = Clips([entries], seed=0).twins(0, 0)

    assert track.pixels.shape == twin.pixels.shape == (3 * BURSTS, 224, 224, 3)
    assert track.at_seconds == twin.at_seconds
    assert [len(run) for run in runs(track.at_seconds)] == [3] * BURSTS


def test_far_from_the_face_both_are_alike(entries: list[Entry]) -> None:
    track, twin = Clips([[entries[0]]], seed=1).twins(0, 0)
    off = np.abs(track.pixels.astype(int) - twin.pixels)

    corners = np.concatenate([off[:, :20, :20].ravel(), off[:, :20, -20:].ravel()])
    assert corners.mean() < 0.5 * off[:, 80:150, 80:150].mean()


def test_a_head_moves_on_and_does_not_jump() -> None:
    pixels, face = a_picture(), a_face()
    moving = Moving(pixels=pixels, face=face, motion=Motion.draw(np.random.default_rng(0)))

    places = [np.array(moving.frame(number)[1].landmarks) for number in (0, 0.01, 1)]

    assert np.abs(places[1] - places[0]).max() < 0.1
    assert np.abs(places[2] - places[0]).max() > 0.01


def test_a_landmark_goes_where_its_pixels_go() -> None:
    pixels, face = a_picture(), a_face()
    pixels = np.full_like(pixels, 90)
    x, y = (round(value) for value in face.landmarks[2])
    pixels[y - 2 : y + 3, x - 2 : x + 3] = 255
    motion = Motion.draw(np.random.default_rng(4))

    frame, there = Moving(pixels=pixels, face=face, motion=motion).frame(3)

    rows, columns = np.nonzero(frame[:, :, 1] > 170)
    assert there.landmarks[2] == pytest.approx((columns.mean(), rows.mean()), abs=1.5)


def test_without_tremor_a_still_face_is_forged_alike_in_every_frame() -> None:
    pixels, face = a_picture(), a_face()
    drawn = Swap.draw(np.random.default_rng(0), None)
    swap = replace(drawn, tremor=np.zeros(8), flicker=0.0)
    forger = Forger(swap, pixels, face)
    rng = np.random.default_rng(1)

    first, second = (
        forger.forge(pixels, face, offset, (pixels, face), rng) for offset in swap.offsets(2, rng)
    )

    assert (first == second).all()
    assert (first != pixels).any()


def test_tremor_changes_what_is_forged_from_frame_to_frame() -> None:
    pixels, face = a_picture(), a_face()
    swap = Swap.draw(np.random.default_rng(0), None)
    forger = Forger(swap, pixels, face)
    rng = np.random.default_rng(1)

    first, second = (
        forger.forge(pixels, face, offset, (pixels, face), rng) for offset in swap.offsets(2, rng)
    )

    assert (first != second).any()


def test_predicted_frames_keep_size_and_order_even_when_sides_are_odd() -> None:
    frames = [np.full((75, 101, 3), 40 * number, np.uint8) for number in range(5)]

    decoded = predicted(frames, 20)

    assert [frame.shape for frame in decoded] == [(75, 101, 3)] * 5
    assert [frame.mean() for frame in decoded] == pytest.approx([0, 40, 80, 120, 160], abs=4)


def test_frames_of_one_video_are_one_scene(entries: list[Entry]) -> None:
    names = ("0a_Some_One_20", "0b_Some_One_21", "0c_Some_One_30")
    series = [
        replace(entry, clip=f"train/ytfaces/{name}.jpg#")
        for entry, name in zip(entries, names, strict=True)
    ]

    assert [len(scene) for scene in scenes(series)] == [2, 1]
    assert [len(scene) for scene in scenes(entries)] == [1, 1, 1]


def a_table(*, separable: bool, seed: int = 0) -> Table:
    rng = np.random.default_rng(seed)
    forged = np.arange(80) % 2 == 1
    values = rng.normal(0, 1, (80, 6))
    values[:, 0] += 3.0 * forged * separable
    groups = np.array([f"person {place // 4}" for place in range(80)])
    return Table(features=values, logits=rng.normal(0, 1, 80), forged=forged, groups=groups)


def test_the_head_finds_what_tells_twins_and_the_report_says_what_it_adds() -> None:
    found = report(a_table(separable=True, seed=1), fit(a_table(separable=True)))

    value, low, high = found["auc"]["gain"]
    assert found["auc"]["transitions"][0] > 0.9
    assert low < value < high
    assert value > 0.2
    assert found["weights"]["transitions"] > 0
    assert abs(found["genuine_logit"]) > 0


def test_where_nothing_tells_twins_the_head_adds_nothing() -> None:
    found = report(a_table(separable=False, seed=1), fit(a_table(separable=False)))

    assert found["auc"]["gain"][0] < 0.2
