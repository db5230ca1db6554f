"""Every error of Veriscope on one screen; whose fault it is decides what happens next.

The class docstring is the message an operator reads when none is given.
"""

from __future__ import annotations

from typing import ClassVar


class ModerationError(Exception):
    """Something went wrong in Veriscope."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or (type(self).__doc__ or "").strip().splitlines()[0])

    @property
    def detail(self) -> str:
        return str(self)


# The upload's fault: never retried, told to the uploader with a machine-readable reason.


class MediaRejected(ModerationError):
    """The upload cannot be judged."""

    reason: ClassVar[str] = "rejected"


class EmptyMedia(MediaRejected):
    """The upload holds no bytes."""

    reason = "empty"


class UnreadableMedia(MediaRejected):
    """The media is damaged: too little of it can be read."""

    reason = "unreadable"


class UnsupportedMedia(MediaRejected):
    """The bytes are of no kind that is judged here."""

    reason = "unsupported_kind"


class NoVideoStream(MediaRejected):
    """The container holds no video stream."""

    reason = "no_video_stream"


class MediaTooLarge(MediaRejected):
    """The media exceeds a limit in bytes, pixels or seconds."""

    reason = "too_large"


class DecodingExceeded(MediaRejected):
    """Decoding needed more memory or time than an upload may cost."""

    reason = "decoding_exceeded_limits"


class ForbiddenSource(MediaRejected):
    """The address of the media is one that may not be fetched."""

    reason = "forbidden_source"


class MissingMedia(MediaRejected):
    """There is nothing at the address of the media."""

    reason = "not_found"


class SourceTimedOut(MediaRejected):
    """The source of the media did not deliver in time."""

    reason = "source_timed_out"


# A dependency's fault: retried with back-off, then dead-lettered.


class Unavailable(ModerationError):
    """A part that Veriscope depends on does not answer."""


class SourceUnavailable(Unavailable):
    """The server that holds the media fails; it may recover."""


class MediaStoreUnavailable(Unavailable):
    """The media store cannot be reached, or is full."""


class DecoderUnavailable(Unavailable):
    """No decoder process can be started."""


class ScorerUnavailable(Unavailable):
    """The inference server does not answer, or answers nonsense."""


class LedgerUnavailable(Unavailable):
    """The database cannot be reached, or refuses to write."""


class LedgerContended(LedgerUnavailable):
    """The database gave up on waiting for what another transaction writes."""


class BrokerUnavailable(Unavailable):
    """The Kafka broker cannot be reached."""


class PartUnavailable(Unavailable):
    """A part that is to run beside Veriscope cannot be started here."""


class ApiUnavailable(Unavailable):
    """No Veriscope answers at this address."""


class ProviderUnavailable(Unavailable):
    """The OpenID Connect provider does not answer, or answers nonsense."""


class TurnLost(Unavailable):
    """Another process took over work that took longer than this one's turn."""


class Superseded(Unavailable):
    """Another verdict became current in the meantime; reading again resolves it."""


# The reviewer's or the uploader's: told to them with a machine-readable reason; nothing changes.


class ReviewRefused(ModerationError):
    """This may not be done with the review."""

    reason: ClassVar[str] = "refused"


class UnknownReview(ReviewRefused):
    """No review, or no decision, of that id is kept."""

    reason = "unknown_review"


class NotHeld(ReviewRefused):
    """The review is not locked by who asks, or not any more."""

    reason = "not_held"


class VerdictChanged(ReviewRefused):
    """A newer verdict took the place of the one that was looked at."""

    reason = "verdict_changed"


class UnfitRuling(ReviewRefused):
    """The policy reason, or the action, does not fit the decision."""

    reason = "unfit_ruling"


class TokenReused(ReviewRefused):
    """The token stands for another decision already."""

    reason = "token_reused"


class UndoTooLate(ReviewRefused):
    """The decision has taken effect, or was undone before."""

    reason = "undo_too_late"


class NotYours(ReviewRefused):
    """Only who decided, or a lead, may undo a decision."""

    reason = "not_yours"


class NothingToAppeal(ReviewRefused):
    """Nothing is restricted that could be appealed, or an appeal ended it already."""

    reason = "nothing_to_appeal"


class AppealOpen(ReviewRefused):
    """An appeal waits for its decision already, and says something else."""

    reason = "appeal_open"


class NothingToReopen(ReviewRefused):
    """No decision about the upload has taken effect that was not opened again already."""

    reason = "nothing_to_reopen"


class UnfitKnownItem(ReviewRefused):
    """Its verdict asks nobody to look: among flagged uploads it would stand out."""

    reason = "unfit_known_item"


# The administrator's: told to them, with a machine-readable reason, and nothing changes.


class AccountRefused(ModerationError):
    """This may not be done with the account."""

    reason: ClassVar[str] = "refused"


class UnknownPerson(AccountRefused):
    """Nobody has this id."""

    reason = "unknown_person"


class NameTaken(AccountRefused):
    """Somebody has this name already."""

    reason = "name_taken"


class LastAdmin(AccountRefused):
    """Nobody would be left to let others in."""

    reason = "last_admin"


# Ours: never retried, dead-lettered, pages someone.


class Inconsistent(ModerationError):
    """Veriscope contradicts itself: this is a defect."""


class UnparsableMessage(Inconsistent):
    """A message on a topic does not follow its schema."""


class UnpublishableMessage(Inconsistent):
    """The broker refuses a message for good: it is too large, or its topic is none."""


class MissingPack(Inconsistent):
    """A face pack that a message refers to is not in the media store, or is damaged."""


class ScorerMismatch(Inconsistent):
    """The inference server refuses what is sent, or serves another model than configured."""


class UnknownUpload(Inconsistent):
    """No upload of that id is in the ledger."""


class UploadErased(UnknownUpload):
    """The upload was erased, and does not come back."""


# The operator's: refuses to start, in one line.


class InvalidConfiguration(ModerationError):
    """A setting or a policy is wrong; nothing was started."""
