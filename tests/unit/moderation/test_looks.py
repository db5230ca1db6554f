from __future__ import annotations

import pytest

from moderation.looks import Look, unlike

PLAIN = Look(pdq="0" * 64, quality=100)


def differing(bits: int, quality: int = 100) -> Look:
    return Look(pdq=f"{(1 << bits) - 1:064x}", quality=quality)


@pytest.mark.parametrize(("bits", "alike"), [(0, True), (31, True), (32, False), (256, False)])
def test_looks_are_alike_up_to_31_bits(bits: int, alike: bool) -> None:
    other = differing(bits)
    assert PLAIN.distance(other) == other.distance(PLAIN) == bits
    assert PLAIN.is_like(other) is other.is_like(PLAIN) is alike
    assert unlike(PLAIN, [other]) is not alike


@pytest.mark.parametrize(("quality", "alike"), [(49, False), (50, True)])
def test_a_look_with_little_to_see_is_like_no_other(quality: int, alike: bool) -> None:
    other = differing(0, quality)
    assert other.comparable is alike
    assert PLAIN.is_like(other) is other.is_like(PLAIN) is alike


@pytest.mark.parametrize(
    "wrong",
    [
        {"pdq": "0" * 63},
        {"pdq": "A" * 64},
        {"quality": -1},
        {"quality": 101},
        {"at_seconds": -0.1},
        {"at_seconds": float("nan")},
    ],
)
def test_what_is_no_look_cannot_be_made(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must"):
        Look(**{"pdq": "0" * 64, "quality": 50} | wrong)
