"""Which clips belong together, and so into one split: by people, by originals, by group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from datasets.records import Clip


class Together:
    """Disjoint sets of clip numbers (union by linking, path halving: Tarjan, 1975)."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def first(self, number: int) -> int:
        """The smallest number of the set that `number` is in."""
        above = self._above
        while above[number] != number:
            above[number] = above[above[number]]
            number = above[number]
        return number

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.first(one), self.first(other)))
        self._above[high] = low


def connected(clips: Sequence[Clip]) -> list[int]:
    """The group of each clip, named by the number of the first clip in it.

    Clips are connected by a subject, an original, a group, a file (two halves of one picture),
    or the same bytes.
    """
    together = Together(len(clips))
    seen: dict[tuple[str, str], int] = {}
    for number, clip in enumerate(clips):
        for tie in ties(clip):
            together.join(seen.setdefault(tie, number), number)
    return [together.first(number) for number in range(len(clips))]


def ties(clip: Clip) -> Iterable[tuple[str, str]]:
    """What ties a clip to others: a kind, and a name within it."""
    yield "clip", clip.clip_id
    yield "file", clip.path
    yield from (("subject", subject) for subject in clip.subjects)
    if clip.original:
        yield "clip", clip.original
    if clip.group:
        yield "group", clip.group
    if clip.sha256:
        yield "bytes", clip.sha256
