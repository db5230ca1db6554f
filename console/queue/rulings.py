"""A decision as a form hands it in, and refusals in words that say what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from console.faults import Refused
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
_SAID: Mapping[type[ReviewRefused], tuple[int, str]] = {
    UnknownReview: (404, "there is no such review"),
    NotHeld: (409, "this review is not with you any more; take the next one from the queue"),
    VerdictChanged: (
        409,
        "a newer verdict came while you looked: load the page again, look again, then decide",
    ),
    TokenReused: (409, "another decision was made from this form; load the page again"),
    UndoTooLate: (409, "it has taken effect, or was undone before: it cannot be taken back now"),
    NotYours: (403, "only who decided, or a lead, may take a decision back"),
}


@contextmanager
def said_in_words() -> Iterator[None]:
    """Raises: Refused, for every error of a review."""
    try:
        yield
    except UnfitRuling as error:
        raise Refused(409, error.reason, f"{error}: choose another reason, or action") from error
    except ReviewRefused as error:
        status, words = _SAID.get(type(error), (409, str(error)))
        raise Refused(status, error.reason, words) from error
    except ValueError as error:
        raise Refused(422, "bad_request", str(error)) from error


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
