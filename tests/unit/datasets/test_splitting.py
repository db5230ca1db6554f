from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.errors import DataSetRefused
from datasets.records import Clip, Split
from datasets.splitting import assign, shares_of
from tests.datasets import fake, real

SHARES = shares_of("train=0.8,validation=0.1,test=0.1")


def of_people(count: int, each: int = 2) -> list[Clip]:
    return [real(f"p{n}/{i}", subjects=(f"p{n}",)) for n in range(count) for i in range(each)]


def splits(clips: Sequence[Clip]) -> dict[str, Split]:
    return {clip.clip_id: clip.split for clip in clips}


def test_shares_are_met_by_whole_groups() -> None:
    found = assign(of_people(100), SHARES, seed=1)
    assert found.counts == {Split.TRAIN: 160, Split.VALIDATION: 20, Split.TEST: 20}
    assert (found.groups, found.largest_group) == (100, 2)


def test_the_seed_alone_tells_the_splits_not_the_order_of_the_clips() -> None:
    clips = of_people(40)
    first = splits(assign(clips, SHARES, seed=1).clips)
    assert splits(assign(clips[::-1], SHARES, seed=1).clips) == first
    assert splits(assign(clips, SHARES, seed=2).clips) != first


people = st.sampled_from("abcdef")


@given(st.lists(st.tuples(people, people, st.sampled_from(["", "train", "test"])), max_size=30))
def test_nobody_is_in_two_splits_unless_the_official_ones_say_so(
    drawn: list[tuple[str, str, str]],
) -> None:
    clips = [
        fake(str(n), subjects=(a, b), official_split=split) for n, (a, b, split) in enumerate(drawn)
    ]
    found = assign(clips, SHARES, seed=3)
    of: dict[str, set[Split]] = defaultdict(set)
    for clip in found.clips:
        for subject in clip.subjects:
            of[subject].add(clip.split)
    if not found.contradictory:
        assert all(len(those) == 1 for those in of.values())
    assert all(c.split is c.official for c in found.clips if c.official is not Split.UNASSIGNED)


def test_an_original_and_its_forgeries_stay_together() -> None:
    clips = [*of_people(20), *(fake(f"f{n}", original=f"p{n}/0") for n in range(20))]
    found = splits(assign(clips, SHARES, seed=1).clips)
    assert all(found[f"f{n}"] is found[f"p{n}/0"] for n in range(20))


def test_official_splits_stay_and_their_groups_follow() -> None:
    clips = [
        real("a", subjects=("p",), official_split="test"),
        real("b", subjects=("p",)),
        *of_people(10),
    ]
    kept = splits(assign(clips, SHARES, seed=1).clips)
    assert (kept["a"], kept["b"]) == (Split.TEST, Split.TEST)
    anew = assign(clips, {Split.TRAIN: 1.0}, seed=1, keep_official=False)
    assert set(splits(anew.clips).values()) == {Split.TRAIN}


def test_groups_that_official_splits_tear_apart_are_counted_and_gain_nobody() -> None:
    clips = [
        real("a", subjects=("p",), official_split="test"),
        real("b", subjects=("p",), official_split="train"),
        real("c", subjects=("p",)),
    ]
    found = assign(clips, SHARES, seed=1)
    assert found.contradictory == 3
    assert splits(found.clips)["c"] is Split.UNASSIGNED


def test_splitting_again_with_another_seed_does_not_take_the_first_for_official() -> None:
    clips = of_people(30)
    first = assign(clips, SHARES, seed=1).clips
    again = assign(first, SHARES, seed=2).clips
    assert splits(again) == splits(assign(clips, SHARES, seed=2).clips)


@pytest.mark.parametrize(
    "written", ["", "train", "train=0.5", "train=0.9,test=0.2", "train=2,test=-1", "dev=1"]
)
def test_shares_that_are_none_are_refused(written: str) -> None:
    with pytest.raises(DataSetRefused):
        shares_of(written)


def test_shares_are_read_from_text() -> None:
    assert shares_of("train=0.75, test=0.25") == {Split.TRAIN: 0.75, Split.TEST: 0.25}
