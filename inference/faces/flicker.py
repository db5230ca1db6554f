"""What trembles in a burst of three aligned crops: the face against what surrounds it.

A frame is swapped on its own, so place, colours and texture of the swapped part change a little
from frame to frame without direction. A movement goes on: the second difference of three frames,
`before - 2 middle + after`, cancels it and keeps what trembles. All that the crops' own
alignment adds is a similarity of the whole crop, and is taken off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]  # float32, but for what NumPy makes of it on the way
Pixels = NDArray[np.uint8]

SIDE = 224  # of a crop, pixels
_HALF = SIDE // 2  # at which movement is measured

# A face in a crop: the box takes 172 of 224 pixels, what a swap replaces a little less.
_MIDDLE_XY, _RADII_XY = (112.0, 116.0), (62.0, 80.0)
_CORE, _BORDER, _RING = (0.0, 0.75), (0.75, 1.2), (1.3, 9.0)  # in those radii

_POINTS = 9  # along each side, whose movement is followed
_FIRST, _STEP = 8.0, 12.0  # pixels of half the side
_LONGEST_WAY = 12.0  # of half the side's pixels; what went further was not followed, but lost
_WINDOW, _LEVELS = (15, 15), 2
_STOP = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 10, 0.03)

_LEAST_WAY = 0.02  # pixels of half the side; what optical flow cannot tell from rest
_LEAST_CHANGE = 0.1  # grey levels, 0 to 255
_FINE, _BLURRED = 1.0, (7, 7)  # the blur's deviation and size; what it takes away is detail
_SMALL = 56  # the side at which colours are averaged


@dataclass(frozen=True, slots=True, kw_only=True)
class _Movement:
    """Of each point (P 2, pixels of half the side): the tremor, and the way of half a burst."""

    tremor: Floats
    way: Floats
    before: Floats
    after: Floats


def tremor_of(crops: Pixels) -> Floats:
    """What trembles in a burst (3 224 224 3, uint8, RGB): `NAMES` says which value is what.

    All but differences of directions are natural logarithms of magnitudes, so that
    ratios between regions are differences.
    """
    greys = [np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)) for crop in crops]
    movement = _movement(greys)
    values = [*_of_movement(movement), *_of_texture(greys, movement), *_of_colours(crops)]
    return np.array(values, np.float32)


def _movement(greys: list[Pixels]) -> _Movement:
    """Follow a grid of points from the middle frame (224 224, uint8) to both others."""
    first, middle, last = (_halved(grey) for grey in greys)
    before, after = _flow(middle, first), _flow(middle, last)
    tremor, way = before + after, (after - before) / 2
    return _Movement(
        tremor=tremor - _similarity(tremor, _EVERYWHERE),
        way=way - _similarity(way, _EVERYWHERE),
        before=before,
        after=after,
    )


def _halved(picture: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(cv2.resize(picture, (_HALF, _HALF), interpolation=cv2.INTER_AREA))


def _flow(of: Pixels, to: Pixels) -> Floats:
    """How far each point moves (P 2); points that were lost move as the median does.

    Lucas & Kanade 1981, in the pyramid of Bouguet 2001.
    """
    there, found, _ = cv2.calcOpticalFlowPyrLK(  # type: ignore[call-overload]
        of, to, _GRID[:, None], None, winSize=_WINDOW, maxLevel=_LEVELS, criteria=_STOP
    )
    way = np.asarray(there[:, 0] - _GRID, np.float32)
    kept = (found[:, 0] == 1) & (np.abs(way).max(1) < _LONGEST_WAY)
    if not kept.any():
        return np.zeros_like(way)
    way[~kept] = np.median(way[kept], axis=0)
    return way


def _similarity(way: Floats, place: NDArray[np.bool_]) -> Floats:
    """The shift, turn and growth of the whole grid that fits best at those points (P 2).

    Fitted twice: the second time points that went another way count for little.
    """
    weights = np.ones(int(place.sum()), np.float32)
    fitted = np.zeros_like(way)
    for _ in range(2):
        root = np.repeat(np.sqrt(weights), 2)
        columns, wanted = _SIMILARITIES[place].reshape(-1, 4), way[place].ravel()
        normal = columns * root[:, None]
        solution = np.linalg.solve(normal.T @ normal + 1e-6 * np.eye(4), normal.T @ (wanted * root))
        fitted = np.asarray(_SIMILARITIES @ solution, np.float32)
        off = np.square(way[place] - fitted[place]).sum(1)
        weights = 1 / (1 + off / (np.median(off) + _LEAST_WAY**2))
    return fitted


def _of_movement(movement: _Movement) -> list[float]:
    """How points tremble and go in each region, and the face as a whole against the ring."""
    core, border, ring = (_size(movement.tremor[place], _LEAST_WAY) for place in _POINT_REGIONS)
    core_way, _, ring_way = (_size(movement.way[place], _LEAST_WAY) for place in _POINT_REGIONS)
    apart = _similarity(movement.tremor, _POINT_REGIONS[0])
    apart = apart - _similarity(movement.tremor, _POINT_REGIONS[2])
    shift = apart[_POINT_REGIONS[0]].mean(0)
    turn = apart[_POINT_REGIONS[0]] - shift
    return [
        core,
        ring,
        core - ring,
        border - ring,
        core - core_way,
        (core - core_way) - (ring - ring_way),
        _size(shift[None], _LEAST_WAY),
        _size(turn, _LEAST_WAY),
    ]


def _of_texture(greys: list[Pixels], movement: _Movement) -> list[float]:
    """How texture flickers, per band, once the other frames are moved onto the middle one."""
    middle = greys[1].astype(np.float32)
    before, after = _moved(greys[0], movement.before), _moved(greys[2], movement.after)
    change = cv2.addWeighted(before, 0.5, after, 0.5, 0)
    change = cv2.subtract(change, middle, dst=change)
    drift = cv2.addWeighted(after, 0.5, before, -0.5, 0, dst=after)
    pictures = [np.asarray(picture, np.float32) for picture in (change, drift, middle)]
    bands = [_detail(pictures), _detail([_halved(picture) for picture in pictures])]
    return [value for band in bands for value in _of_band(*band)]


def _detail(pictures: list[Floats]) -> Floats:
    """How much detail pictures have in core, border and ring, as logarithms (3 regions each).

    In place: new arrays of this size cost as much as what is reckoned with them.
    """
    found = np.empty((len(pictures), 3), np.float32)
    for number, picture in enumerate(pictures):
        blurred = cv2.GaussianBlur(picture, _BLURRED, _FINE)
        detail = np.asarray(cv2.absdiff(picture, blurred, dst=blurred)).ravel()
        found[number] = [detail @ share for share in _SHARES[len(picture)]]
    return np.asarray(np.log(found + np.float32(_LEAST_CHANGE)), np.float32)


def _of_band(flicker: Floats, drift: Floats, detail: Floats) -> list[float]:
    """What is told of a band; each of the three by core, border and ring, as logarithms."""
    in_detail = flicker - detail
    return [
        float(in_detail[0]),
        float(in_detail[2]),
        float(flicker[0] - flicker[2]),
        float(flicker[1] - flicker[2]),
        float(in_detail[0] - in_detail[2]),
        float(in_detail[1] - in_detail[2]),
        float((flicker[0] - drift[0]) - (flicker[2] - drift[2])),
    ]


def _of_colours(crops: Pixels) -> list[float]:
    """How the mean colour of the face trembles, and how much more than that of the ring."""
    before, middle, after = (
        _SHARES[_SMALL] @ cv2.resize(crop, (_SMALL, _SMALL)).reshape(-1, 3) for crop in crops
    )
    core, _, ring = (before + after) / 2 - middle
    values = []
    for off in (core, core - ring):
        values += [_size(off.mean(keepdims=True), _LEAST_CHANGE), _size(off - off.mean(), 0.05)]
    return values


def _moved(grey: Pixels, way: Floats) -> Floats:
    """The picture as seen from the middle frame: ways between points are interpolated."""
    field = np.stack(
        [_BETWEEN @ way[:, axis].reshape(_POINTS, _POINTS) @ _BETWEEN.T for axis in (0, 1)], axis=-1
    )
    return np.asarray(
        cv2.remap(
            grey.astype(np.float32),
            _PLACES + 2 * field.astype(np.float32),
            _NO_SECOND_MAP,
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REFLECT_101,
        ),
        np.float32,
    )


def _size(values: Floats, least: float) -> float:
    """The logarithm of the mean magnitude; the mean and not the square, for what is hidden."""
    return float(np.log(np.abs(values).mean() + least))


def _shares(side: int) -> Floats:
    """Of each pixel (3 side²) in the mean of core, border and ring of a crop of another side."""
    rows, columns = (np.mgrid[:side, :side] + 0.5) * SIDE / side
    regions = np.stack([region.ravel() for region in _within(columns, rows)])
    return np.asarray(regions / regions.sum(1, keepdims=True), np.float32)


def _within(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[NDArray[np.bool_]]:
    far = np.hypot((x - _MIDDLE_XY[0]) / _RADII_XY[0], (y - _MIDDLE_XY[1]) / _RADII_XY[1])
    return [(far >= nearest) & (far < end) for nearest, end in (_CORE, _BORDER, _RING)]


def _grid() -> Floats:
    places = _FIRST + _STEP * np.arange(_POINTS, dtype=np.float32)
    rows, columns = np.meshgrid(places, places, indexing="ij")
    return np.stack([columns.ravel(), rows.ravel()], axis=1)


def _similarities(points: Floats) -> Floats:
    """Growth, turn and shifts as columns (P 2 4): way = columns @ (growth, turn, x, y)."""
    x, y = ((points - _HALF / 2) / _HALF).T
    one, zero = np.ones_like(x), np.zeros_like(x)
    across, down = np.stack([x, -y, one, zero], axis=1), np.stack([y, x, zero, one], axis=1)
    return np.stack([across, down], axis=1)


def _between() -> Floats:
    """Weights (224 9) of the points for each pixel along a side, linear, the last ones beyond."""
    places = np.clip((np.arange(SIDE) / 2 - _FIRST) / _STEP, 0, _POINTS - 1)
    weights = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(_POINTS)))
    return np.asarray(weights, np.float32)


_GRID = _grid()
_SIMILARITIES = _similarities(_GRID)
_BETWEEN = _between()
_NO_SECOND_MAP = np.empty(0, np.int16)
_PLACES = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), axis=-1).astype(np.float32)
_EVERYWHERE = np.ones(_POINTS**2, bool)
_POINT_REGIONS = _within(*(2 * _GRID.astype(np.float64)).T)
_SHARES = {side: _shares(side) for side in (SIDE, _HALF, _SMALL)}

_BAND = (
    "core flicker in its detail",
    "ring flicker in its detail",
    "flicker of core over ring",
    "flicker of border over ring",
    "flicker of core over ring, in their detail",
    "flicker of border over ring, in their detail",
    "flicker over drift, of core over ring",
)
NAMES = (
    "core tremor",
    "ring tremor",
    "tremor of core over ring",
    "tremor of border over ring",
    "core tremor over way",
    "tremor over way, of core over ring",
    "face shift against ring",
    "face turn against ring",
    *(f"fine: {name}" for name in _BAND),
    *(f"middling: {name}" for name in _BAND),
    "light of core",
    "colour of core",
    "light of core against ring",
    "colour of core against ring",
)
