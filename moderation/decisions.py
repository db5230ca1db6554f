"""What a person decided, and the chain of hashes that every decision is a link of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from enum import StrEnum

from moderation.review import JobKind
from moderation.verdict import Action

LONGEST_NOTE = 2000
BEFORE_THE_FIRST = "0" * 64

# The upload, what names it or is derived from it, and the token that the decision's id hashes.
_SUBJECT = ("upload_id", "verdict_id", "job_id", "token")


class DecisionKind(StrEnum):
    """`undo` is never chosen for a job: it cancels a decision that has not taken effect."""

    UPHOLD = "uphold"
    OVERTURN = "overturn"
    ESCALATE = "escalate"
    NEED_SECOND_OPINION = "need_second_opinion"
    UNDO = "undo"

    @property
    def is_final(self) -> bool:
        return self in (DecisionKind.UPHOLD, DecisionKind.OVERTURN)


class Impression(StrEnum):
    """What a moderator thought of the media before any score was shown."""

    FORGED = "forged"
    GENUINE = "genuine"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a moderator hands in. `verdict_id` is the verdict that they looked at.

    `token` is the client's own: handed in twice, it is one decision. `action` chooses between
    `label` and `withhold` where a decision restricts; None leaves it to `moderation.deciding`.

    Raises:
        ValueError: it is no decision for a job, or a text is too long or holds what no
            database keeps.
    """

    kind: DecisionKind
    verdict_id: str
    reason: str
    token: str
    note: str = ""
    first_impression: Impression | None = None
    action: Action | None = None

    def __post_init__(self) -> None:
        if self.kind is DecisionKind.UNDO:
            raise ValueError("undo is no ruling")
        if (
            not 0 < len(self.token) <= 64
            or not self.token.isascii()
            or not self.token.isprintable()
        ):
            raise ValueError("token must have 1 to 64 ASCII characters")
        check_text(self.note, longest=LONGEST_NOTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided, by whom; append-only.

    `action` is what the platform is asked to do now, None where nothing is decided yet.
    The note itself is kept apart, so that it can be erased: here is only its salted hash.
    `about` is the decision that this one looks at again (an appeal, a second review),
    `cancels` the one that an undo cancels. `subject` is a salted hash of what it is about, see
    `sealed`; None in a decision that is no link yet.
    """

    decision_id: str
    tenant: str
    upload_id: str
    verdict_id: str
    job_id: str
    job_kind: JobKind
    blind: bool
    kind: DecisionKind
    reason: str
    moderator: str
    token: str
    made_at: datetime
    effective_at: datetime
    action: Action | None = None
    first_impression: Impression | None = None
    note_sha256: str | None = None
    about: str | None = None
    cancels: str | None = None
    subject: str | None = None
    subject_salt: str | None = None

    @property
    def is_told(self) -> bool:
        """Whether it says what stands from now on.

        Blind reviews and known items measure people; they change nothing by themselves.
        """
        return self.kind.is_final and not self.blind


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A decision in the chain of its tenant. `sequence` counts from 1 without a gap."""

    sequence: int
    previous: str
    digest: str
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the platform is told of a decision: nothing of who made it, and no note.

    `sequence` and `digest` are its place in the tenant's chain of decisions: whoever keeps
    them can prove later that the chain was not written anew.
    """

    decision_id: str
    tenant: str
    upload_id: str
    verdict_id: str
    kind: DecisionKind
    action: Action
    reason: str
    job_kind: JobKind
    about: str | None
    made_at: datetime
    effective_at: datetime
    sequence: int
    digest: str


def check_text(text: str, *, longest: int) -> None:
    """Raises: ValueError: it is too long, or holds U+0000 or half a surrogate pair."""
    if len(text) > longest:
        raise ValueError(f"a text must have at most {longest:,} characters")
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("a text holds a character that cannot be kept")


def note_digest(note: str, *, salt: str) -> str:
    """SHA-256 of salt and note: a note that was erased cannot be guessed from it."""
    return hashlib.sha256(f"{salt}:{note}".encode()).hexdigest()


def subject_of(decision: Decision, *, salt: str) -> str:
    """SHA-256 of salt and all that says which upload it is about, or that an id follows from."""
    told = [getattr(decision, name) for name in _SUBJECT]
    return hashlib.sha256(_canonical([salt, *told])).hexdigest()


def sealed(decision: Decision, *, salt: str) -> Decision:
    """The decision as the chain holds it: about its subject there is only a salted hash.

    So the upload can be erased, salt and all, and the link still proves what was decided,
    when and by whom.
    """
    return replace(decision, subject=subject_of(decision, salt=salt), subject_salt=salt)


def erased(decision: Decision) -> Decision:
    """What is left of a sealed decision when its upload is erased."""
    return replace(
        decision,
        upload_id="",
        verdict_id="",
        job_id="",
        token=decision.decision_id,
        subject_salt=None,
    )


def digest_of(decision: Decision, *, sequence: int, previous: str) -> str:
    """SHA-256 over the canonical JSON of the decision, its place and the digest before it.

    Canonical: keys sorted, no blanks, ASCII only, moments as ISO 8601 in UTC with
    microseconds. What is None is left out, so that a field that is added later changes no
    digest made before it; so is what the hash in `subject` stands for.
    """
    apart = () if decision.subject is None else (*_SUBJECT, "subject_salt")
    told = {
        field.name: _plain(getattr(decision, field.name))
        for field in fields(decision)
        if field.name not in apart
    }
    content = {name: value for name, value in told.items() if value is not None}
    return hashlib.sha256(
        _canonical(content | {"sequence": sequence, "previous": previous})
    ).hexdigest()


def link(decision: Decision, *, after: tuple[int, str] | None) -> Link:
    """Chain a decision to the last one, whose sequence and digest are given; None: it is first."""
    last, previous = after or (0, BEFORE_THE_FIRST)
    digest = digest_of(decision, sequence=last + 1, previous=previous)
    return Link(sequence=last + 1, previous=previous, digest=digest, decision=decision)


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Where a chain is broken first."""

    sequence: int
    what: str


def first_break(links: Iterable[Link], *, after: tuple[int, str] | None = None) -> Break | None:
    """Walk links in their order and find the first that does not follow from those before it."""
    last, previous = after or (0, BEFORE_THE_FIRST)
    for one in links:
        if one.sequence != last + 1:
            return Break(sequence=last + 1, what=f"missing: the next one is {one.sequence}")
        if one.previous != previous:
            return Break(sequence=one.sequence, what="does not name the digest before it")
        if digest_of(one.decision, sequence=one.sequence, previous=previous) != one.digest:
            return Break(sequence=one.sequence, what="its content is not what was hashed")
        if not _is_about_its_subject(one.decision):
            return Break(sequence=one.sequence, what="it was about another upload")
        last, previous = one.sequence, one.digest
    return None


def outcome(one: Link) -> Outcome:
    """What is told of a decision. Raises: ValueError: it is one that nobody is told of."""
    decision = one.decision
    if not decision.is_told or decision.action is None:
        raise ValueError(f"decision {decision.decision_id} is not told")
    return Outcome(
        decision_id=decision.decision_id,
        tenant=decision.tenant,
        upload_id=decision.upload_id,
        verdict_id=decision.verdict_id,
        kind=decision.kind,
        action=decision.action,
        reason=decision.reason,
        job_kind=decision.job_kind,
        about=decision.about,
        made_at=decision.made_at,
        effective_at=decision.effective_at,
        sequence=one.sequence,
        digest=one.digest,
    )


def _is_about_its_subject(decision: Decision) -> bool:
    if decision.subject is None:
        return True  # its digest names the upload itself
    if decision.subject_salt is None:
        return decision == erased(decision)
    return subject_of(decision, salt=decision.subject_salt) == decision.subject


def _canonical(content: object) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value
