"""Which bytes of an object a request asks for (RFC 9110, section 14): one stretch, or all."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """From `start` up to `end`, of `size` bytes; `whole` where all of it was asked for."""

    start: int
    end: int
    size: int
    whole: bool

    @property
    def content_range(self) -> str:
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


def asked_of(header: str | None, *, size: int) -> Stretch | None:
    """The stretch that a Range header names; None where the object has no such bytes.

    What is no range of bytes, or several, is passed over, as the RFC allows: all is sent.
    """
    found = _ONE.fullmatch(header.strip()) if header else None
    if found is None or found.groups() == ("", ""):
        return Stretch(start=0, end=size, size=size, whole=True)
    first, last = found.groups()
    if first == "":
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
    if last and first and int(last) < int(first):
        return Stretch(start=0, end=size, size=size, whole=True)
    return Stretch(start=start, end=end, size=size, whole=False) if start < end else None
