"""A decision as a form hands it in, and refusals in words that say what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from console.faults import Refused, status_of
from console.forms import Form
from moderation.decisions import DecisionKind, Impression, Ruling
from moderation.errors import (
    NotHeld,
    NotYours,
    ReviewRefused,
    TokenReused,
    UndoTooLate,
    UnfitRuling,
    UnknownReview,
    VerdictChanged,
)
from moderation.verdict import Action

# Beside each: what somebody can do about it who stands before the page.
_SAID: Mapping[type[ReviewRefused], str] = {
    UnknownReview: "there is no such review",
    NotHeld: "this review is not with you any more; take the next one from the queue",
    VerdictChanged: (
        "a newer verdict came while you looked: load the page again, look again, then decide"
    ),
    TokenReused: "another decision was made from this form; load the page again",
    UndoTooLate: "it has taken effect, or was undone before: it cannot be taken back now",
    NotYours: "only who decided, or a lead, may take a decision back",
}


@contextmanager
def said_in_words() -> Iterator[None]:
    """Raises: Refused, for every error of a review."""
    try:
        yield
    except ReviewRefused as error:
        raise Refused(status_of(error), error.reason, _words(error)) from error
    except ValueError as error:
        raise Refused(422, "bad_request", str(error)) from error


def _words(error: ReviewRefused) -> str:
    if isinstance(error, UnfitRuling):
        return f"{error}: choose another reason, or action"
    return _SAID.get(type(error), str(error))


def ruling_of(sent: Form, *, impression_first: bool) -> Ruling:
    """What the form decides.

    Raises:
        Refused: something is missing, or is none of what may be chosen (422).
    """
    impression, action = sent.one("impression"), sent.one("action")
    if impression_first and not impression:
        raise Refused(422, "bad_request", "say first what you saw, before the scores")
    if not sent.one("reason"):
        raise Refused(422, "bad_request", "choose a reason of the policy")
    with said_in_words():
        return Ruling(
            kind=DecisionKind(sent.one("kind")),
            verdict_id=sent.one("verdict"),
            reason=sent.one("reason"),
            token=sent.one("token"),
            note=sent.one("note"),
            first_impression=Impression(impression) if impression else None,
            action=Action(action) if action else None,
        )
