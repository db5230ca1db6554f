from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.decisions import (
    Decision,
    DecisionKind,
    Impression,
    Ruling,
    check_text,
    digest_of,
    erased,
    first_break,
    link,
    note_digest,
    outcome,
    sealed,
)
from moderation.review import JobKind
from moderation.verdict import Action
from tests.builders import NOON


def a_decision(number: int = 0, **changes: object) -> Decision:
    decision = Decision(
        decision_id=f"d{number}",
        tenant="acme",
        upload_id="u1",
        verdict_id="v1",
        job_id="j1",
        job_kind=JobKind.FLAGGED,
        blind=False,
        kind=DecisionKind.UPHOLD,
        reason="forged",
        moderator="ann",
        token="t1",
        made_at=NOON,
        effective_at=NOON,
        action=Action.WITHHOLD,
    )
    return replace(decision, **changes)


def a_chain(length: int = 4):
    links = []
    for number in range(length):
        after = (links[-1].sequence, links[-1].digest) if links else None
        links.append(link(a_decision(number), after=after))
    return links


GOLDEN = "c0c6e573c29ef2823838fa5000419e3678529a92784c7e20662c92deeae04325"
OTHER: dict[str, object] = {
    "job_kind": JobKind.APPEAL,
    "blind": True,
    "kind": DecisionKind.OVERTURN,
    "made_at": NOON + timedelta(microseconds=1),
    "effective_at": NOON + timedelta(microseconds=1),
    "action": None,
    "first_impression": Impression.UNSURE,
}


@pytest.mark.parametrize("name", [field.name for field in fields(Decision)])
def test_the_digest_covers_every_field(name):
    changed = replace(a_decision(), **{name: OTHER.get(name, "other")})
    before = digest_of(a_decision(), sequence=1, previous="0")
    assert digest_of(changed, sequence=1, previous="0") != before
    assert digest_of(a_decision(), sequence=2, previous="0") != before
    assert digest_of(a_decision(), sequence=1, previous="1") != before


def test_the_digest_is_that_of_the_first_release():
    digest = digest_of(a_decision(), sequence=1, previous="0" * 64)
    assert digest == GOLDEN, "no digest that was ever written may change"


def test_the_digest_is_the_same_in_every_time_zone():
    tokyo = a_decision(made_at=NOON.astimezone(timezone(timedelta(hours=9))))
    assert digest_of(tokyo, sequence=1, previous="0") == digest_of(
        a_decision(), sequence=1, previous="0"
    )


def test_a_chain_as_it_was_made_is_whole():
    links = a_chain()
    assert first_break(links) is None
    assert first_break(links[2:], after=(2, links[1].digest)) is None
    assert first_break([]) is None


@given(st.integers(0, 3), st.sampled_from(["content", "digest", "previous", "gone", "twice"]))
def test_whatever_is_done_to_a_link_is_found_there(place, deed):
    links = a_chain(5)
    one = links[place]
    done = {
        "content": [replace(one, decision=replace(one.decision, moderator="eve"))],
        "digest": [replace(one, digest="f" * 64)],
        "previous": [replace(one, previous="f" * 64)],
        "gone": [],
        "twice": [one, one],
    }[deed]
    found = first_break([*links[:place], *done, *links[place + 1 :]])
    assert found is not None
    assert found.sequence == one.sequence + (deed == "twice")


def test_a_link_that_was_made_anew_breaks_the_one_after_it():
    links = a_chain(3)
    forged = link(a_decision(1, moderator="eve"), after=(1, links[0].digest))
    assert first_break([links[0], forged, links[2]]).sequence == 3


def test_a_note_cannot_be_guessed_from_its_hash():
    assert note_digest("no", salt="a") != note_digest("no", salt="b")


def test_what_is_told_names_no_person_and_nothing_is_told_of_what_decides_nothing():
    told = outcome(link(a_decision(), after=None))
    assert not {"moderator", "token", "note_sha256", "first_impression"} & {
        field.name for field in fields(told)
    }
    for untold in ({"blind": True}, {"kind": DecisionKind.ESCALATE, "action": None}):
        with pytest.raises(ValueError, match="not told"):
            outcome(link(a_decision(**untold), after=None))


def a_ruling(**changes: object) -> Ruling:
    told = {"kind": DecisionKind.UPHOLD, "verdict_id": "v1", "reason": "forged", "token": "t"}
    return Ruling(**{**told, **changes})


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": DecisionKind.UNDO},
        {"token": ""},
        {"token": "x" * 65},
        {"token": "é"},
        {"token": "a\nb"},
        {"note": "x" * 2001},
        {"note": "a\0b"},
        {"note": "\udfff"},
    ],
)
def test_a_ruling_that_cannot_be_kept_is_refused(broken):
    with pytest.raises(ValueError, match=r"undo|token|text"):
        a_ruling(**broken)


def test_a_ruling_may_be_as_long_as_is_allowed():
    a_ruling(token="x" * 64, note="x" * 2000)
    check_text("\U0001f600\n\t", longest=3)


def a_sealed_chain(length: int = 3):
    links = []
    for number in range(length):
        after = (links[-1].sequence, links[-1].digest) if links else None
        links.append(link(sealed(a_decision(number), salt=f"salt {number}"), after=after))
    return links


def test_a_sealed_link_whose_upload_was_erased_still_proves_the_rest():
    first, second, third = a_sealed_chain()
    without = replace(second, decision=erased(second.decision))

    assert without.decision.upload_id == ""
    assert first_break([first, without, third]) is None
    altered = replace(without, decision=replace(without.decision, reason="other"))
    assert first_break([first, altered, third]).sequence == 2


@pytest.mark.parametrize("name", ["upload_id", "verdict_id", "job_id", "token"])
def test_a_sealed_link_cannot_be_made_one_about_another_upload(name: str):
    first, second, third = a_sealed_chain()
    other = replace(second.decision, **{name: "other"})

    for forged in (other, replace(other, subject_salt=None)):
        found = first_break([first, replace(second, decision=forged), third])
        assert found is not None
        assert (found.sequence, found.what) == (2, "it was about another upload")


def test_the_same_subject_has_another_hash_in_every_link():
    links = a_sealed_chain()

    assert len({one.decision.subject for one in links}) == 3
