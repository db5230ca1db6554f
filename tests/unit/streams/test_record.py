from __future__ import annotations

from dataclasses import replace

import pytest

from moderation.conditions import Condition
from moderation.errors import ScorerMismatch
from moderation.fusion import Family, Fusion
from moderation.looks import Look
from moderation.policy import Policy, Rule
from moderation.provenance import UNKNOWN, Provenance, ProvenanceState
from moderation.scores import TrackScore
from moderation.thresholds import Thresholds
from moderation.verdict import Action, Label, Rejection
from storage.in_memory import InMemoryLedger, InMemoryOutbox, Memory
from storage.looks.in_memory import InMemoryLooks
from streams.judging import Judge
from streams.messages import REACHED
from streams.record import Record
from tests.builders import FACTS, MODEL, TOPICS, an_upload, scored

# leaves logits as they are
PLAIN = Fusion(
    id="none",
    families=(Family(finds="manipulated", weights={"blending": 1.0, "transitions": 1.0}),),
)

BROKEN = Condition(name="broken", states=(ProvenanceState.INVALID,), at_least=Action.REVIEW)
INVALID = Provenance(state=ProvenanceState.INVALID, reader="reader 1")


class Desk:
    """Record over an in-memory ledger."""

    def __init__(self, *, policy: str = "strict") -> None:
        self.memory = Memory()
        self.ledger = InMemoryLedger(self.memory)
        self.outbox = InMemoryOutbox(self.memory)
        self.record = self.with_policy(policy)

    def with_policy(self, name: str) -> Record:
        rule = Rule(thresholds=Thresholds(suspect=0.5, fake=0.8), provenance=(BROKEN,))
        policy = Policy(name=name, sha256=name.encode().hex(), rules=(rule,))
        return Record(self.ledger, Judge(policy, {MODEL: PLAIN}, pipeline="1"), TOPICS)

    async def verdict(self):
        return (await self.ledger.status("u1")).verdict

    async def published(self):
        pending = await self.outbox.pending(limit=100)
        return [REACHED.decode(entry.message.value).verdict for entry in pending]


async def test_scores_become_a_verdict_in_the_ledger_and_the_outbox() -> None:
    desk = Desk()
    await desk.record(scored(3.0))
    verdict = await desk.verdict()
    assert (verdict.label, verdict.action) == (Label.FAKE, Action.WITHHOLD)
    assert verdict.fake_probability == pytest.approx(0.9526, abs=1e-4)
    assert await desk.published() == [verdict]


async def test_bytes_and_looks_are_remembered_with_the_verdict() -> None:
    desk = Desk()
    look = Look(pdq="0f" * 32, quality=60)
    await desk.record(scored(3.0, looks=(look,)))
    known = InMemoryLooks(desk.memory.looks)
    assert await known.looks_of("u1") == (look,)
    assert await known.same_bytes("acme", FACTS.sha256, limit=5) == ["u1"]


async def test_a_message_that_comes_twice_has_one_verdict_and_one_message() -> None:
    desk = Desk()
    await desk.record(scored(3.0))
    await desk.record(scored(3.0))
    assert len(await desk.published()) == 1


async def test_another_policy_supersedes_and_both_verdicts_are_told() -> None:
    desk = Desk()
    await desk.record(scored(3.0))
    first = await desk.verdict()
    await desk.with_policy("lenient")(scored(3.0))
    second = await desk.verdict()
    assert second.supersedes == first.verdict_id
    assert [one.verdict_id for one in await desk.published()] == [
        first.verdict_id,
        second.verdict_id,
    ]


async def test_a_rejection_is_an_end_with_its_reason() -> None:
    desk = Desk()
    gone = Rejection(reason="not_found", detail="nothing there")
    await desk.record(scored(media=None, face_pack=None, rejection=gone))
    verdict = await desk.verdict()
    assert (verdict.label, verdict.rejection) == (Label.REJECTED, gone)


async def test_media_without_a_face_have_an_end_of_their_own() -> None:
    desk = Desk()
    await desk.record(scored(face_pack=None))
    assert (await desk.verdict()).label is Label.NO_FACE


