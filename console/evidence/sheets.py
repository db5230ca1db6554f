"""Crops side by side, one picture a person, and where the strongest of them lie in their frames.

Frames are not kept, so a sketch stands for one: its outline, the face's box, and the crop there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from inference.faces.crops import CROP_SIDE, MARGIN
from moderation.media import MediaFacts
from moderation.tracks import Box, Crop
from moderation.verdict import StrongFrame, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The crops of one person in the order of time, and as one picture from left to right."""

    track_id: int
    crops: tuple[Crop, ...]

    @property
    def width(self) -> int:
        return CROP_SIDE * len(self.crops)

    @property
    def places(self) -> dict[int, int]:
        """Where each crop begins in the picture, by its id."""
        return {crop.crop_id: CROP_SIDE * n for n, crop in enumerate(self.crops)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectangle:
    """A part of a frame, in its pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """A strong frame of `width` by `height` pixels: the face's `box`, and the `cut` of its crop.

    The crop begins at `crop_x` of the track's sheet of `sheet_width`; it was levelled, so where a
    head is tilted its edges differ from the frame's.
    """

    track_id: int
    frame: StrongFrame
    width: int
    height: int
    box: Rectangle
    cut: Rectangle
    crop_x: int
    sheet_width: int


def sheets(crops: Sequence[Crop]) -> tuple[Sheet, ...]:
    ordered = sorted(crops, key=lambda crop: (crop.track_id, crop.at_seconds, crop.crop_id))
    tracks = groupby(ordered, key=lambda crop: crop.track_id)
    return tuple(Sheet(track_id=track_id, crops=tuple(own)) for track_id, own in tracks)


def sketches(verdict: Verdict, of: Sequence[Sheet]) -> list[Sketch]:
    """The strongest frames of each track whose crops are kept."""
    if verdict.media is None:
        return []
    by_track = {sheet.track_id: sheet for sheet in of}
    return [
        _sketch(by_track[track.track_id], frame, verdict.media)
        for track in verdict.tracks
        for frame in track.strongest_frames
        if track.track_id in by_track and frame.crop_id in by_track[track.track_id].places
    ]


def rectangle(box: Box) -> Rectangle:
    left, top, right, bottom = (round(edge, 1) for edge in box)
    return Rectangle(x=left, y=top, width=round(right - left, 1), height=round(bottom - top, 1))


def _sketch(sheet: Sheet, frame: StrongFrame, media: MediaFacts) -> Sketch:
    return Sketch(
        track_id=sheet.track_id,
        frame=frame,
        width=media.width,
        height=media.height,
        box=rectangle(frame.box_xyxy),
        cut=cut_of(frame.box_xyxy),
        crop_x=sheet.places[frame.crop_id],
        sheet_width=sheet.width,
    )


def cut_of(box: Box) -> Rectangle:
    """The square that a crop shows, as `inference.faces.crops.align` takes it."""
    left, top, right, bottom = box
    side = MARGIN * max(right - left, bottom - top, 1.0)
    x, y = (left + right - side) / 2, (top + bottom - side) / 2
    return Rectangle(x=round(x, 1), y=round(y, 1), width=round(side, 1), height=round(side, 1))
