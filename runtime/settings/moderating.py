"""What people are asked, and how long anything is kept."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field

from runtime.settings.values import Duration, Section, Time
from streams.topics import WEEK


class Review(Section):
    """What people look at, and how long it may take."""

    reasons: Path | None = Field(
        None, description="file of the policy's reasons; the packaged one when unset"
    )
    flagged_within: Duration = Field(timedelta(hours=24), description="for a flagged upload")
    audited_within: Duration = Field(timedelta(days=7), description="for an audit sample")
    second_within: Duration = Field(timedelta(days=3), description="for a second review")
    appeal_within: Duration = Field(timedelta(days=7), description="for an appeal")
    lock: Duration = Field(
        timedelta(minutes=15), description="a job is with one person, until they ask again"
    )
    grace: Duration = Field(
        timedelta(minutes=1), description="a decision can be undone; then it takes effect"
    )
    audited: float = Field(0.005, ge=0, le=1, description="share of published uploads, at random")
    known: float = Field(
        0.02, ge=0, le=1, description="known items mixed in, for each flagged upload"
    )
    second: float = Field(
        0.05, ge=0, le=1, description="share of flagged uploads that a second person judges blindly"
    )
    impression_first: bool = Field(
        False, description="moderators say what they see before they are shown any score"
    )
    enact_every: Duration = Field(
        timedelta(seconds=5), description="between two looks for decisions that take effect"
    )
    countries: tuple[str, ...] = Field(
        (), description="where restrictions hold; the European Economic Area when unset"
    )
    terms_url: str = Field("", description="address of the terms, for statements of reasons")


class Erasure(Section):
    """Erasing what somebody asks for. `docs/erasure.md` explains it."""

    every: Duration = Field(timedelta(seconds=10), description="between two looks for requests")
    settle: Duration = Field(
        timedelta(hours=1),
        description="how long something of an upload may be on its way; then all is looked for "
        "again, and the proof written",
    )


class KeptFor(Section):
    """How long each part of an upload stays after its end."""

    media: Time = Field(timedelta(days=30), description="bytes as they were sent")
    packs: Time = Field(timedelta(days=210), description="crops, logits, embeddings")
    evidence: Time = Field(
        timedelta(days=210),
        description="names, addresses, words on the origin, looks, notes, comments, appeals' words",
    )
    verdicts: Time = Field(timedelta(days=1095), description="the upload and all its verdicts")


class Retention(KeptFor):
    """How long things stay after an upload's end; `keep`: until erased (`docs/erasure.md`)."""

    tenants: dict[str, KeptFor] = Field(
        {}, description='JSON: `{"TENANT": {"media": "P7D", "verdicts": "keep"}}`'
    )
    every: Duration = Field(timedelta(hours=1), description="between two looks for what is due")
    strays_after: Duration = Field(
        timedelta(days=8),
        gt=WEEK,
        description="objects of the media store that no upload has are removed at that age; "
        "longer than topics keep messages",
    )
