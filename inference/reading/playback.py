"""Moves through an opened video: to a key frame, or onwards until a moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from inference.reading.ffmpeg import DAMAGE
from inference.reading.survey import packets
from inference.reading.timeline import Plan, Step, Timeline

_PACKETS_TO_A_KEY = 64


class Playback:
    """Takes the steps of a plan, in their order.

    `decoded_pixels` bounds what may be decoded on the way. `damaged` says that packets
    or frames were passed over, `cut_short` that the bound was met.
    """

    def __init__(
        self,
        source: InputContainer,
        stream: VideoStream,
        timeline: Timeline,
        plan: Plan,
        *,
        decoded_pixels: int,
    ) -> None:
        self._source, self._stream = source, stream
        self._timeline, self._plan = timeline, plan
        self._pixels_left = decoded_pixels
        self._tick = int(timeline.keys[0])  # of the frame that came last
        self._frames = self._decoded()
        self._count = 0
        self._wanted = self._tick  # packets shown from then on are decoded, whoever needs them
        self._drained = False
        self.damaged = False
        self.cut_short = False

    def take(self, step: Step) -> Iterator[tuple[int, VideoFrame]]:
        """Reach a step and yield its frames; none when the first does not decode.

        A tick is the frame's own.
        """
        taken = self._first(step)
        for at in step.then:
            if taken is None:
                return
            yield taken
            taken = self._next(at)
        if taken is not None:
            yield taken

    def _first(self, step: Step) -> tuple[int, VideoFrame] | None:
        if self.cut_short:
            return None
        alone = step.at == step.key and not step.then
        if alone and not self._plan.through:
            return self._key_frame(step.key) or self._onwards(step)
        return self._onwards(step)

    def _onwards(self, step: Step) -> tuple[int, VideoFrame] | None:
        """Decode until the step's time, from its key frame unless that is behind already."""
        thorough = self._plan.through or self._timeline.counted
        if self._drained or (step.key > self._tick and not thorough):
            self._seek(step.key)
        elif self._tick > step.at + self._plan.tolerance:
            return None
        return self._next(step.at)

    def _next(self, at: int) -> tuple[int, VideoFrame] | None:
        """Decode on until a tick."""
        self._wanted = at
        for tick, frame in self._frames:
            self._tick = tick
            if tick >= at:
                return tick, frame
        return None

    def _key_frame(self, key: int) -> tuple[int, VideoFrame] | None:
        """Decode a key frame alone; draining the decoder makes it come out at once."""
        self._stream.codec_context.skip_frame = "NONKEY"
        self._seek(key)
        self._drained = True
        for _, packet in zip(
            range(_PACKETS_TO_A_KEY), packets(self._source, self._stream), strict=False
        ):
            if not packet.is_keyframe:
                continue
            for tick, frame in self._counted([*self._decode(packet), *self._decode(None)]):
                self._tick = tick
                return tick, frame
            return None
        return None

    def _seek(self, key: int) -> None:
        self._drained = False
        try:
            self._source.seek(key, stream=self._stream)
        except DAMAGE:
            self.damaged = True
        self._tick = key
        self._frames = self._decoded()

    def _decoded(self) -> Iterator[tuple[int, VideoFrame]]:
        for packet in packets(self._source, self._stream):
            self._stream.codec_context.skip_frame = self._skipped(packet)
            yield from self._counted(self._decode(packet))
            if self.cut_short:
                return
        yield from self._counted(self._decode(None))

    def _skipped(self, packet: av.Packet[VideoStream]) -> Literal["NONREF", "DEFAULT"]:
        """Which frames the decoder passes over.

        In a long video one before the wanted ones that no other needs, which halves the cost.
        """
        before = packet.pts is not None and packet.pts < self._wanted
        thorough = self._plan.through or self._timeline.counted
        return "NONREF" if before and not thorough else "DEFAULT"

    def _decode(self, packet: av.Packet[VideoStream] | None) -> list[VideoFrame]:
        try:
            return self._stream.decode(packet)
        except DAMAGE:
            self.damaged = self.damaged or packet is not None
            return []

    def _counted(self, frames: list[VideoFrame]) -> Iterator[tuple[int, VideoFrame]]:
        """Give each frame its tick, and pass over those the decoder calls damaged."""
        for frame in frames:
            self._pixels_left -= frame.width * frame.height
            self.cut_short = self._pixels_left <= 0
            number, self._count = self._count, self._count + 1
            if frame.is_corrupt:
                self.damaged = True
                continue
            ticks = self._timeline.ticks
            if self._timeline.counted:
                yield int(ticks[min(number, ticks.size - 1)]), frame
            elif frame.pts is not None:
                yield frame.pts, frame
