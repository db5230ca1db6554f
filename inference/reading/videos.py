"""Reads the frames of a video as they are wanted, without holding more than one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import BinaryIO

from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from inference.reading.ffmpeg import guarded, opened
from inference.reading.frames import DecodingLimits, Frame, Reading
from inference.reading.playback import Playback
from inference.reading.shown import as_shown
from inference.reading.survey import survey
from inference.reading.timeline import Plan, Timeline, plan
from moderation.errors import MediaTooLarge, UnreadableMedia
from moderation.media import Container, MediaKind

# Headers and frames may differ by a few frames' length; more is missing.
_MISSING_BORNE = 0.1


def read_video(
    file: BinaryIO, container: Container, limits: DecodingLimits
) -> tuple[Reading, Iterator[Frame]]:
    """Open a video, and yield frames spread over its whole length, in the order of time.

    Some come in bursts of close ones. A video of up to some hundred frames is decoded
    through; of a longer one only what leads to the frames wanted, mostly a key frame and
    for a burst what follows it. Frames have the video's own size
    (as shown), never a reduced one.

    Raises:
        NoVideoStream: sound only, or cover art only.
        MediaTooLarge: more pixels or seconds than the limits.
        UnsupportedMedia: no decoder for its codec.
        UnreadableMedia: damaged. Taking the frames raises it as well, when nothing decodes.
    """
    size_bytes = file.seek(0, os.SEEK_END)
    with (
        opened(file, container, pixels=limits.pixels, threads=1) as (source, stream),
        guarded(),
    ):
        timeline = survey(source, stream, size_bytes=size_bytes)
        codec = stream.codec.canonical_name
    reading = Reading(kind=MediaKind.VIDEO, codec=codec)
    _measure(timeline, reading, limits)
    steps = plan(timeline, frames=limits.frames)
    if container is Container.AVI and steps.through:
        # AVI has no presentation times: where frames are reordered, their order is all there is.
        timeline = replace(timeline, counted=True)
    return reading, _frames(file, container, timeline, steps, reading, limits)


def _measure(timeline: Timeline, reading: Reading, limits: DecodingLimits) -> None:
    """Enter the video's length, and hold it against the limit and what the header declares.

    Raises:
        MediaTooLarge: longer than `limits.seconds`.
    """
    seconds = timeline.span_seconds
    if timeline.counted:
        reading.warn("timestamps_missing")
    if timeline.is_uneven:
        reading.warn("timestamps_uneven")
        seconds = seconds if seconds <= limits.seconds else timeline.usual_length_seconds
    if seconds > limits.seconds:
        raise MediaTooLarge(f"{seconds:.0f} seconds")
    reading.duration_seconds = seconds
    if timeline.missing_share > _MISSING_BORNE:
        reading.warn("truncated")
        reading.frames_failed = round(limits.frames * timeline.missing_share)


def _frames(
    file: BinaryIO,
    container: Container,
    timeline: Timeline,
    steps: Plan,
    reading: Reading,
    limits: DecodingLimits,
) -> Iterator[Frame]:
    with opened(file, container, pixels=limits.pixels, threads=limits.threads) as (source, stream):
        playback = Playback(source, stream, timeline, steps, decoded_pixels=limits.decoded_pixels)
        reformatter = VideoReformatter()
        for tick, decoded in _taken(playback.take(step) for step in steps.steps):
            with guarded():
                pixels = as_shown(decoded, stream.sample_aspect_ratio, reformatter)
            at_seconds = max(0.0, (tick - timeline.origin) * timeline.tick_seconds)
            yield reading.count(Frame(at_seconds=at_seconds, pixels=pixels))
        if playback.cut_short:
            reading.warn("sampling_cut_short")
        if playback.damaged:
            reading.warn("damaged")
    reading.frames_failed += steps.frames - reading.frames_sampled
    if not reading.frames_sampled:
        raise UnreadableMedia


def _taken(
    takes: Iterable[Iterator[tuple[int, VideoFrame]]],
) -> Iterator[tuple[int, VideoFrame]]:
    """Take after take, with foreign errors translated, but only those of decoding."""
    frames = chain.from_iterable(takes)
    while True:
        with guarded():
            taken = next(frames, None)
        if taken is None:
            return
        yield taken
