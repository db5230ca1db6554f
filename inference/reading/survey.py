"""Learns when a video's frames are shown: from its index, or by reading its packets through."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from inference.reading.ffmpeg import DAMAGE
from inference.reading.timeline import Timeline
from moderation.errors import UnreadableMedia

# A file up to this size is read through: it costs milliseconds, and packets do not lie
# where headers may. A larger one is believed when its index covers what it says is its length.
_READ_THROUGH_BYTES = 32 * 2**20
_INDEX_COVERS = 0.9

_ERRORS_BORNE = 16
_ASSUMED_RATE = 25.0
_MICROSECOND = 1e-6  # the unit of a container's duration

_Marks = list[tuple[int | None, bool]]  # per packet: its tick, and whether it is a key frame


def survey(source: InputContainer, stream: VideoStream, *, size_bytes: int) -> Timeline:
    """Say when the frames of a stream are shown.

    A source that was read through is at its end afterwards.

    Raises:
        UnreadableMedia: there is no frame.
    """
    tick_seconds = float(stream.time_base or 0) or 1.0 / _ASSUMED_RATE
    marks: _Marks = []
    if size_bytes > _READ_THROUGH_BYTES:
        marks = _from_index(source, stream, tick_seconds)
    if not marks:
        marks = [(_tick(packet), packet.is_keyframe) for packet in packets(source, stream)]
    if not marks:
        raise UnreadableMedia("the video holds no frame")
    return _timeline(marks, stream, tick_seconds)


def packets(source: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """Yield a stream's packets; damage between them is passed over."""
    errors = 0
    run = source.demux(stream)
    while errors < _ERRORS_BORNE:
        try:
            packet = next(run, None)
        except DAMAGE:
            errors += 1
            run = source.demux(stream)
            continue
        if packet is None:
            return
        if packet.size:
            yield packet


def _tick(packet: Packet[VideoStream]) -> int | None:
    return packet.dts if packet.pts is None else packet.pts


def _from_index(source: InputContainer, stream: VideoStream, tick_seconds: float) -> _Marks:
    """Read the index, or nothing when it ends long before the video does.

    Matroska's is only read by FFmpeg when somebody seeks.
    """
    declared = (source.duration or 0) * _MICROSECOND
    try:
        source.seek(source.duration or 0)
        source.seek(0)
    except DAMAGE:
        return []
    marks: _Marks = [
        (entry.timestamp, entry.is_keyframe)
        for entry in stream.index_entries
        if not entry.is_discard
    ]
    ticks = [tick for tick, _ in marks if tick is not None]
    if len(ticks) < 2 or (max(ticks) - min(ticks)) * tick_seconds < _INDEX_COVERS * declared:
        return []
    return marks


def _timeline(marks: _Marks, stream: VideoStream, tick_seconds: float) -> Timeline:
    """Order the marks; where most times are missing or repeated, count the frames instead."""
    ticks = np.unique(np.array([tick for tick, _ in marks if tick is not None], np.int64))
    keys = np.unique(np.array([tick for tick, is_key in marks if is_key and tick is not None]))
    if ticks.size * 2 < len(marks):
        gap = max(1, round(1.0 / (float(stream.guessed_rate or 0) or _ASSUMED_RATE) / tick_seconds))
        ticks = np.arange(len(marks), dtype=np.int64) * gap
        return Timeline(
            ticks=ticks, keys=ticks[:1], tick_seconds=tick_seconds, origin=0, counted=True
        )
    origin = ticks[0] if stream.start_time is None else max(ticks[0], stream.start_time)
    return Timeline(
        ticks=ticks,
        keys=keys.astype(np.int64) if keys.size else ticks[:1],
        tick_seconds=tick_seconds,
        origin=int(origin),
        declared_seconds=stream.duration and stream.duration * tick_seconds,
    )
