"""How uploads are looked at on their way."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from pydantic import Field

from runtime.settings.values import MEBIBYTE, Duration, Section


class Decoding(Section):
    """The sandboxed processes that decode media and find faces."""

    processes: int = Field(os.cpu_count() or 2, ge=1, le=256, description="at once")
    memory_bytes: int = Field(2048 * MEBIBYTE, ge=256 * MEBIBYTE, description="of one process")
    cpu: Duration = Field(timedelta(minutes=2), description="processor time for one upload")
    wall: Duration = Field(timedelta(minutes=3), description="time for one upload")
    uploads_per_process: int = Field(1000, ge=1, description="before it is replaced")


class Faces(Section):
    """How faces are found and kept."""

    frames: int = Field(32, ge=1, le=512, description="sampled over the whole length of a video")
    detector: Path | None = Field(
        None, description="a YuNet or SCRFD ONNX file; MTCNN from its package when unset"
    )
    smallest_face: int = Field(40, ge=12, le=1000, description="pixels, shorter side")
    crops_per_track: int = Field(16, ge=1, le=64, description="kept of one person")
    tracks: int = Field(8, ge=1, le=64, description="people kept of one upload")


class Provenance(Section):
    """What media say of their own origin: who may sign it, and what of it is kept."""

    trust_list: Path | None = Field(
        None,
        description="PEM file of authorities for signers; nobody is trusted when unset",
    )
    time_stamp_list: Path | None = Field(
        None,
        description="PEM file of authorities for time stamps; any is taken at its word when unset",
    )
    keep_places: bool = Field(False, description="GPS coordinates")
    keep_serial_numbers: bool = Field(False, description="of cameras and lenses")
    cpu: Duration = Field(timedelta(seconds=20), description="processor time for one upload")
    wall: Duration = Field(
        timedelta(seconds=30), description="time for one upload; beyond it nothing is known"
    )


class Stream(Section):
    """Windows, deadlines and patience of the hops."""

    extract_window: int = Field(8, ge=1, le=1000, description="uploads of a lane in hand")
    score_window: int = Field(32, ge=1, le=1000, description="uploads of a lane in hand")
    record_window: int = Field(16, ge=1, le=1000, description="uploads of a lane in hand")
    attempts: int = Field(40, ge=1, le=10_000, description="at a dependency, then a dead letter")
    live_deadline: Duration = Field(
        timedelta(minutes=10), description="a live upload without an end is announced again"
    )
    backfill_deadline: Duration = Field(
        timedelta(hours=24), description="a backfilled upload without an end is announced again"
    )
    announcements: int = Field(
        8, ge=1, le=100, description="of an upload; then it is given up, with a rejection"
    )
    reconcile_every: Duration = Field(timedelta(seconds=30), description="between two looks")
    stop_within: Duration = Field(timedelta(seconds=30), description="after SIGTERM")
    stuck_after: Duration = Field(
        timedelta(minutes=15),
        description="a partition with messages that does not move makes /healthz fail",
    )


class Golden(Section):
    """Known media that are sent through the stream time and again, to see whether it works."""

    media: Path | None = Field(None, description="folder of known media; none when unset")
    every: Duration = Field(timedelta(minutes=1), description="between two rounds")
    within: Duration = Field(timedelta(seconds=30), description="when a verdict is late")
    tolerance: float = Field(0.02, ge=0, le=1, description="by how much a probability may move")
