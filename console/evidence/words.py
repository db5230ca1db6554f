"""Labels, actions, decisions and jobs as a moderator would say them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from console.evidence.sheets import rectangle
from console.evidence.strips import height_of
from console.evidence.viewing import veil
from moderation.decisions import DecisionKind
from moderation.errors import MediaRejected
from moderation.origin_wording import origin_in_words
from moderation.reasons import PolicyReason
from moderation.review import JobKind
from moderation.verdict import Action, Label
from moderation.wording import in_words, two_digits


def _sentence(words: str | None) -> str:
    """The first line of a docstring, as it goes on in a sentence."""
    line = (words or "").partition("\n")[0].rstrip(".")
    return line[:1].lower() + line[1:]


LABELS: Mapping[Label, str] = {
    Label.FAKE: "forged, the detectors say",
    Label.SUSPECT: "may be forged",
    Label.CLEAR: "not enough evidence of forgery",
    Label.UNKNOWN: "cannot be told",
    Label.NO_FACE: "no face in it",
    Label.REJECTED: "could not be judged",
}
ACTIONS: Mapping[Action, str] = {
    Action.PUBLISH: "publish it",
    Action.LABEL: "label it",
    Action.REVIEW: "let a person look: it may be forged",
    Action.WITHHOLD: "withhold it",
}
# By the reason that a rejection gives: an error's docstring is its message.
REJECTIONS: Mapping[str, str] = {
    **{error.reason: _sentence(error.__doc__) for error in MediaRejected.__subclasses__()},
    "gave_up": "it could not be judged in time",
}
DECISIONS: Mapping[DecisionKind, str] = {
    DecisionKind.UPHOLD: "upheld",
    DecisionKind.OVERTURN: "overturned",
    DecisionKind.ESCALATE: "escalated",
    DecisionKind.NEED_SECOND_OPINION: "asked for a second opinion",
    DecisionKind.UNDO: "took a decision back",
}

# Flagged uploads, known items and audit samples are one thing to who looks: knowing which would
# bias them.
_JOBS: Mapping[JobKind, str] = {
    JobKind.SECOND_REVIEW: "second review",
    JobKind.APPEAL: "appeal",
}


def job_in_words(kind: JobKind) -> str:
    return _JOBS.get(kind, "review")


def reason_in_words(reason: str) -> str:
    """A reason of a verdict, or of a rejection."""
    return REJECTIONS.get(reason) or in_words(reason)


def tone(label: Label) -> str:
    """The class that a label's tag has."""
    tones = {Label.FAKE: "bad", Label.SUSPECT: "warn", Label.UNKNOWN: "warn", Label.CLEAR: "good"}
    return tones.get(label, "")


def percent(probability: float | None) -> str:
    """Whole per cent, cut so as not to look like a threshold that it did not reach.

    Never 0 or 100: a detector is not certain.
    """
    if probability is None:
        return "-"
    hundredths = int(two_digits(probability).replace(".", ""))
    return f"{min(max(hundredths, 1), 99)} %"


def seconds(at: float) -> str:
    """A time along the time line: minutes, seconds and tenths."""
    minutes, rest = divmod(round(at, 1), 60)
    return f"{int(minutes)}:{rest:04.1f}"


def place(at: float) -> str:
    """The place of one frame, to the hundredth: several of a track may lie in a tenth."""
    minutes, rest = divmod(round(at, 2), 60)
    return f"{int(minutes)}:{rest:05.2f}"


def filters(reasons: Mapping[str, PolicyReason]) -> dict[str, Callable[..., object]]:
    """What the templates of evidence and of the queue say things with."""

    def policy_words(key: str) -> str:
        return reasons[key].words if key in reasons else key.replace("_", " ")

    return {
        "label_words": LABELS.__getitem__,
        "action_words": ACTIONS.__getitem__,
        "decision_words": DECISIONS.__getitem__,
        "job_words": job_in_words,
        "reason_words": reason_in_words,
        "policy_words": policy_words,
        "origin_words": origin_in_words,
        "tone": tone,
        "percent": percent,
        "seconds": seconds,
        "place": place,
        "height": height_of,
        "rectangle": rectangle,
        "veil": veil,
    }
