"""What lies in a media beside its pixels, taken out of the container and not yet read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# The values of tags by names that say where they stood: `exif:Make`, `png:parameters`.
Fields = Mapping[str, str]

LARGEST_BLOCK = 2**20
LONGEST_VALUE = 4096
MOST_FIELDS = 128


class Unread(Exception):
    """A part of the media says something that cannot be read; `why` is a word for machines."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """`exif` (TIFF, with or without its `Exif` mark), `xmp` (a packet), `iim` (IPTC records)."""

    exif: bytes = b""
    xmp: bytes = b""
    iim: bytes = b""
    fields: Fields = field(default_factory=dict)


def kept(pairs: Mapping[str, str]) -> dict[str, str]:
    """The first fields of a media, each cut to what is ever looked at."""
    some = list(pairs.items())[:MOST_FIELDS]
    return {name[:80]: value[:LONGEST_VALUE] for name, value in some}
