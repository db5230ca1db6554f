"""Lists of what was fitted on, so that it is left out of what is fitted or reported next.

A line names a group, a clip (CLIP or DATA_SET/CLIP), or all clips of a method (method:METHOD).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Protocol

from moderation.errors import InvalidConfiguration

METHOD = "method:"


class Known(Protocol):
    """What a list may name a clip by."""

    @property
    def clip_id(self) -> str: ...
    @property
    def data_set(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def group(self) -> str: ...


def listed(file: Path | None) -> frozenset[str]:
    """The names in a file, one a line; none without a file.

    Raises:
        InvalidConfiguration: it cannot be read.
    """
    if file is None:
        return frozenset()
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        raise InvalidConfiguration(f"{file} cannot be read: {error}") from error
    return frozenset(line.strip() for line in lines) - {""}


def groups_named(clips: Iterable[Known], names: Collection[str]) -> frozenset[str]:
    """The groups that a list names, or names a clip of: one clip takes its whole group with it."""
    return frozenset(clip.group for clip in clips if not _names_of(clip).isdisjoint(names))


def _names_of(clip: Known) -> set[str]:
    whole = f"{clip.data_set}/{clip.clip_id}"
    return {clip.group, clip.clip_id, whole, f"{METHOD}{clip.method}"}
