"""What is done to frames before faces are looked for, and what is trivial to say of them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from benchmarks.changes import Distort, Half, in_turn, parse_distortion
from benchmarks.clips import Clip, choose
from benchmarks.equalising import Equalise
from benchmarks.trivial import Onlooker, bits_per_pixel, blockiness
from inference.reading.frames import Frame
from moderation.errors import InvalidConfiguration


def frames(*shapes: tuple[int, int], seed: int = 0) -> list[Frame]:
    rng = np.random.default_rng(seed)
    return [
        Frame(at_seconds=number / 5, pixels=rng.integers(0, 256, (*shape, 3), np.uint8))
        for number, shape in enumerate(shapes)
    ]


def test_halves_share_the_frame_between_them() -> None:
    [frame] = frames((10, 21))
    left, right = (next(iter(Half(region=r)([frame]))).pixels for r in ("left", "right"))
    assert np.array_equal(np.concatenate([left, right], axis=1), frame.pixels)
    assert next(iter(Half(region="")([frame]))).pixels.shape == (10, 21, 3)


@pytest.mark.parametrize("shape", [(100, 50), (50, 100), (400, 800), (64, 64)])
def test_every_size_comes_to_one_longer_side(shape: tuple[int, int]) -> None:
    [frame] = Equalise(side=64, quality=75)(frames(shape))
    assert max(frame.pixels.shape) == 64
    assert frame.pixels.shape[0] / frame.pixels.shape[1] == pytest.approx(
        shape[0] / shape[1], rel=0.05
    )


def test_every_quality_comes_to_one() -> None:
    [frame] = frames((64, 64))
    coarse = cv2.imdecode(cv2.imencode(".jpg", frame.pixels, [1, 20])[1], 1)
    equal = Equalise(side=64, quality=30)
    sizes = [
        bits_per_pixel(next(iter(equal([Frame(at_seconds=0, pixels=pixels)]))).pixels)
        for pixels in (frame.pixels, coarse)
    ]
    assert sizes[0] / sizes[1] < bits_per_pixel(frame.pixels) / bits_per_pixel(coarse)


@pytest.mark.parametrize(
    "text", ["256", "256,75,1", "a,b", "31,75", "256,0", "256,101", "face:", "eye:9,75"]
)
def test_an_equalisation_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(InvalidConfiguration, match="--equalise"):
        Equalise.parse(text)


@pytest.mark.parametrize("text", ["jpeg", "jpeg:terrible", "sneeze:mild", ""])
def test_a_distortion_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidConfiguration, match="--distort"):
        parse_distortion(text)


class NobodyThere:
    def detect(self, frame: np.ndarray) -> list:
        return []


def test_distorted_frames_keep_their_pace_and_get_other_pixels() -> None:
    held = frames((32, 32), (32, 32), (32, 32))
    distort = Distort(distortion=parse_distortion("noise:strong"), detector=NobodyThere())
    changed = list(distort(held))
    assert [frame.at_seconds for frame in changed] == pytest.approx([0, 0.2, 0.4])
    assert not np.array_equal(changed[0].pixels, held[0].pixels)
    assert list(distort([])) == []


@pytest.mark.parametrize("kind", ["jpeg:mild", "h264:medium", "noise:strong"])
def test_bursts_are_as_close_after_a_distortion_as_before(kind: str) -> None:
    times = [0, 0.04, 0.08, 5, 5.04, 5.08, 10]
    held = [
        replace(frame, at_seconds=at)
        for frame, at in zip(frames(*[(32, 32)] * len(times)), times, strict=True)
    ]
    distort = Distort(distortion=parse_distortion(kind), detector=NobodyThere())
    assert [frame.at_seconds for frame in distort(held)] == times


def test_what_acts_in_time_gets_times_of_its_own() -> None:
    held = frames(*[(32, 32)] * 8)
    distort = Distort(distortion=parse_distortion("fast_motion:strong"), detector=NobodyThere())
    changed = [frame.at_seconds for frame in distort(held)]
    assert len(changed) < len(held)
    assert np.ptp(np.diff(changed)) == pytest.approx(0, abs=1e-9)


def test_what_turns_the_picture_is_seen_turned() -> None:
    distort = Distort(distortion=parse_distortion("mirror:medium"), detector=NobodyThere())
    [frame] = frames((20, 30))
    [changed] = distort([frame])
    assert np.array_equal(changed.pixels, frame.pixels[:, ::-1])


def test_changes_are_made_in_turn() -> None:
    change = in_turn([Half(region="left"), Equalise(side=32, quality=90)])
    [frame] = change(frames((40, 200)))
    assert frame.pixels.shape[:2] == (13, 32)


def test_an_onlooker_lets_frames_pass_and_tells_their_means() -> None:
    onlooker = Onlooker()
    held = frames((10, 20), (10, 40))
    assert list(onlooker(held)) == held
    assert onlooker.scores()["frame_pixels"] == 30
    assert Onlooker().scores() == {}


def test_blocks_of_eight_are_seen_and_noise_has_none() -> None:
    rng = np.random.default_rng(0)
    blocks = np.kron(rng.integers(0, 256, (8, 8, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    noise = rng.integers(0, 256, (64, 64, 3), np.uint8)
    assert blockiness(blocks) > 10
    assert blockiness(noise) == pytest.approx(1, abs=0.1)


def clip(name: str, **known: str) -> Clip:
    from pathlib import Path

    return Clip(clip_id=name, path=Path(name), **known)


def test_of_each_method_and_label_the_same_few_are_chosen_whatever_else_there_is() -> None:
    many = [
        clip(f"{m}{i}", method=m, label="fake", group=f"{m}{i}") for m in "ab" for i in range(9)
    ]
    chosen = choose(many, at_most=3)
    assert [one.method for one in chosen] == ["a"] * 3 + ["b"] * 3
    assert choose([*reversed(many), clip("c", label="real")], at_most=3)[::-1][1:] == chosen


def test_both_sides_of_a_pair_are_chosen_or_neither() -> None:
    pairs = [
        clip(f"{i}{label}", method="swap", label=label, group=f"g{i}")
        for i in range(20)
        for label in ("real", "fake")
    ]
    chosen = choose(pairs, at_most=5)
    groups = [one.group for one in chosen]
    assert len(chosen) == 10
    assert all(groups.count(group) == 2 for group in groups)


def test_what_was_fitted_on_takes_its_whole_group_with_it() -> None:
    pair = [clip(f"a{label}", group="a", label=label) for label in ("real", "fake")]
    other = clip("b", group="b")
    assert choose([*pair, other], without={"areal"}) == [other]
    assert choose([*pair, other], without={"b"}) == pair


def test_a_region_or_a_label_that_is_none_is_refused() -> None:
    for wrong in ({"region": "top"}, {"label": "maybe"}):
        with pytest.raises(InvalidConfiguration):
            clip("x", **wrong)