async def test_a_source_that_is_gone_at_the_second_look_changes_nothing() -> None:
    desk = Desk()
    await desk.record(scored(3.0))
    gone = Rejection(reason="not_found", detail="nothing there")
    await desk.record(scored(media=None, face_pack=None, rejection=gone))
    assert (await desk.verdict()).label is Label.FAKE
    assert len(await desk.published()) == 1


async def test_scores_of_a_model_that_is_not_calibrated_are_refused() -> None:
    other = replace(MODEL, sha256="ef" * 32)
    with pytest.raises(ScorerMismatch, match="no calibration"):
        await Desk().record(scored(3.0, model=other))


async def test_faces_without_a_model_that_scored_them_are_refused() -> None:
    with pytest.raises(ScorerMismatch, match="no calibration"):
        await Desk().record(scored(3.0, model=None))


async def test_what_detectors_say_of_a_track_counts_and_each_family_is_told() -> None:
    desk = Desk()
    over_tracks = (TrackScore(track_id=0, logits={"transitions": 3.0}),)
    await desk.record(scored(0.0, track_scores=over_tracks))
    verdict = await desk.verdict()
    assert verdict.label is Label.FAKE
    assert verdict.tracks[0].family_probabilities == {"manipulated": verdict.fake_probability}
    assert await desk.published() == [verdict]


async def test_a_promised_share_of_false_flags_is_kept_with_the_bundle_that_scored() -> None:
    desk = Desk()
    rule = Rule(thresholds=Thresholds(suspect=0.5, false_flags=0.05))
    policy = Policy(name="promising", sha256="ab", rules=(rule,))
    informed = replace(PLAIN, id="informed", unforged=(0.2,) * 19)
    other = replace(MODEL, version="2")
    judge = Judge(policy, {MODEL: PLAIN, other: informed}, pipeline="1")
    record = Record(desk.ledger, judge, TOPICS)
    await record(scored(3.0))
    assert (await desk.verdict()).label is Label.SUSPECT
    await record(scored(3.0, model=other))
    assert (await desk.verdict()).label is Label.FAKE
    assert (await desk.verdict()).lineage.calibration == "informed"


async def test_an_upload_scored_before_its_row_was_written_gets_its_row() -> None:
    desk = Desk()
    await desk.record(scored(0.0, upload=an_upload("u1", tenant="early")))
    assert (await desk.ledger.status("u1")).upload.tenant == "early"


@pytest.mark.parametrize(
    ("provenance", "action", "because"),
    [
        (None, Action.PUBLISH, ()),
        (UNKNOWN, Action.PUBLISH, ()),
        (INVALID, Action.REVIEW, ("broken",)),
    ],
)
async def test_provenance_changes_the_action_and_neither_label_nor_probability(
    provenance: Provenance | None, action: Action, because: tuple[str, ...]
) -> None:
    desk = Desk()
    await desk.record(scored(-3.0, provenance=provenance))
    verdict = await desk.verdict()
    assert (verdict.label, verdict.fake_probability) == (
        Label.CLEAR,
        pytest.approx(0.0474, abs=1e-4),
    )
    assert (verdict.action, verdict.action_because) == (action, because)
    assert verdict.provenance == provenance
    assert await desk.published() == [verdict]


async def test_provenance_that_was_read_otherwise_makes_another_verdict() -> None:
    desk = Desk()
    await desk.record(scored(3.0, provenance=INVALID))
    await desk.record(scored(3.0, provenance=replace(INVALID, reader="reader 2")))
    first, second = await desk.published()
    assert second.supersedes == first.verdict_id
    assert second.lineage.provenance == "reader 2"


async def test_another_policy_holds_from_the_next_upload_on() -> None:
    desk = Desk()
    rules = (Rule(thresholds=Thresholds(suspect=0.5, fake=0.8)),)
    judge = Judge(Policy(name="a", sha256="a", rules=rules), {MODEL: PLAIN}, pipeline="1")
    record = Record(desk.ledger, judge, TOPICS)
    await record(scored(1.0))
    judge.follow(
        Policy(name="b", sha256="b", rules=(Rule(thresholds=Thresholds(suspect=0.5, fake=0.7)),))
    )
    await record(scored(1.0))
    first, second = await desk.published()
    assert (first.label, second.label) == (Label.SUSPECT, Label.FAKE)
    assert (first.lineage.policy_name, second.lineage.policy_name) == ("a", "b")
