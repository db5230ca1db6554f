"""Bytes of which a verdict stands are not looked at again, and what is known of them is told."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from inference.ports import Extraction
from moderation.decisions import Decision
from moderation.errors import LedgerUnavailable
from moderation.fusion import Family, Fusion
from moderation.listed_looks import ListChanges, ListedLook
from moderation.looks import Look
from moderation.policy import Policy, Rule
from moderation.provenance import Provenance, ProvenanceState
from moderation.repeats import Making
from moderation.thresholds import Thresholds
from moderation.upload import Lane, Upload
from moderation.verdict import Action, Label, Match, MatchKind, Reason, Rejection, Verdict
from storage.in_memory import InMemoryLedger, InMemoryMediaStore, InMemorySource, Memory
from storage.looks.in_memory import InMemoryLooks
from storage.looks.in_memory_before import InMemorySeenBefore
from storage.looks.in_memory_lists import InMemoryLookLists
from storage.ports import OutboundMessage
from streams.before import Before
from streams.extract import Extract
from streams.intake import announcement
from streams.judging import Judge
from streams.messages import FACES, SCORED, UploadScored
from streams.record import Record
from streams.same_bytes import SameBytes
from tests.builders import CROP, FACTS, MODEL, TOPICS, TRACK, an_origin, an_upload, scored
from tests.contracts.looks.test_seen_before import a_decision
from tests.unit.streams.test_extract import Extractor

MEDIA = b"the very same bytes"
READ = replace(FACTS, sha256=hashlib.sha256(MEDIA).hexdigest())
SAID = Provenance(state=ProvenanceState.INVALID, reader="reader 1")
LOOK = Look(pdq="0f" * 32, quality=60)
FOUND = Extraction(
    facts=READ,
    tracks=(TRACK,),
    crops=(CROP,),
    pack=b"pack",
    preprocessing="crops-1",
    provenance=SAID,
    looks=(LOOK,),
)
PLAIN = Fusion(id="none", families=(Family(finds="manipulated", weights={"blending": 1.0}),))


def a_policy(name: str = "strict", *rules: Rule) -> Policy:
    rest = Rule(thresholds=Thresholds(suspect=0.5, fake=0.8))
    return Policy(name=name, sha256=name.encode().hex(), rules=(*rules, rest))


LENIENT = a_policy("lenient", Rule(thresholds=Thresholds(suspect=0.5, fake=0.99), matches=()))


class Worker:
    """Extract and record over memory; scoring is done for it, and always says the same."""

    def __init__(self, spool: Path, policy: Policy | None = None) -> None:
        self.memory = Memory()
        self.ledger = InMemoryLedger(self.memory)
        self.extractor = Extractor(FOUND)
        self.lists = InMemoryLookLists()
        self.store = InMemoryMediaStore()
        self.spool = spool
        self.scored = 0
        self.use(policy or a_policy())

    def use(self, policy: Policy) -> None:
        judge = Judge(policy, {MODEL: PLAIN}, pipeline="1")
        self.rely_on(InMemorySeenBefore(self.memory), policy, judge)

    def rely_on(self, seen: InMemorySeenBefore, policy: Policy, judge: Judge) -> None:
        before = self.before(policy, seen)
        self.record = Record(self.ledger, judge, TOPICS, before)
        self.extract = self.extracting(SameBytes(before, self.record, self.store))

    def before(self, policy: Policy, seen: InMemorySeenBefore) -> Before:
        making = Making(
            pipeline="1",
            policy=policy,
            preprocessing="crops-1",
            provenance="reader 1",
            model=MODEL,
            calibration=PLAIN.id,
        )
        return Before(seen, InMemoryLooks(self.memory.looks), self.lists, making)

    def extracting(self, known: SameBytes) -> Extract:
        source = InMemorySource({f"store:///{name}": MEDIA for name in ("u1", "u2", "u3")})
        return Extract(source, self.extractor, self.store, TOPICS, spool=self.spool, known=known)

    async def judged(self, upload_id: str, **changes: object) -> Verdict:
        """Take an upload through all hops."""
        upload = sent(upload_id, **changes)
        for message in await self.extracted(announcement(upload, TOPICS)):
            is_found = message.topic == TOPICS.faces(upload.lane)
            await self.record(self.score(message) if is_found else SCORED.decode(message.value))
        verdict = (await self.ledger.status(upload_id)).verdict
        assert verdict is not None
        return verdict

    async def extracted(self, announced: OutboundMessage) -> Sequence[OutboundMessage]:
        return await self.extract(an_origin(announced.value, topic=announced.topic))

    def score(self, message: OutboundMessage) -> UploadScored:
        self.scored += 1
        found = FACES.decode(message.value)
        return scored(
            3.0,
            upload=found.upload,
            media=found.media,
            provenance=found.provenance,
            looks=found.looks,
            face_pack=found.face_pack,
        )

    @property
    def looked(self) -> int:
        """How often media was decoded."""
        return len(self.extractor.asked)

    def decide(self, upload_id: str, action: Action) -> Decision:
        decision = a_decision(upload_id, action, "acme", hours=0)
        self.memory.reviews.standing[upload_id] = decision
        return decision


def sent(upload_id: str, **changes: object) -> Upload:
    return an_upload(upload_id, uri=f"store:///{upload_id}", **changes)


async def test_the_same_bytes_take_the_verdict_over_and_nobody_decodes_or_scores_them(
    tmp_path: Path,
) -> None:
    worker = Worker(tmp_path)
    first = await worker.judged("u1")
    second = await worker.judged("u2")

    assert (worker.looked, worker.scored) == (1, 1)
    assert second.matched == (Match(kind=MatchKind.VERDICT, verdict_id=first.verdict_id),)
    assert second.reasons == (*first.reasons, Reason.MATCHED)
    told = replace(second, verdict_id="", matched=(), reasons=())
    same = replace(first, verdict_id="", matched=(), reasons=())
    assert told == replace(same, upload_id="u2", decided_at=second.decided_at)
    assert list(tmp_path.iterdir()) == []


async def test_a_verdict_that_was_taken_over_is_taken_over_in_turn(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    for upload_id in ("u1", "u2", "u3"):
        third = await worker.judged(upload_id)

    assert worker.looked == 1
    assert [one.kind for one in third.matched] == [MatchKind.VERDICT]
    assert third.reasons.count(Reason.MATCHED) == 1


async def test_another_tenants_bytes_are_looked_at(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    await worker.judged("u1")
    second = await worker.judged("u2", tenant="other")

    assert (worker.looked, second.matched) == (2, ())


async def test_after_the_policy_changed_bytes_are_judged_anew(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    await worker.judged("u1")
    worker.use(a_policy("lenient"))
    second = await worker.judged("u2")

    assert (worker.looked, second.matched) == (2, ())
    assert second.lineage.policy_name == "lenient"


async def test_bytes_of_a_lane_with_other_thresholds_are_judged_anew(tmp_path: Path) -> None:
    backfill = Rule(lane=Lane.BACKFILL, thresholds=Thresholds(suspect=0.5, fake=0.99))
    worker = Worker(tmp_path, a_policy("strict", backfill))
    await worker.judged("u1")
    second = await worker.judged("u2", lane=Lane.BACKFILL)

    assert (worker.looked, second.label) == (2, Label.SUSPECT)


async def test_an_announcement_may_ask_that_media_be_looked_at_afresh(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    await worker.judged("u1")
    (message,) = await worker.extracted(announcement(sent("u2"), TOPICS, afresh=True))

    assert message.topic == TOPICS.faces(Lane.LIVE)


async def test_bytes_are_looked_at_again_when_the_faces_that_were_judged_are_gone(
    tmp_path: Path,
) -> None:
    worker = Worker(tmp_path)
    first = await worker.judged("u1")
    worker.store.objects.clear()
    second = await worker.judged("u2")

    assert worker.looked == 2
    assert second.lineage == first.lineage
    assert second.face_pack in worker.store.objects


async def test_the_same_upload_again_changes_nothing_and_is_not_looked_at_again(
    tmp_path: Path,
) -> None:
    worker = Worker(tmp_path)
    first = await worker.judged("u1")
    second = await worker.judged("u2")

    assert await worker.judged("u1") == first
    assert await worker.judged("u2") == second
    assert worker.looked == 1
    assert worker.memory.messages_written == 2


async def test_an_upload_that_has_another_verdict_is_looked_at_and_that_one_is_superseded(
    tmp_path: Path,
) -> None:
    worker = Worker(tmp_path)
    await worker.judged("u1")
    given_up = UploadScored(upload=sent("u2"), rejection=Rejection(reason="gave_up", detail=""))
    await worker.record(given_up)
    second = await worker.judged("u2")

    assert (worker.looked, second.label) == (2, Label.FAKE)
    assert second.supersedes is not None


class Changing(InMemorySeenBefore):
    """Has the policy change while it is asked; or is away."""

    def __init__(self, memory: Memory, judge: Judge | None = None) -> None:
        super().__init__(memory)
        self.judge = judge

    async def standing(self, *given, **named):
        if self.judge is None:
            raise LedgerUnavailable
        found = await super().standing(*given, **named)
        self.judge.follow(LENIENT)
        return found

    async def decided(self, *given):
        assert self.judge is not None
        self.judge.follow(LENIENT)
        return await super().decided(*given)


def changing(worker: Worker) -> None:
    judge = Judge(a_policy(), {MODEL: PLAIN}, pipeline="1")
    worker.rely_on(Changing(worker.memory, judge), a_policy(), judge)


async def test_a_verdict_that_stood_by_the_policy_before_is_not_taken_over_by_the_next(
    tmp_path: Path,
) -> None:
    worker = Worker(tmp_path)
    await worker.judged("u1")

    changing(worker)
    second = await worker.judged("u2")

    assert (worker.looked, second.lineage.policy_name) == (2, "lenient")


async def test_matches_count_by_the_policy_that_judged(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    await worker.judged("u1")
    worker.decide("u1", Action.PUBLISH)

    changing(worker)
    await worker.record(scored(3.0, upload=sent("u2"), media=READ))

    verdict = (await worker.ledger.status("u2")).verdict
    assert verdict is not None
    assert (verdict.lineage.policy_name, verdict.action) == ("strict", Action.PUBLISH)


class Erased(InMemorySeenBefore):
    """Has the first upload erased, with its packs, once its verdict was found to stand."""

    def __init__(self, worker: Worker) -> None:
        super().__init__(worker.memory)
        self.worker = worker

    async def decided(self, *given):
        self.worker.memory.looks.seen.pop("u1", None)
        self.worker.store.objects.clear()
        return await super().decided(*given)


async def test_media_are_looked_at_when_the_upload_whose_verdict_stood_is_erased_meanwhile(
    tmp_path: Path,
) -> None:
    worker = Worker(tmp_path)
    await worker.judged("u1")
    judge = Judge(a_policy(), {MODEL: PLAIN}, pipeline="1")
    worker.rely_on(Erased(worker), a_policy(), judge)
    (message,) = await worker.extracted(announcement(sent("u2"), TOPICS))

    assert message.topic == TOPICS.faces(Lane.LIVE)
    assert FACES.decode(message.value).face_pack in worker.store.objects
    assert "u2" not in worker.memory.uploads


async def test_media_are_looked_at_while_nobody_can_say_whether_they_are_known(
    tmp_path: Path,
) -> None:
    worker = Worker(tmp_path)
    await worker.judged("u1")
    judge = Judge(a_policy(), {MODEL: PLAIN}, pipeline="1")
    worker.rely_on(Changing(worker.memory), a_policy(), judge)
    (message,) = await worker.extracted(announcement(sent("u2"), TOPICS))

    assert message.topic == TOPICS.faces(Lane.LIVE)


async def test_what_was_decided_reaches_the_same_bytes_and_label_and_score_stay(
    tmp_path: Path,
) -> None:
    worker = Worker(tmp_path)
    first = await worker.judged("u1")
    decision = worker.decide("u1", Action.PUBLISH)
    second = await worker.judged("u2")

    assert (second.action, second.action_because) == (Action.PUBLISH, ("same_bytes_decided",))
    assert (second.label, second.fake_probability) == (Label.FAKE, first.fake_probability)
    assert [one.decision_id for one in second.matched] == [None, decision.decision_id]


async def test_what_was_decided_reaches_look_alikes_with_their_distance(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    await worker.judged("u1")
    decision = worker.decide("u1", Action.WITHHOLD)
    near = Look(pdq=f"{int(LOOK.pdq, 16) ^ 0b111:064x}", quality=60)
    other = replace(FACTS, sha256="77" * 32)
    await worker.record(scored(-3.0, upload=sent("u2"), media=other, looks=(near,)))
    verdict = (await worker.ledger.status("u2")).verdict

    assert verdict is not None
    assert (verdict.label, verdict.action) == (Label.CLEAR, Action.REVIEW)
    assert verdict.action_because == ("looks_like_restricted",)
    assert verdict.reasons == (Reason.MATCHED,)
    assert verdict.matched == (
        Match(
            kind=MatchKind.DECISION,
            decision_id=decision.decision_id,
            action=Action.WITHHOLD,
            distance=3,
        ),
    )


async def test_what_stands_on_a_list_is_matched_when_it_is_sent_again(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    await worker.judged("u1")
    listed = ListChanges(listed=(ListedLook(pdq=LOOK.pdq, entry="7"),))
    await worker.lists.change("*", "partners", listed)
    second = await worker.judged("u2")

    assert worker.looked == 1  # the looks are those of the first
    assert second.matched[1] == Match(
        kind=MatchKind.LISTED, list_name="partners", entry="7", distance=0
    )


async def test_media_that_was_rejected_matches_nothing_and_is_fetched_again(
    tmp_path: Path,
) -> None:
    worker = Worker(tmp_path)
    await worker.judged("u1")
    worker.decide("u1", Action.PUBLISH)
    verdict = await worker.judged("gone")

    assert (verdict.label, verdict.matched) == (Label.REJECTED, ())
