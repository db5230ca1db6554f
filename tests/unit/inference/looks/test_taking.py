from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from inference.faces.shots import ShotBoundaries
from inference.looks.pdq import pdq
from inference.looks.taking import LookTaker
from inference.reading.frames import Frame
from moderation.looks import MOST_LOOKS, Look
from tests.datasets import picture

BLACK = np.zeros((96, 96, 3), np.uint8)


def taken(pictures: Iterable[NDArray[np.uint8]], begins: Iterable[bool] = ()) -> tuple[Look, ...]:
    """The looks of a video with a frame each second; by default every frame begins a shot."""
    answers = iter(begins)
    taker = LookTaker(lambda _: next(answers, True))
    frames = [Frame(at_seconds=float(n), pixels=pixels) for n, pixels in enumerate(pictures)]
    assert list(taker.watch(frames)) == frames
    return taker.looks


def reddish(seed: int) -> NDArray[np.uint8]:
    """A picture of other colours, as another shot has."""
    return picture(seed) // np.array([1, 4, 4], np.uint8)


def moments(looks: Iterable[Look]) -> list[float]:
    return [look.at_seconds for look in looks]


def test_a_picture_has_one_look() -> None:
    (look,) = taken([picture(1)])
    bits, quality = pdq(picture(1))
    assert look == Look(pdq=bits.hex(), quality=quality)


def test_only_the_first_frame_of_a_shot_is_looked_at() -> None:
    looks = taken([picture(n) for n in range(4)], begins=[False, False, True, False])
    assert moments(looks) == [0.0, 2.0]


def test_a_shot_that_begins_black_is_looked_at_where_it_is_not() -> None:
    assert moments(taken([BLACK, BLACK, picture(1), picture(2)], begins=[False] * 4)) == [2.0]


def test_nothing_is_looked_at_where_there_is_nothing_to_see() -> None:
    assert taken([BLACK] * 3) == ()


def test_a_shot_that_comes_again_is_kept_once() -> None:
    assert moments(taken([picture(1), picture(2), picture(1)])) == [0.0, 1.0]


def test_the_first_shots_are_kept_and_no_more_than_a_message_carries() -> None:
    assert moments(taken([picture(n) for n in range(MOST_LOOKS + 3)])) == list(range(MOST_LOOKS))


def test_a_clock_before_the_beginning_counts_as_the_beginning() -> None:
    taker = LookTaker(ShotBoundaries().begins)
    list(taker.watch([Frame(at_seconds=-0.5, pixels=picture(1))]))
    assert moments(taker.looks) == [0.0]


def test_cuts_are_found_by_what_finds_them_for_faces() -> None:
    taker = LookTaker(ShotBoundaries().begins)
    pictures = [picture(1), picture(1), reddish(2), reddish(2)]
    list(taker.watch(Frame(at_seconds=float(n), pixels=p) for n, p in enumerate(pictures)))
    assert moments(taker.looks) == [0.0, 2.0]
