"""The queue's pages: take the next upload, look, decide, and take a decision back."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response

from console.areas import Area, Link
from console.faults import Refused
from console.forms import is_form, read_form
from console.identity.callers import Caller
from console.identity.guards import require
from console.ids import Id
from console.pages import go_on, page
from console.queue.desk import QueueDesk
from console.queue.rulings import ruling_of, said_in_words
from moderation.deciding import usual_action
from moderation.decisions import DecisionKind, Impression, check_text
from moderation.errors import NotHeld
from moderation.people import Permission

Looker = Annotated[Caller, Depends(require(Permission.QUEUE))]
Decider = Annotated[Caller, Depends(require(Permission.DECIDE))]
LINK = Link(
    path="/queue",
    words="Queue",
    purpose="Look at flagged uploads, one at a time, and decide.",
    permission=Permission.QUEUE,
    key="Q",
)
# A page that nobody touches keeps its review for a few turns of the timer, and not for ever.
MOST_RENEWALS = 6


def queue_area(desk: QueueDesk) -> Area:
    routes = APIRouter(include_in_schema=False)
    _taking(routes, desk)
    _holding(routes, desk)
    _deciding(routes, desk)

    async def waits(caller: Caller) -> str | None:
        queues = await desk.queues(caller)
        jobs = sum(queue.jobs for queue in queues)
        late = any(queue.due is not None and queue.due <= desk.now() for queue in queues)
        told = f"{jobs} open, the earliest deadline is past" if late else f"{jobs} open"
        return told if jobs else None

    return Area(routes=routes, links=[replace(LINK, waits=waits)])


def _taking(routes: APIRouter, desk: QueueDesk) -> None:
    @routes.get("/queue")
    async def waiting(request: Request, caller: Looker, empty: bool = False) -> Response:
        queues = await desk.queues(caller)
        return page(request, "queue/waiting.html", queues=queues, now=desk.now(), empty=empty)

    @routes.post("/queue/next")
    async def take(request: Request, caller: Looker) -> Response:
        queue = (await read_form(request)).one("queue") if is_form(request) else ""
        with said_in_words():
            check_text(queue, longest=255)
        job = await desk.next(caller, queue=queue or None)
        return go_on(request, f"/queue/{job.job_id}" if job else "/queue?empty=true")

    @routes.get("/queue/{job_id}")
    async def look(
        request: Request,
        job_id: Id,
        caller: Looker,
        impression: Annotated[Impression | None, Query()] = None,
    ) -> Response:
        job = await desk.job(caller, job_id)
        if not job.is_held_by(caller.somebody.person_id, desk.now()):
            return page(request, "queue/not_held.html", status=409)
        scores = impression is not None or not desk.impression_first
        return page(
            request,
            "queue/job.html",
            job=job,
            shown=await desk.evidence.of_job(caller, job, scores=scores),
            past=await desk.past(caller, job) if scores else None,
            shower="review",
            reasons=list(desk.reasons.values()),
            impressions=list(Impression),
            impression=impression,
            uphold=usual_action(DecisionKind.UPHOLD, job.action),
            overturn=usual_action(DecisionKind.OVERTURN, job.action),
            token=uuid4().hex,
            times=0,
            every=desk.renew_every,
        )


def _holding(routes: APIRouter, desk: QueueDesk) -> None:
    @routes.post("/queue/{job_id}/renew")
    async def renew(request: Request, job_id: Id, caller: Looker) -> Response:
        """Answer with the part of the page that asks again by itself, a few times."""
        sent = await read_form(request)
        await desk.job(caller, job_id)
        try:
            job = await desk.queue.renew(job_id, caller.somebody.person_id)
        except NotHeld:
            return page(request, "queue/_lost.html")
        said = sent.one("times")
        times = int(said[:3]) + 1 if said.isdecimal() else MOST_RENEWALS
        template = "queue/_lock.html" if times < MOST_RENEWALS else "queue/_asleep.html"
        return page(request, template, job=job, times=times, every=desk.renew_every)

    @routes.post("/queue/{job_id}/release")
    async def release(request: Request, job_id: Id, caller: Looker) -> Response:
        await desk.job(caller, job_id)
        with said_in_words():
            await desk.queue.release(job_id, caller.somebody.person_id)
        return go_on(request, "/queue")

    @routes.post("/queue/{job_id}/skip")
    async def skip(request: Request, job_id: Id, caller: Looker) -> Response:
        sent = await read_form(request)
        await desk.job(caller, job_id)
        with said_in_words():
            person_id = caller.somebody.person_id
            await desk.queue.release(job_id, person_id, skipping=sent.one("why"))
        return go_on(request, "/queue")


def _deciding(routes: APIRouter, desk: QueueDesk) -> None:
    @routes.post("/queue/{job_id}/decide")
    async def decide(request: Request, job_id: Id, caller: Decider) -> Response:
        await desk.job(caller, job_id)
        ruling = ruling_of(await read_form(request), impression_first=desk.impression_first)
        with said_in_words():
            made = await desk.decisions.decide(job_id, caller.somebody.person_id, ruling)
        return go_on(request, f"/queue/{job_id}/decided?decision={made.decision.decision_id}")

    @routes.get("/queue/{job_id}/decided")
    async def decided(request: Request, job_id: Id, caller: Decider, decision: str) -> Response:
        job = await desk.job(caller, job_id)
        made = await desk.decision(job, decision)
        if made.moderator != caller.somebody.person_id:
            raise Refused(404, "unknown_review", "there is no such review")
        undoable = job.decision_id == decision and desk.now() < made.effective_at
        return page(
            request,
            "queue/decided.html",
            job=job,
            made=made,
            undoable=undoable,
            token=uuid4().hex,
        )

    @routes.post("/queue/{job_id}/undo")
    async def undo(request: Request, job_id: Id, caller: Decider) -> Response:
        sent = await read_form(request)
        job = await desk.job(caller, job_id)
        made = await desk.decision(job, sent.one("decision"))
        mine = caller.somebody.person_id
        with said_in_words():
            await desk.decisions.undo(
                made.decision_id,
                mine,
                token=_token(sent.one("token")),
                lead=caller.may(Permission.UNDO_OTHERS),
            )
        own = made.moderator == mine
        return go_on(request, f"/queue/{job_id}" if own else f"/uploads/{job.upload_id}")


def _token(sent: str) -> str:
    """Raises: ValueError."""
    if not 0 < len(sent) <= 64 or not (sent.isascii() and sent.isprintable()):
        raise ValueError("the form is damaged; load the page again")
    return sent
