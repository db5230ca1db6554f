"""The bare loop: decode, detect, align, infer, and nothing else, in a process for each core.

No hash, no look, no provenance, no pack, no message, no row: what pixels alone cost with the code
and the models that serve.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2

from inference.bundles.bundle import PACKAGED, read_bundle
from inference.bundles.weights import weights_file
from inference.faces.following import Follow, follower
from inference.faces.search import FaceSearch
from inference.reading.frames import DecodingLimits
from inference.reading.images import read_image
from inference.reading.sniff import SNIFFED_BYTES, sniff
from inference.reading.videos import read_video
from inference.scoring.local import load_network
from moderation.media import MediaKind

LIMITS = DecodingLimits(threads=1)
_LARGEST = 32  # crops a run of a network, as in serving


class BareLoop:
    """Processes with everything loaded; each does one media at a time, on one core."""

    def __init__(self, processes: int | None = None) -> None:
        self._processes = processes or len(os.sched_getaffinity(0))
        self._pool = ProcessPoolExecutor(
            self._processes, mp_context=get_context("spawn"), initializer=_load
        )

    def seconds_for(self, files: Sequence[Path]) -> float:
        """Do all files, one after the other handed to whoever is free.

        Raises:
            AssertionError: a file has no face, so that nothing was inferred.
        """
        began = time.perf_counter()
        crops = list(self._pool.map(_one, files))
        took = time.perf_counter() - began
        if not all(crops):
            raise AssertionError(f"no face was found in {crops.count(0)} of {len(files)} files")
        return took

    def __enter__(self) -> BareLoop:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    follow: Follow
    networks: tuple[Any, ...]


_loaded: list[_Loaded] = []  # of a process of the pool, whose initialiser can return nothing


def _load() -> None:
    cv2.setNumThreads(1)
    bundle = read_bundle(PACKAGED)
    weights = [
        weights_file(bundle.folder / one.model, one.version) for one in bundle.manifest.models
    ]
    follow, _ = follower(FaceSearch(), LIMITS)
    _loaded.append(
        _Loaded(follow=follow, networks=tuple(load_network(one, threads=1) for one in weights))
    )


def _one(media: Path) -> int:
    """How many crops were inferred from a media."""
    (loaded,) = _loaded
    with media.open("rb") as file:
        container = sniff(file.read(SNIFFED_BYTES))
        file.seek(0)
        read = read_image if container.kind is MediaKind.IMAGE else read_video
        _, frames = read(file, container, LIMITS)
        pixels = loaded.follow(frames).pixels  # N H W C, uint8
    for start in range(0, len(pixels), _LARGEST):
        for network in loaded.networks:
            network.infer({"crops": pixels[start : start + _LARGEST]})
    return len(pixels)
