"""Assigns clips to splits by whole groups, the same for the same seed."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from datasets.errors import DataSetRefused
from datasets.groups import connected
from datasets.records import Clip, Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """`contradictory`: clips of groups whose official splits disagree; their others stay out."""

    clips: list[Clip]
    counts: dict[Split, int]
    groups: int
    largest_group: int
    contradictory: int


def shares_of(written: str) -> dict[Split, float]:
    """Shares as on the command line: `train=0.8,validation=0.1,test=0.1`.

    Raises:
        DataSetRefused: it is none, or the shares are not 1 in all.
    """
    shares: dict[Split, float] = {}
    try:
        for part in written.split(","):
            name, _, share = part.partition("=")
            shares[Split(name.strip())] = float(share)
    except ValueError as error:
        raise DataSetRefused(f"shares are like train=0.8,test=0.2, not {written!r}") from error
    if Split.UNASSIGNED in shares or not all(0 <= share <= 1 for share in shares.values()):
        raise DataSetRefused(f"shares are of train, validation and test, 0 to 1, not {written!r}")
    if abs(sum(shares.values()) - 1) > 1e-6:
        raise DataSetRefused(f"the shares of {written!r} are not 1 in all")
    return shares


def assign(
    clips: Sequence[Clip],
    shares: Mapping[Split, float],
    *,
    seed: int,
    keep_official: bool = True,
) -> Assigned:
    """Give every clip a split; clips that belong together get the same.

    Where the makers of a data set split it, that stays, and the rest of such a group follows.
    Groups are taken from the largest, in an order of equals that the seed tells, each into the
    split that lacks most clips.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for number, group in enumerate(connected(clips)):
        members[group].append(number)
    chosen = [clip.official if keep_official else Split.UNASSIGNED for clip in clips]
    free, contradictory = [], 0
    for numbers in members.values():
        told = {chosen[number] for number in numbers} - {Split.UNASSIGNED}
        if not told:
            free.append(numbers)
        elif len(told) > 1:
            contradictory += len(numbers)
        else:
            (only,) = told
            for number in numbers:
                chosen[number] = only
    _fill(chosen, free, clips, shares, seed)
    counts = Counter(chosen)
    return Assigned(
        clips=[replace(clip, split=split) for clip, split in zip(clips, chosen, strict=True)],
        counts={split: counts[split] for split in Split if counts[split]},
        groups=len(members),
        largest_group=max(map(len, members.values()), default=0),
        contradictory=contradictory,
    )


def _fill(
    chosen: list[Split],
    free: list[list[int]],
    clips: Sequence[Clip],
    shares: Mapping[Split, float],
    seed: int,
) -> None:
    """Put free groups where clips lack most."""
    have = Counter(chosen)
    total = sum(have[split] for split in shares) + sum(map(len, free))
    lack = {split: share * total - have[split] for split, share in shares.items()}

    def place(numbers: list[int]) -> tuple[int, str]:
        return -len(numbers), _drawn(min(clips[number].clip_id for number in numbers), seed)

    for numbers in sorted(free, key=place):
        split = max(lack, key=lambda one: lack[one])
        lack[split] -= len(numbers)
        for number in numbers:
            chosen[number] = split


def _drawn(clip_id: str, seed: int) -> str:
    """A place in the order that depends on the seed and the clip alone, not on the machine."""
    return hashlib.sha256(f"{seed} {clip_id}".encode()).hexdigest()
