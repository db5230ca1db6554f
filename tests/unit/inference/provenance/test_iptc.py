"""IPTC records are read as far as their lengths hold."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.provenance.blocks import LARGEST_BLOCK, Unread
from inference.provenance.iptc import read_iim
from tests.origins import iim


def test_credit_and_program_are_read_and_others_left() -> None:
    block = iim((5, b"title"), (65, b"Midjourney"), (110, b"Made with Google AI"))
    assert read_iim(block) == {
        "iptc:OriginatingProgram": "Midjourney",
        "iptc:Credit": "Made with Google AI",
    }


def test_the_first_of_several_stays() -> None:
    assert read_iim(iim((110, b"one"), (110, b"two"))) == {"iptc:Credit": "one"}


@pytest.mark.parametrize("cut", [1, 3])
def test_a_data_set_that_is_longer_than_the_rest_is_damage(cut: int) -> None:
    with pytest.raises(Unread, match="damaged"):
        read_iim(iim((110, b"credit"))[:-cut])


def test_lengths_of_lengths_are_not_followed() -> None:
    with pytest.raises(Unread, match="damaged"):
        read_iim(bytes([0x1C, 2, 110, 0x80, 4]) + bytes(100))


def test_records_that_are_too_large_are_not_looked_at() -> None:
    with pytest.raises(Unread, match="too_large"):
        read_iim(bytes(LARGEST_BLOCK + 1))


@given(st.binary(max_size=100))
def test_whatever_stands_there_is_read_or_said_to_be_damaged(noise: bytes) -> None:
    for block in (noise, iim((110, b"one")) + noise, b"\x1c" + noise):
        with suppress(Unread):
            assert isinstance(read_iim(block), dict)
