"""What people decided about an upload, told to one of them without what would bias them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.identity.callers import Caller
from console.names import names_for
from moderation.decisions import Decision, DecisionKind
from moderation.people import Permission
from moderation.review import OPEN, JobKind, is_veiled
from storage.accounts.ports import People
from storage.reviews.ports import ReviewHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A decision, by whom in words, its note, and whether the caller may still take it back."""

    decision: Decision
    by: str
    note: str | None
    undoable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """`standing` is what is in force beside the verdict."""

    told: tuple[Told, ...]
    standing: Decision | None


def is_hidden(history: ReviewHistory, caller: Caller, now: datetime) -> bool:
    """Whether what was decided is kept from somebody who may be asked about it themselves.

    It is before they take the review, too: else they could look first. Leads see it unless
    they hold such a review.
    """
    asked = [job for job in history.jobs if is_veiled(job) and job.state in OPEN]
    if any(job.is_held_by(caller.somebody.person_id, now) for job in asked):
        return True
    return bool(asked) and may_be_asked(caller)


def may_be_asked(caller: Caller) -> bool:
    """Whether somebody judges, and does not lead those who do."""
    return caller.may(Permission.DECIDE) and not caller.may(Permission.AGREEMENT)


async def past_of(history: ReviewHistory, caller: Caller, people: People, now: datetime) -> Past:
    """Leads see names, all others pseudonyms; others' answers to known items stay hidden."""
    mine = caller.somebody.person_id
    every = caller.may(Permission.KNOWN_ITEMS)
    cancelled = {kept.link.decision.cancels for kept in history.decisions}
    names = names_for(caller, people)
    told: list[Told] = []
    for kept in history.decisions:
        decision = kept.link.decision
        if decision.job_kind is JobKind.KNOWN_ITEM and decision.moderator != mine and not every:
            continue
        told.append(
            Told(
                decision=decision,
                by=await names.of(decision.moderator),
                note=kept.note if caller.may(Permission.DECIDE) else None,
                undoable=(
                    decision.kind is not DecisionKind.UNDO
                    and decision.decision_id not in cancelled
                    and now < decision.effective_at
                    and (decision.moderator == mine or caller.may(Permission.UNDO_OTHERS))
                ),
            )
        )
    return Past(told=tuple(told), standing=history.standing)
