"""EXIF is read for where a picture comes from, and for nothing else."""

from __future__ import annotations

import pytest

from inference.provenance.blocks import LARGEST_BLOCK, Unread
from inference.provenance.exif import read_exif
from tests.origins import exif


def test_camera_software_and_times_are_read() -> None:
    block = exif(
        {0x010F: "Canon", 0x0110: "EOS R5", 0x0131: "GIMP 2.10", 0x0132: "2026:01:02 03:04:05"},
        {0x9003: "2026:01:01 00:00:00", 0xA431: "123456"},
    ).tobytes()
    assert read_exif(block) == {
        "exif:Make": "Canon",
        "exif:Model": "EOS R5",
        "exif:Software": "GIMP 2.10",
        "exif:DateTime": "2026:01:02 03:04:05",
        "exif:DateTimeOriginal": "2026:01:01 00:00:00",
        "exif:BodySerialNumber": "123456",
    }


@pytest.mark.parametrize(
    "comment",
    [
        b"ASCII\0\0\0Steps: 20",
        b"UNICODE\0" + "Steps: 20".encode("utf-16-be"),
        b"UNICODE\0" + "Steps: 20".encode("utf-16-le"),
        b"UNICODE\0" + "Steps: 20".encode("utf-16"),
        b"\0\0\0\0\0\0\0\0Steps: 20\0\0",
    ],
)
def test_comments_of_every_character_set_are_read(comment: bytes) -> None:
    assert read_exif(exif({}, {0x9286: comment}).tobytes())["exif:UserComment"] == "Steps: 20"


def test_a_place_is_read_in_degrees() -> None:
    made = exif()
    made.get_ifd(0x8825).update({1: "S", 2: (33.0, 51.0, 25.2), 3: "E", 4: (151.0, 12.0, 54.0)})
    assert read_exif(made.tobytes()) == {"exif:GPS": "-33.85700 151.21500"}


def test_half_a_place_is_none() -> None:
    made = exif()
    made.get_ifd(0x8825).update({1: "S", 2: (33.0, 51.0, 25.2)})
    assert read_exif(made.tobytes()) == {}


def test_a_block_that_is_too_large_is_not_looked_at() -> None:
    with pytest.raises(Unread, match="too_large"):
        read_exif(bytes(LARGEST_BLOCK + 1))
