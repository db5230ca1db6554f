"""What an erasure does to what is kept, in the words of who asks for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_GO, _STAY = "go", "stay, without saying about which upload"

AFTERWARDS = (
    "With them go the media and the faces cut out of them; they are counted when they go. "
    "A proof stays, which names nobody: veriscope erase list --of ID"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What somebody would call the rows of some tables, and what becomes of them."""

    name: str
    tables: tuple[str, ...]
    fate: str = _GO


KINDS = (
    Kind(name="uploads, with their names and addresses", tables=("uploads",)),
    Kind(name="ids of who sent them", tables=("upload_senders",)),
    Kind(name="verdicts", tables=("verdicts",)),
    Kind(name="faces and search words of verdicts", tables=("verdict_tracks", "verdict_terms")),
    Kind(name="hashes of bytes and looks", tables=("seen_media", "looks")),
    Kind(name="reviews, with words of appeals", tables=("review_jobs",)),
    Kind(
        name="notes, comments, words of who skipped",
        tables=("decision_notes", "comments", "review_skips"),
    ),
    Kind(
        name="what stands decided about them",
        tables=("standing_decisions", "unsettled_decisions", "known_items"),
    ),
    Kind(name="scores of a shadow", tables=("shadow_scores",)),
    Kind(name="messages not sent yet, dead letters", tables=("outbox", "dead_letters")),
    Kind(name="marks of what is kept longer", tables=("retention_holds",)),
    Kind(name="decisions: who, what, when and why", tables=("decisions",), fate=_STAY),
    Kind(name="looks at their media: who, when and why", tables=("media_accesses",), fate=_STAY),
)


def kinds(counts: Mapping[str, int]) -> list[tuple[Kind, int]]:
    """How many rows of each kind, of those of which there are any."""
    summed = ((kind, sum(counts.get(table, 0) for table in kind.tables)) for kind in KINDS)
    return [(kind, count) for kind, count in summed if count]
