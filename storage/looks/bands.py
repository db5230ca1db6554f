"""Why 272 questions find every look-alike: 16 bands of 16 bits.

If two hashes differ in at most 31 bits, then at least one of 16 bands differs in at most one
bit: two in each would make 32. So a look-alike has, in some band, the value that is
asked for or one of the 16 that differ from it in one bit.
"""

from __future__ import annotations

from moderation.looks import BITS, LARGEST_DISTANCE

BANDS = 16
BAND_BITS = BITS // BANDS

if LARGEST_DISTANCE >= 2 * BANDS:
    raise AssertionError("a band may differ in two bits")


def bands(pdq: bytes) -> list[int]:
    """The bands of a hash (32 bytes), each as a signed number: a SMALLINT holds it."""
    width = BAND_BITS // 8
    return [
        int.from_bytes(pdq[start : start + width], "big", signed=True)
        for start in range(0, len(pdq), width)
    ]


def near(band: int) -> list[int]:
    """A band's value, and those that differ from it in one bit."""
    unsigned = band % (1 << BAND_BITS)
    values = [unsigned, *(unsigned ^ (1 << bit) for bit in range(BAND_BITS))]
    half = 1 << (BAND_BITS - 1)
    return [(value + half) % (2 * half) - half for value in values]


def bits_apart(one: bytes, other: bytes) -> int:
    """How many bits differ; SQLite has no function for it and calls this one."""
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()
