"""A second bundle looks at a share of the live uploads; what serves never waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog

from inference.faces.facepack import FacePack
from inference.scoring.panel import Answers
from moderation.errors import Unavailable
from moderation.lineage import ModelIdentity
from moderation.sampling import is_drawn
from moderation.shadow import Opinion, ShadowOutcome, ShadowScore
from moderation.upload import Lane
from monitoring import metrics
from streams.judging import Judge, Judged
from streams.messages import UploadScored
from streams.shadow_notes import Notes

log = structlog.get_logger()

_AT_ONCE = 4  # several, so that their crops share requests


class Panel(Protocol):
    """All detectors of the shadow: `inference.scoring.panel.Panel`."""

    async def ask(self, pack: FacePack, *, urgent: bool) -> Answers: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowTerms:
    """What a shadow may take.

    `share` of the live uploads, `within_seconds` of their own scores, and `room_bytes` for
    the crops of those that wait and are looked at.
    """

    share: float
    within_seconds: float
    room_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Job:
    pack: FacePack
    scored: UploadScored
    serving: ModelIdentity
    seconds: float
    drawn_at: datetime
    until: float


class Shadow:
    """Scores uploads by the bundle that is `identity`, after they were scored, and judges both.

    It writes to `notes` and nowhere else. Whoever is not done by its time is dropped.
    """

    def __init__(
        self, identity: ModelIdentity, panel: Panel, judge: Judge, notes: Notes, terms: ShadowTerms
    ) -> None:
        self._identity = identity
        self._panel = panel
        self._judge = judge
        self._notes = notes
        self._terms = terms
        self._waiting: asyncio.Queue[_Job] = asyncio.Queue()
        self._in_hand: set[_Job] = set()
        self._bytes = 0
        self._ailing = ""

    def offer(self, pack: FacePack, scored: UploadScored, answers: Answers) -> None:
        """Take a live upload that is drawn, while there is room; `answers` are what it cost."""
        upload, serving, terms = scored.upload, scored.model, self._terms
        if upload.lane is not Lane.LIVE or serving is None:
            return
        if not is_drawn(upload.upload_id, purpose="shadow", share=terms.share):
            return
        metrics.SHADOW_DRAWN.inc()
        job = _Job(
            pack=pack,
            scored=scored,
            serving=serving,
            seconds=answers.seconds,
            drawn_at=datetime.now(UTC),
            until=asyncio.get_running_loop().time() + terms.within_seconds,
        )
        if self._bytes + pack.pixels.nbytes > terms.room_bytes:
            self._notes.add(self._note(job, ShadowOutcome.OVERLOADED))
            return
        self._hold(pack, 1)
        self._waiting.put_nowait(job)

    async def run(self) -> None:
        """Look at what was taken until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(_AT_ONCE):
                tasks.create_task(self._take_turns())

    def stop(self) -> None:
        """Give up what waits and what was looked at; `run` has been cancelled."""
        for job in self._left():
            self._notes.add(self._note(job, ShadowOutcome.STOPPED))
            self._hold(job.pack, -1)

    async def _take_turns(self) -> None:
        while True:
            job = await self._waiting.get()
            self._in_hand.add(job)
            self._notes.add(await self._settle(job))
            self._in_hand.discard(job)
            self._hold(job.pack, -1)

    def _hold(self, pack: FacePack, by: int) -> None:
        self._bytes += by * pack.pixels.nbytes
        metrics.SHADOW_IN_HAND.inc(by)

    def _left(self) -> Iterator[_Job]:
        yield from self._in_hand
        self._in_hand.clear()
        while not self._waiting.empty():
            yield self._waiting.get_nowait()

    async def _settle(self, job: _Job) -> ShadowScore:
        if asyncio.get_running_loop().time() >= job.until:
            return self._note(job, ShadowOutcome.LATE)
        try:
            async with asyncio.timeout_at(job.until):
                answers = await self._panel.ask(job.pack, urgent=False)
            score = self._compare(job, answers)
        except TimeoutError:
            return self._note(job, ShadowOutcome.LATE)
        except Unavailable as error:
            self._tell(error)
            return self._note(job, ShadowOutcome.UNAVAILABLE)
        except Exception as error:  # noqa: BLE001  # what a shadow does wrong stays here
            self._tell(error)
            return self._note(job, ShadowOutcome.FAILED)
        self._ailing = ""
        return score

    def _tell(self, error: Exception) -> None:
        """Log what is wrong once, until something goes well: each upload would say the same."""
        name = type(error).__name__
        if name != self._ailing:
            log.warning("shadow.ails", bundle=self._identity.name, error=name, detail=str(error))
        self._ailing = name

    def _compare(self, job: _Job, answers: Answers) -> ShadowScore:
        """Judge both at once, by one policy: it may change at any time."""
        by_serving = self._judge(job.scored)
        by_shadow = self._judge(
            replace(
                job.scored,
                scores=answers.scores,
                track_scores=answers.track_scores,
                model=self._identity,
            )
        )
        return self._note(
            job,
            ShadowOutcome.SCORED,
            verdict_id=by_serving.verdict_id,
            lineage_digest=by_serving.lineage.digest,
            by_serving=_said(by_serving, job.seconds),
            by_shadow=_said(by_shadow, answers.seconds),
        )

    def _note(self, job: _Job, outcome: ShadowOutcome, **said: Any) -> ShadowScore:
        return ShadowScore(
            upload_id=job.scored.upload.upload_id,
            tenant=job.scored.upload.tenant,
            shadow=self._identity,
            serving=job.serving,
            drawn_at=job.drawn_at,
            outcome=outcome,
            **said,
        )


def _said(judged: Judged, seconds: float) -> Opinion:
    return Opinion(
        label=judged.judgement.label,
        action=judged.action,
        fake_probability=judged.judgement.fake_probability,
        seconds=seconds,
    )
