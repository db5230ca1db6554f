from __future__ import annotations

from dataclasses import replace

import pytest

from moderation.lineage import Lineage
from moderation.verdict import Label, Rejection
from tests.contracts.words import a_verdict

GONE = Rejection(reason="not_found", detail="nothing there")


def a_rejection_of(policy: str = "strict"):
    judged = a_verdict()
    lineage = Lineage(
        pipeline="1", preprocessing="112px", policy_name=policy, policy_sha256="ab" * 32
    )
    return replace(
        judged, label=Label.REJECTED, fake_probability=None, rejection=GONE, lineage=lineage
    )


def test_a_source_that_is_gone_does_not_undo_a_judgement() -> None:
    assert not a_rejection_of().may_supersede(a_verdict())


def test_a_judgement_takes_the_place_of_a_rejection() -> None:
    assert a_verdict().may_supersede(a_rejection_of())


def test_equal_lineage_says_nothing_new() -> None:
    assert not a_verdict().may_supersede(replace(a_verdict(), fake_probability=0.1))


def test_a_new_policy_says_something_new() -> None:
    assert a_verdict(policy="lenient").may_supersede(a_verdict(policy="strict"))


def test_equal_lineage_has_an_equal_digest_and_another_has_another() -> None:
    assert a_verdict().lineage.digest == a_verdict().lineage.digest
    assert a_verdict().lineage.digest != a_verdict(policy="lenient").lineage.digest


@pytest.mark.parametrize("probability", [-0.01, 1.01])
def test_a_probability_lies_between_0_and_1(probability: float) -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        a_verdict(fake_probability=probability)


def test_a_clear_label_without_a_probability_is_refused() -> None:
    with pytest.raises(ValueError, match="disagree"):
        a_verdict(label=Label.CLEAR, fake_probability=None)


def test_a_rejection_is_not_hidden_behind_another_label() -> None:
    with pytest.raises(ValueError, match="rejection"):
        a_verdict(rejection=GONE)
