"""A verdict holds again for bytes that would be judged the same way now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from moderation.lineage import Lineage, ModelIdentity
from moderation.policy import Policy, Rule
from moderation.repeats import Making
from moderation.thresholds import Thresholds
from moderation.upload import Lane

SHA256 = "ab" * 32
MODEL = ModelIdentity(name="faces", version="1", sha256="cd" * 32)
MAKING = Making(
    pipeline="1",
    policy=Policy(name="strict", sha256="ef" * 32, rules=(Rule(),)),
    preprocessing="crops-1",
    provenance="reader 1",
    model=MODEL,
    calibration="none",
)
LINEAGE = Lineage(
    pipeline="1",
    policy_name="strict",
    policy_sha256="ef" * 32,
    preprocessing="crops-1",
    media_sha256=SHA256,
    model=MODEL,
    calibration="none",
    provenance="reader 1",
)


def rules(*tenants: tuple[str, Lane | None, float]) -> Making:
    made = (
        Rule(tenant=tenant, lane=lane, thresholds=Thresholds(suspect=0.5, fake=fake))
        for tenant, lane, fake in tenants
    )
    policy = Policy(name="strict", sha256="ef" * 32, rules=(*made, Rule()))
    return replace(MAKING, policy=policy)


def test_bytes_with_a_face_and_without_one_have_the_lineage_that_a_verdict_has_now() -> None:
    without_face = replace(LINEAGE, model=None, calibration=None)
    assert MAKING.lineages(SHA256) == {LINEAGE.digest, without_face.digest}


@pytest.mark.parametrize(
    "changed",
    [
        {"pipeline": "2"},
        {"policy_sha256": "00" * 32},
        {"preprocessing": "crops-2"},
        {"media_sha256": "00" * 32},
        {"model": replace(MODEL, sha256="00" * 32)},
        {"calibration": "other"},
        {"provenance": "reader 2"},
        {"provenance": None},
    ],
)
def test_what_was_made_otherwise_has_another_lineage(changed: dict[str, Any]) -> None:
    assert replace(LINEAGE, **changed).digest not in MAKING.lineages(SHA256)


def test_lanes_that_one_rule_covers_are_judged_alike() -> None:
    assert MAKING.lanes("acme", Lane.LIVE) == set(Lane)


def test_lanes_of_other_thresholds_are_not() -> None:
    making = rules(("acme", Lane.BACKFILL, 0.7))
    assert making.lanes("acme", Lane.LIVE) == {Lane.LIVE}
    assert making.lanes("other", Lane.LIVE) == set(Lane)


def test_lanes_of_two_rules_that_say_the_same_are_judged_alike() -> None:
    making = rules(("acme", Lane.BACKFILL, 0.7), ("acme", Lane.LIVE, 0.7))
    assert making.lanes("acme", Lane.LIVE) == set(Lane)
