from __future__ import annotations

import numpy as np
import pytest

from inference.looks.pdq import pairs_within, pdq
from moderation.looks import LARGEST_DISTANCE, LEAST_QUALITY, Look
from tests.datasets import picture

GOLDEN = "efc4de6b9e0eb74aef6a66587f599a306af06ab196b4e94046b07d9007c07e00"


def look(side: int) -> Look:
    found, quality = pdq(picture(1, side))
    return Look(pdq=found.hex(), quality=quality)


def test_the_hash_is_that_of_the_reference_implementation() -> None:
    y, x = np.mgrid[0:150, 0:201]
    channels = [(x * y) % 256, (x * x // 7 + y) % 256, (y * y // 5 + 3 * x) % 256]
    found, quality = pdq(np.stack(channels, -1).astype(np.uint8))
    assert found.hex() == GOLDEN  # by pdqhash 0.2.8, which binds the authors' C++
    assert quality == 100


def test_a_plain_picture_has_no_quality() -> None:
    assert pdq(np.full((64, 64, 3), 90, np.uint8))[1] == 0


@pytest.mark.parametrize(("bits", "alike"), [(31, 1), (32, 0)])
def test_hashes_are_alike_up_to_31_bits(bits: int, alike: int) -> None:
    one = np.zeros(256, np.uint8)
    other = one.copy()
    other[:bits] = 1
    hashes = np.packbits(np.stack([one, other]), axis=1)
    assert len(pairs_within(hashes)) == alike
    assert len(pairs_within(hashes, block=1)) == alike


@pytest.mark.parametrize("side", [512, 513, 2000])
def test_a_large_picture_is_reduced_and_looks_as_before(side: int) -> None:
    assert look(side).distance(look(300)) <= LARGEST_DISTANCE // 2
    assert look(side).quality >= LEAST_QUALITY


def test_a_narrow_picture_is_hashed_as_well() -> None:
    found, _ = pdq(np.zeros((3, 5000, 3), np.uint8))
    assert len(found) == 32
