"""Why a moderator decided as they did: a reason of the policy, by key and in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from moderation.dsa import KEYWORDS_OF

_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Ground(StrEnum):
    """On what a restriction rests."""

    TERMS = "terms"
    LAW = "law"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyReason:
    """A reason that may be given. One with a `category` is a reason to restrict, others are not.

    `category` and `keywords` are codes of the European transparency database; `reference`
    names the clause of the terms, or the law, and `explanation` says why it applies.

    Raises:
        ValueError: it contradicts itself, or a code is none.
    """

    key: str
    words: str
    category: str | None = None
    keywords: tuple[str, ...] = ()
    ground: Ground = Ground.TERMS
    reference: str = ""
    explanation: str = ""

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise ValueError(f"a reason's key must match {_KEY.pattern}")
        if not 0 < len(self.words) <= 500:
            raise ValueError(f"reason {self.key}: words must have 1 to 500 characters")
        if self.category is None:
            if self.keywords or self.reference or self.explanation:
                raise ValueError(f"reason {self.key}: without a category nothing is restricted")
            return
        if self.category not in KEYWORDS_OF:
            raise ValueError(f"reason {self.key}: there is no category {self.category}")
        foreign = set(self.keywords) - KEYWORDS_OF[self.category]
        if foreign:
            raise ValueError(f"reason {self.key}: {min(foreign)} is none of {self.category}")
        if not 0 < len(self.reference) <= 500 or not 0 < len(self.explanation) <= 2000:
            raise ValueError(f"reason {self.key}: reference and explanation are needed")

    @property
    def restricts(self) -> bool:
        return self.category is not None
