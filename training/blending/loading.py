"""Feeds pairs to the network: fixed ones to check on, endless ones to train on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from training.blending.pairs import Pairs

HELD_OUT_EPOCH = 1_000_000  # a draw of its own, the same at every check


class Batch(NamedTuple):
    """Crops (2P 224 224 3, uint8), labels (2P 1, 1 = forged) and seams (2P 1 S S), float32."""

    crops: Tensor
    labels: Tensor
    seams: Tensor


class EndlessBatches(IterableDataset[Batch]):
    """Batches of P faces and their P twins.

    Worker w of W makes every W-th batch, so their order does not depend on timing.
    """

    def __init__(self, pairs: Pairs, per_step: int, *, first_step: int, seed: int) -> None:
        self._pairs = pairs
        self._per_step = per_step
        self._first_step = first_step
        self._seed = seed

    def places(self, step: int) -> list[tuple[int, int]]:
        """The (epoch, index) of every pair of a step: each face once an epoch, in its own order."""
        places = []
        for number in range(step * self._per_step, (step + 1) * self._per_step):
            epoch, place = divmod(number, len(self._pairs))
            order = np.random.default_rng((self._seed, epoch)).permutation(len(self._pairs))
            places.append((epoch, int(order[place])))
        return places

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        offset, stride = (worker.id, worker.num_workers) if worker else (0, 1)
        step = self._first_step + offset
        while True:
            yield batch(self._pairs, self.places(step))
            step += stride


def batch(pairs: Pairs, places: list[tuple[int, int]]) -> Batch:
    """Reals first, then their twins in the same order."""
    examples = [pairs.example(epoch, index) for epoch, index in places]
    reals, twins, seams = zip(*examples, strict=True)
    labels = torch.cat([torch.zeros(len(reals), 1), torch.ones(len(twins), 1)])
    forged = torch.from_numpy(np.stack(seams))[:, None]
    return Batch(
        crops=torch.from_numpy(np.stack([*reals, *twins])),
        labels=labels,
        seams=torch.cat([torch.zeros_like(forged), forged]),
    )


def endless(batches: EndlessBatches, workers: int) -> Iterator[Batch]:
    return iter(
        DataLoader(
            batches, batch_size=None, num_workers=workers, prefetch_factor=4 if workers else None
        )
    )


def held_out(pairs: Pairs, count: int, per_batch: int = 32) -> list[Batch]:
    """Fixed batches of held-out pairs."""
    places = [(HELD_OUT_EPOCH, index) for index in range(min(count, len(pairs)))]
    return [
        batch(pairs, places[start : start + per_batch])
        for start in range(0, len(places), per_batch)
    ]
