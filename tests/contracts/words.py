"""Builders of what the storage contracts speak of; a test names only what it cares about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from moderation.lineage import Lineage, ModelIdentity
from moderation.upload import Lane, Upload
from moderation.verdict import Action, Label, Reason, StrongFrame, TrackVerdict, Verdict
from storage.looks.ports import LookAlikes, LookKeeping
from storage.ports import DeadLetter, DeadLetters, Ledger, OpenUploads, OutboundMessage, Outbox

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Looks(LookAlikes, LookKeeping, Protocol):
    """Both of the looks' ports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The ports over one database, or over memory. `clock` moves what they take for now."""

    ledger: Ledger
    open_uploads: OpenUploads
    outbox: Outbox
    dead_letters: DeadLetters
    looks: Looks
    clock: Clock


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def an_upload(upload_id: str = "u1", **changes: object) -> Upload:
    upload = Upload(
        upload_id=upload_id,
        tenant="acme",
        lane=Lane.LIVE,
        uri=f"store:///uploads/{upload_id}",
        announced_at=NOON,
        file_name="holiday.mp4",
    )
    return replace(upload, **changes)


def a_lineage(policy: str = "strict") -> Lineage:
    return Lineage(
        pipeline="1",
        preprocessing="112px",
        policy_name=policy,
        policy_sha256="ab" * 32,
        model=ModelIdentity(name="faces", version="3", sha256="cd" * 32),
        calibration="temperature-1.7",
    )


def a_verdict(upload_id: str = "u1", *, policy: str = "strict", **changes: object) -> Verdict:
    verdict = Verdict(
        verdict_id=f"{upload_id}-{policy}",
        upload_id=upload_id,
        tenant="acme",
        label=Label.FAKE,
        action=Action.WITHHOLD,
        fake_probability=0.9,
        reasons=(Reason.NEAR_THRESHOLD,),
        lineage=a_lineage(policy),
        announced_at=NOON,
        decided_at=NOON + SECOND,
        tracks=(a_track(0), a_track(1)),
        face_pack=f"faces/{upload_id}",
    )
    return replace(verdict, **changes)


def a_track(track_id: int) -> TrackVerdict:
    return TrackVerdict(
        track_id=track_id,
        first_seconds=0.5,
        last_seconds=2.25,
        crops_judged=4,
        label=Label.FAKE,
        fake_probability=0.9,
        strongest_frames=(
            StrongFrame(
                crop_id=1, at_seconds=0.75, box_xyxy=(1.0, 2.0, 30.5, 40.0), fake_probability=0.97
            ),
        ),
        family_probabilities={"manipulated": 0.95, "generated": 0.125},
    )


def a_message(key: str = "u1", **changes: object) -> OutboundMessage:
    message = OutboundMessage(
        topic="verdicts", key=key, value=b'{"a": 1}\x00\xff', headers={"ce_id": b"\x00\xfe"}
    )
    return replace(message, **changes)


def a_letter(offset: int = 7, **changes: object) -> DeadLetter:
    letter = DeadLetter(
        origin_topic="faces",
        origin_partition=2,
        origin_offset=offset,
        key=b"\xffu1",
        value=b"\x00not json",
        headers={"traceparent": b"00-\xff"},
        fault="Inconsistent",
        reason="UnparsableMessage",
        detail="no field upload_id",
        attempts=1,
        trace="Traceback …",
        failed_at=NOON,
    )
    return replace(letter, **changes)
