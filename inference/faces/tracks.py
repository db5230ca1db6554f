"""Follows each person's face through sampled frames, and keeps the crops that say most.

Sampled frames may lie seconds apart, so overlap alone does not tell who is who: place, size and
the look of the aligned crop count together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.faces.boxes import Boxes, iou
from inference.faces.choosing import Sighting, choose
from inference.faces.crops import align, measure
from inference.faces.shots import ShotBoundaries
from inference.ports import FaceDetector
from inference.reading.bursts import are_close
from moderation.tracks import Crop, Face, Track

# See `_cost`: at the same place looks may agree by 0.74 only, four faces away by 0.92.
_FARTHEST = 1.0
# A face not seen at so many sampled moments, or for so many seconds, starts a new track.
_MOMENTS_AWAY, _SECONDS_AWAY = 3, 10.0
# Faces larger than the rest come first; a crowd beyond this is not followed.
_MOST_FACES = 32
_MOST_TRACKS = 64
# Frames further apart than this are all searched, others at most twice this apart: whoever is on
# screen for a second beside people already followed is seen by a search. Looking near takes a tenth
# of one or less.
_SEARCH_EVERY_SECONDS = 0.5
# Of what MTCNN took for a face in one frame only of 17 clips three scored over 0.94, four under
# 0.83; a collar in `samples/portrait.mp4` 0.80.
_SURE_OF_ONE_FRAME = 0.9


@runtime_checkable
class LooksAgain(Protocol):
    """A detector that can also find faces near where they just were, at less cost."""

    def look_again(self, frame: NDArray[np.uint8], near: Boxes) -> list[Face]: ...


@dataclass(slots=True, kw_only=True)
class _Trail:
    """A track that is still growing."""

    first_seconds: float
    last_seconds: float
    face: Face
    look: NDArray[np.float32]
    frames_seen: int = 1
    missed: int = 0
    kept: list[Sighting] = field(default_factory=list)

    @property
    def weight(self) -> float:
        """What makes a track worth keeping: how often it was seen, and how large."""
        size = max(sighting.quality.face_pixels for sighting in self.kept)
        return math.sqrt(self.frames_seen) * size


class FaceFollower:
    """Frame after frame in, tracks and their best crops out; one per media."""

    def __init__(
        self,
        detector: FaceDetector,
        *,
        crops_per_track: int = 16,
        max_tracks: int = 8,
        max_crops: int = 64,
    ) -> None:
        self._detector = detector
        self._crops_per_track = crops_per_track
        self._max_tracks = max_tracks
        self._max_crops = max_crops
        self._shots = ShotBoundaries()
        self._open: list[_Trail] = []
        self._ended: list[_Trail] = []
        self._searched_at = -math.inf
        self._moment = -math.inf

    def add(self, at_seconds: float, frame: NDArray[np.uint8]) -> None:
        """Take the next frame (H W 3, uint8, RGB); times must not go back.

        Frames are searched anew every half second, so all of them when they lie further apart;
        in between a detector that can looks only near the faces known.
        """
        if self._shots.begins(frame):
            self._end(self._open)
        faces = sorted(self._faces(at_seconds, frame), key=_size, reverse=True)[:_MOST_FACES]
        crops = [align(frame, face) for face in faces]
        looks = [look_of(crop) for crop in crops]
        pairs = match(
            [(trail.face, trail.look) for trail in self._open], list(zip(faces, looks, strict=True))
        )
        trails = {seen: self._open[known] for known, seen in pairs}
        another = not are_close(at_seconds - self._moment)  # frames of a burst are one moment
        self._moment = at_seconds if another else self._moment
        for trail in self._open:
            trail.missed += another
        for index, (face, crop, look) in enumerate(zip(faces, crops, looks, strict=True)):
            sighting = Sighting(
                at_seconds=at_seconds, face=face, pixels=crop, quality=measure(frame, face, crop)
            )
            self._enter(trails.get(index), sighting, look)
        self._end([trail for trail in self._open if _away(trail, at_seconds)])

    def finish(self) -> tuple[tuple[Track, ...], list[tuple[Crop, NDArray[np.uint8]]]]:
        """The tracks by first appearance, and their crops with pixels (224 224 3, uint8, RGB).

        A crop's id is its place in the list. Tracks that were seen longest and
        largest are kept. A face that was seen once, and not surely, beside people who were seen
        more often is a mistake of the detector's.
        """
        self._end(self._open)
        followed = any(trail.frames_seen > 1 for trail in self._ended)
        trails = [trail for trail in self._ended if not (followed and _doubtful(trail))]
        trails = sorted(trails, key=lambda trail: trail.weight, reverse=True)
        trails = sorted(trails[: self._max_tracks], key=lambda trail: trail.first_seconds)
        each = min(self._crops_per_track, self._max_crops // max(len(trails), 1))
        tracks = tuple(_track(number, trail) for number, trail in enumerate(trails))
        crops: list[tuple[Crop, NDArray[np.uint8]]] = []
        for number, trail in enumerate(trails):
            for sighting in choose(trail.kept, at_most=max(each, 1)):
                crops.append((_crop(len(crops), number, sighting), sighting.pixels))
        return tracks, crops

    def _faces(self, at_seconds: float, frame: NDArray[np.uint8]) -> list[Face]:
        near = np.array([trail.face.box_xyxy for trail in self._open], np.float32)
        soon = at_seconds - self._searched_at < _SEARCH_EVERY_SECONDS
        if soon and len(near) and isinstance(self._detector, LooksAgain):
            faces = self._detector.look_again(frame, near)
            if len(faces) >= len(near):
                return faces
        self._searched_at = at_seconds
        return self._detector.detect(frame)

    def _enter(self, trail: _Trail | None, sighting: Sighting, look: NDArray[np.float32]) -> None:
        if trail is None:
            trail = _Trail(
                first_seconds=sighting.at_seconds,
                last_seconds=sighting.at_seconds,
                face=sighting.face,
                look=look,
                frames_seen=0,
            )
            self._open.append(trail)
        trail.face, trail.last_seconds, trail.missed = sighting.face, sighting.at_seconds, 0
        trail.look = unit(0.5 * trail.look + 0.5 * look)
        trail.frames_seen += 1
        trail.kept.append(sighting)
        if len(trail.kept) > 2 * self._crops_per_track:
            trail.kept = choose(trail.kept, at_most=self._crops_per_track)

    def _end(self, trails: Sequence[_Trail]) -> None:
        ended = [trail for trail in self._open if any(trail is other for other in trails)]
        self._open = [trail for trail in self._open if not any(trail is other for other in ended)]
        self._ended = sorted([*self._ended, *ended], key=lambda trail: trail.weight, reverse=True)
        del self._ended[max(_MOST_TRACKS, self._max_tracks) :]


def match(
    known: Sequence[tuple[Face, NDArray[np.float32]]],
    seen: Sequence[tuple[Face, NDArray[np.float32]]],
) -> list[tuple[int, int]]:
    """Pair faces of the frame before with faces of this one, cheapest pair first.

    Each is a face and its look. Greedy: the optimal assignment differs only where people
    look alike and stand close, and there neither is to be trusted.
    """
    costs = [
        (_cost(face, other, float(look @ other_look)), i, j)
        for i, (face, look) in enumerate(known)
        for j, (other, other_look) in enumerate(seen)
    ]
    pairs: list[tuple[int, int]] = []
    for cost, i, j in sorted(costs):
        if cost >= _FARTHEST:
            break
        if all(i != taken and j != also for taken, also in pairs):
            pairs.append((i, j))
    return pairs


def look_of(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What a face looks like, coarsely: 12 by 12 in Lab, of length 1 (432, float32).

    The middle of the crop only, and less its mean lightness: the light changes, the face does not.
    """
    edge = len(crop) // 8
    small = cv2.resize(crop[edge:-edge, edge:-edge], (12, 12), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab[:, :, 0] -= lab[:, :, 0].mean()
    lab[:, :, 1:] *= 2  # a and b span less than lightness, and tell people apart as well
    return unit(np.asarray(lab, np.float32).ravel())


def unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vector at length 1, or as it is when it has none."""
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-6), np.float32)


def _cost(face: Face, other: Face, likeness: float) -> float:
    """How unlikely two faces are one: the way between them in faces, their sizes, their looks.

    The looks of one person in two frames of a video agree by 0.87 or more in 95 of
    100 pairs, those of two people by 0.89 or less: measured on 120 clips of YouTube Faces.
    """
    box, other_box = (np.array(f.box_xyxy, np.float32) for f in (face, other))
    size, other_size = _size(face), _size(other)
    larger = max(size, other_size, 1.0)
    way = np.linalg.norm((box[:2] + box[2:] - other_box[:2] - other_box[2:]) / 2) / larger
    growth = abs(math.log2(max(size, 1.0) / max(other_size, 1.0)))
    overlap = float(iou(box, other_box[None])[0])
    place = 0.15 * min(float(way), 4.0) + 0.2 * growth - 0.3 * overlap
    return place + 5.0 * (1.0 - likeness)


def _size(face: Face) -> float:
    left, top, right, bottom = face.box_xyxy
    return math.sqrt(max(right - left, 0.0) * max(bottom - top, 0.0))


def _doubtful(trail: _Trail) -> bool:
    return trail.frames_seen == 1 and trail.face.detector_score < _SURE_OF_ONE_FRAME


def _away(trail: _Trail, at_seconds: float) -> bool:
    return trail.missed >= _MOMENTS_AWAY or (
        trail.missed > 0 and at_seconds - trail.last_seconds > _SECONDS_AWAY
    )


def _track(number: int, trail: _Trail) -> Track:
    return Track(
        track_id=number,
        first_seconds=trail.first_seconds,
        last_seconds=trail.last_seconds,
        frames_seen=trail.frames_seen,
    )


def _crop(number: int, track: int, sighting: Sighting) -> Crop:
    return Crop(
        crop_id=number,
        track_id=track,
        at_seconds=sighting.at_seconds,
        box_xyxy=sighting.face.box_xyxy,
        quality=sighting.quality,
    )
