"""Reads the provenance of a file, part by part: one that is damaged does not hide the others."""

from __future__ import annotations

from collections.abc import Callable
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, TypeVar

from inference.provenance.blocks import Blocks, Unread
from inference.provenance.clips import clip_blocks
from inference.provenance.credentials import LIBRARY, FoundCredentials, read_credentials
from inference.provenance.exif import read_exif
from inference.provenance.iptc import read_iim
from inference.provenance.pictures import picture_blocks
from inference.provenance.search import ProvenanceSearch
from inference.provenance.telling import provenance_of
from inference.provenance.xmp import read_xmp
from inference.reading.sniff import SNIFFED_BYTES, sniff
from moderation.errors import MediaRejected
from moderation.media import Container, MediaKind
from moderation.provenance import Provenance, UnreadPart, unread

_VERSION = 1  # of what is read, and of what it is taken for

T = TypeVar("T")


def read_provenance(path: Path, *, settings: ProvenanceSearch) -> Provenance:
    """Read what a local file says of its origin; never raises because of its bytes.

    Each reader is bounded in what it takes; the time is bounded by who runs this
    (`inference.decoding.decoder_process`).
    """
    try:
        with path.open("rb") as file:
            container = sniff(file.read(SNIFFED_BYTES))
            return _read(file, container, settings)
    except (OSError, MediaRejected):
        return unread("unreadable")


def _read(file: BufferedReader, container: Container, search: ProvenanceSearch) -> Provenance:
    parts = _Parts()
    blocks = parts.read("container", lambda: _blocks(file, container, search)) or Blocks()
    fields = {
        **(parts.read("exif", lambda: read_exif(blocks.exif) if blocks.exif else {}) or {}),
        **(parts.read("xmp", lambda: read_xmp(blocks.xmp) if blocks.xmp else {}) or {}),
        **(parts.read("iptc", lambda: read_iim(blocks.iim)) or {}),
        **blocks.fields,
    }
    found = parts.read("credentials", lambda: read_credentials(file, container, search))
    return provenance_of(
        fields,
        found or FoundCredentials(),
        tuple(parts.unread),
        search,
        reader=reader_name(search),
    )


def reader_name(search: ProvenanceSearch) -> str:
    """Name everything but the media that makes a provenance what it is."""
    lists = (("signers", search.signers), ("time-stamps", search.time_stamps))
    used = [f"{name} {one.sha256[:16]}" for name, one in lists if one is not None]
    return "; ".join([f"provenance {_VERSION}", LIBRARY, *used])


def _blocks(file: BinaryIO, container: Container, search: ProvenanceSearch) -> Blocks:
    # A GIF is opened as a picture, whatever it turns out to be.
    if container.kind is MediaKind.IMAGE:
        return picture_blocks(file, container, pixels=search.pixels)
    return clip_blocks(file, container, pixels=search.pixels)


class _Parts:
    """Runs one reader after the other, and notes those that fail."""

    def __init__(self) -> None:
        self.unread: list[UnreadPart] = []

    def read(self, part: str, reader: Callable[[], T]) -> T | None:
        """Run a reader. Foreign parsers raise whatever they meet in hostile bytes."""
        try:
            return reader()
        except Unread as error:
            why = error.why
        except MemoryError:
            why = "too_large"
        except Exception:  # noqa: BLE001 - the one place that guards the readers
            why = "damaged"
        self.unread.append(UnreadPart(part=part, why=why))
        return None
