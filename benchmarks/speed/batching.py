"""How much of the models' own best speed Triton gives to uploads that are in flight together.

Uploads of one to sixteen crops ask as the worker asks, through its batchers, 1, 8 and 64 of them at
a time; the other side runs the same networks in this process at the batch that suits them best.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.findings import Cost, Findings, Ratio
from benchmarks.speed.parts import real_triton
from benchmarks.speed.rounds import Bench, Side, alternate
from inference.bundles.bundle import PACKAGED, Bundle, read_bundle
from inference.bundles.weights import weights_file
from inference.scoring.batching import Batcher
from inference.scoring.local import load_network
from inference.scoring.triton import TritonScorer
from runtime.embedded.triton import EmbeddedTriton

GOAL = 0.95
IN_FLIGHT = (1, 8, 64)
CROPS = 1600  # a round, through all models
_BATCHES = (1, 4, 8, 16, 32, 64)
_SIZES = (1, 1, 1, 4, 8, 16)  # crops of an upload: half are pictures
_COUNTED = re.compile(r'^(nv_inference_(?:exec_)?count)\{model="(\w+)".*\} (\d+)', re.MULTILINE)

Crops = NDArray[np.uint8]  # N 224 224 3


async def ask(bench: Bench) -> Findings:
    """Images a second through all models of the packaged bundle, and how large batches were."""
    bundle = await asyncio.to_thread(read_bundle, PACKAGED)
    chance = np.random.default_rng(1)
    crops = chance.integers(0, 256, (max(_BATCHES), 224, 224, 3), np.uint8)
    own = _OwnBest(bundle, crops)
    batches: dict[str, list[float]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        triton = await stack.enter_async_context(real_triton(bench.folder))
        served = _Served(bundle, triton, batches)
        stack.push_async_callback(served.close)
        count = bench.count(CROPS, least=max(_BATCHES))
        await served.images_a_second(crops, max(_BATCHES), 8, 0)
        batches.clear()
        sides: dict[str, Side] = {
            f"{uploads} in flight": partial(served.images_a_second, crops, count, uploads)
            for uploads in IN_FLIGHT
        }
        sides["in this process"] = partial(own.images_a_second, count)
        figures = await alternate(sides, rounds=bench.rounds, say=bench.say)
    return Findings(
        question="batching",
        ratios=tuple(
            Ratio(
                name=f"batching, {uploads} in flight",
                ours="Triton",
                theirs="the networks in process at their best batch",
                unit="images a second",
                over=figures[f"{uploads} in flight"],
                under=figures["in this process"],
                goal=GOAL,
            )
            for uploads in IN_FLIGHT
        ),
        costs=tuple(
            Cost(name=name, unit="images a batch, mean", values=tuple(values))
            for name, values in batches.items()
        ),
        notes=(
            f"uploads have {min(_SIZES)} to {max(_SIZES)} crops; "
            + ", ".join(f"{name} is best at {best}" for name, best in own.best.items()),
        ),
    )


class _OwnBest:
    """Every network of a bundle in this process, at the batch at which it is fastest."""

    def __init__(self, bundle: Bundle, crops: Crops) -> None:
        self._crops = crops
        self._networks = {
            one.name: load_network(weights_file(bundle.folder / one.model, one.version), threads=0)
            for one in bundle.manifest.models
        }
        self.best = {name: self._best(network) for name, network in self._networks.items()}

    async def images_a_second(self, count: int, _round: int) -> float:
        return await asyncio.to_thread(self._run, count)

    def _run(self, count: int) -> float:
        """All images through one network after the other."""
        took = sum(
            self._seconds(network, self.best[name], count)
            for name, network in self._networks.items()
        )
        return count / took

    def _best(self, network: Any) -> int:
        self._seconds(network, max(_BATCHES), max(_BATCHES))
        tried = {size: self._seconds(network, size, 2 * max(_BATCHES)) for size in _BATCHES}
        return min(tried, key=lambda size: tried[size])

    def _seconds(self, network: Any, batch: int, count: int) -> float:
        """For `count` images in whole batches, scaled to the very number."""
        batches = max(1, round(count / batch))
        began = time.perf_counter()
        for _ in range(batches):
            network.infer({"crops": self._crops[:batch]})
        return (time.perf_counter() - began) * count / (batches * batch)


class _Served:
    """The same networks at Triton, asked as a worker asks; notes the batches that it made."""

    def __init__(
        self, bundle: Bundle, triton: EmbeddedTriton, batches: Mapping[str, list[float]]
    ) -> None:
        self._names = {one.model: one.name for one in bundle.manifest.models}
        self._scorers = [
            TritonScorer(triton.grpc, model=one.model, version=one.version, embedding=one.embedding)
            for one in bundle.manifest.models
        ]
        self._batchers = [Batcher(scorer) for scorer in self._scorers]
        self._metrics = f"{triton.metrics}/metrics"
        self._batches = batches

    async def images_a_second(self, crops: Crops, count: int, uploads: int, number: int) -> float:
        """Keep so many uploads in flight until `count` crops were asked about."""
        waiting = _uploads(count, seed=number)
        before = await self._counted()
        began = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(uploads):
                tasks.create_task(self._sender(waiting, crops))
        took = time.perf_counter() - began
        for model, (images, runs) in (await self._counted()).items():
            mean = (images - before[model][0]) / (runs - before[model][1])
            self._batches[f"{self._names[model]}, {uploads} in flight"].append(mean)
        return count / took

    async def _sender(self, waiting: list[int], crops: Crops) -> None:
        while waiting:
            mine = crops[: waiting.pop()]
            await asyncio.gather(*(one.score(mine, urgent=True) for one in self._batchers))

    async def _counted(self) -> dict[str, tuple[int, int]]:
        """Images and runs of each model since Triton began, by its own metrics."""
        async with httpx.AsyncClient(trust_env=False) as client:
            text = (await client.get(self._metrics)).text
        counts = {(name, model): int(value) for name, model, value in _COUNTED.findall(text)}
        return {
            model: (counts["nv_inference_count", model], counts["nv_inference_exec_count", model])
            for model in self._names
        }

    async def close(self) -> None:
        for batcher in self._batchers:
            await batcher.close()
        for scorer in self._scorers:
            await scorer.close()


def _uploads(crops: int, *, seed: int) -> list[int]:
    """How many crops each upload has, all together `crops`."""
    chance = np.random.default_rng(seed)
    sizes: list[int] = []
    while (left := crops - sum(sizes)) > 0:
        sizes.append(min(left, int(chance.choice(_SIZES))))
    return sizes
