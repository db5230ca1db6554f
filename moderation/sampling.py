"""Draws a share of things by their names: a replay draws the same ones, on any machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_RANGE = 2**64


def is_drawn(name: str, *, purpose: str, share: float) -> bool:
    """Tell whether a thing is among the share that is drawn for a purpose.

    The draws of two purposes do not depend on each other, and a larger share holds
    all of a smaller one.

    Raises:
        ValueError: the share does not lie in [0, 1].
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError("a share must lie in [0, 1]")
    return _place(name, purpose) < share * _RANGE


def pick(things: Sequence[T], *, name: str, purpose: str) -> T | None:
    """Choose one of several for a name; None of none."""
    if not things:
        return None
    return things[_place(name, purpose) % len(things)]


def _place(name: str, purpose: str) -> int:
    """A number from 0 to 2^64 - 1, evenly spread: the first bytes of a SHA-256."""
    digest = hashlib.sha256(f"{purpose}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big")
