"""Reads IPTC records (IIM 4.2, chapter 3), as Photoshop leaves them in a JPEG."""

from __future__ import annotations

from inference.provenance.blocks import LARGEST_BLOCK, LONGEST_VALUE, Unread

_MARK = 0x1C
_APPLICATION_RECORD = 2
_DATA_SETS = {
    55: "DateCreated",
    65: "OriginatingProgram",
    110: "Credit",
    115: "Source",
    120: "Caption",
}
_HEAD_BYTES = 5
_EXTENDED = 0x8000  # a length that is the number of bytes of a further length
_MOST_DATA_SETS = 1000


def read_iim(block: bytes) -> dict[str, str]:
    """Read the data sets that say where a picture comes from; the first of each stays.

    Raises:
        Unread: too large, or a data set is longer than what is left.
    """
    if len(block) > LARGEST_BLOCK:
        raise Unread("too_large")
    found: dict[str, str] = {}
    at = 0
    for _ in range(_MOST_DATA_SETS):
        if len(block) - at < _HEAD_BYTES or block[at] != _MARK:
            return found
        record, number = block[at + 1], block[at + 2]
        length = int.from_bytes(block[at + 3 : at + 5], "big")
        at += _HEAD_BYTES
        if length & _EXTENDED or at + length > len(block):
            raise Unread("damaged")
        name = _DATA_SETS.get(number)
        if record == _APPLICATION_RECORD and name:
            value = block[at : at + min(length, LONGEST_VALUE)]
            found.setdefault(f"iptc:{name}", value.decode("utf-8", "replace"))
        at += length
    return found
