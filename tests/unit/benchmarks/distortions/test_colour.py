"""Light, colour, noise and blur."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from benchmarks.distortions import Clip, Distortion, Picture, Strength
from tests.unit.benchmarks.distortions.builders import a_picture


def after(kind: str, strength: Strength, picture: Picture) -> Picture:
    return Distortion(kind=kind, strength=strength).apply(Clip.still(picture)).frames[0]


def flat(value: int) -> Picture:
    return np.full((32, 32, 3), value, np.uint8)


@pytest.mark.parametrize(
    ("kind", "value", "then"),
    [
        ("brighter", 100, 170),
        ("brighter", 200, 255),
        ("darker", 100, 30),
        ("more_contrast", 128, 128),
        ("more_contrast", 148, 172),
        ("less_contrast", 228, 153),
    ],
)
def test_a_strong_change_of_light_maps_values_so(kind: str, value: int, then: int) -> None:
    assert np.array_equal(after(kind, Strength.STRONG, flat(value)), flat(then))


def test_the_strongest_grayscale_has_no_colour_and_keeps_luma() -> None:
    grey = after("grayscale", Strength.STRONG, a_picture())
    assert np.ptp(grey.astype(int), axis=2).max() == 0
    luma = cv2.cvtColor(a_picture(), cv2.COLOR_RGB2GRAY).astype(int)
    assert np.abs(grey[..., 0] - luma).max() <= 1


@pytest.mark.parametrize(
    ("strength", "deviation"), [(Strength.MILD, 5), (Strength.MEDIUM, 15), (Strength.STRONG, 35)]
)
def test_noise_has_the_deviation_that_is_stated(strength: Strength, deviation: float) -> None:
    noisy = after("noise", strength, flat(128))
    assert noisy.std() == pytest.approx(deviation, rel=0.05)
    assert noisy.mean() == pytest.approx(128, abs=2)


def test_noise_is_another_in_every_frame() -> None:
    clip = Clip(frames=[flat(128)] * 2, frames_per_second=25)
    noisy = Distortion(kind="noise", strength=Strength.MILD).apply(clip)
    assert not np.array_equal(noisy.frames[0], noisy.frames[1])


def test_a_blur_looks_the_same_at_every_size() -> None:
    large = cv2.resize(a_picture(), None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    ones = [after("blur", Strength.STRONG, picture) for picture in (a_picture(), large)]
    reduced = cv2.resize(ones[1], None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA)
    assert np.abs(reduced.astype(int) - ones[0]).mean() < 1
