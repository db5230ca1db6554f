"""Trains the detector by self-blended images: `python -m training.blending.train --help`.

It may be stopped at any time and goes on from `last.pt`; `best.pt` has the averaged weights
that were best on held-out faces. `--start` goes on from those of a run before, with its own recipe.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import torch
import yaml
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from benchmarks.metrics import area_under_curve
from datasets.licences import check_faces
from training.blending.curve import draw_curve
from training.blending.loading import Batch, EndlessBatches, endless, held_out
from training.blending.model import (
    SEAM_STAGE,
    SIDE,
    BlendingDetector,
    imagenet_weights,
    keep_statistics,
)
from training.blending.pairs import CONFIG, Pairs, PairSettings
from training.patches import read_index, split_by_group

LOG_COLUMNS = ("step", "images", "minutes", "train_loss", "held_out_loss", "held_out_auc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The fields of config.yaml, which says what they mean."""

    seed: int
    minutes: float
    pairs_per_step: int
    workers: int
    learning_rate: float
    weight_decay: float
    warm_up: float
    averaging: float
    held_out: float
    check_every: int
    checked_pairs: int
    small_side: int
    small_until: float
    settled_from: float
    seam_weight: float

    def rate(self, progress: float) -> float:
        """The learning rate after a share (0 to 1) of the time: up linearly, down as a cosine."""
        if progress < self.warm_up:
            return self.learning_rate * max(progress / self.warm_up, 0.01)
        done = min((progress - self.warm_up) / (1 - self.warm_up), 1.0)
        return self.learning_rate * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)


class SeamHead(nn.Module):
    """Says of every position whether a seam is there. Training alone uses it.

    A label for each position teaches more of every pair than one for the picture.
    """

    def __init__(self) -> None:
        super().__init__()
        self.map = nn.Conv2d(SEAM_STAGE, 1, 1)

    def loss(self, features: Tensor, seams: Tensor) -> Tensor:
        """Nats a position, of features (N C H W) against seams (N 1 S S, 0 to 1)."""
        said = self.map(features)
        there = functional.adaptive_avg_pool2d(seams, said.shape[-2:])
        return functional.binary_cross_entropy_with_logits(said, there)


class Training:
    """One run: the network, its average, and how far it is."""

    def __init__(self, recipe: Recipe, folder: Path, *, start: Path | None = None) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.folder = folder
        model = BlendingDetector()
        self.steps_before = 0  # of the runs that this one goes on from: their pairs were seen
        if start is None:
            model.load_imagenet(imagenet_weights())
        else:
            before = torch.load(start, weights_only=True)
            model.load_state_dict(before["averaged"])
            self.steps_before = before.get("steps", 0)
        self.model = model.to(memory_format=torch.channels_last)
        self.average = AveragedModel(
            self.model, multi_avg_fn=get_ema_multi_avg_fn(recipe.averaging), use_buffers=True
        )
        self.seams = SeamHead()
        learned = [*self.model.parameters(), *self.seams.parameters()]
        decayed = [p for p in learned if p.ndim > 1]
        others = [p for p in learned if p.ndim <= 1]
        self.optimizer = torch.optim.AdamW(
            [{"params": decayed}, {"params": others, "weight_decay": 0.0}],
            weight_decay=recipe.weight_decay,
        )
        self.step = 0
        self.minutes = 0.0
        self.best_loss = math.inf
        self.settled = False
        self.log: list[tuple[float, ...]] = []

    @property
    def progress(self) -> float:
        return self.minutes / self.recipe.minutes

    def learn(self, batch: Batch) -> float:
        """One step; returns its loss (nats an image), without that of the seams."""
        self.model.train()
        if self.progress >= self.recipe.settled_from:
            self._settle()
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.rate(self.progress)
        small = self.progress < self.recipe.small_until
        self.model.side = self.recipe.small_side if small else SIDE
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits, features = self.model.locate(batch.crops)
        loss = functional.binary_cross_entropy_with_logits(logits, batch.labels)
        located = self.seams.loss(features.float(), batch.seams)
        self.optimizer.zero_grad()
        (loss + self.recipe.seam_weight * located).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        self.average.update_parameters(self.model)
        self.step += 1
        return loss.item()

    def _settle(self) -> None:
        """Learn with the statistics that serving will use, from the average on.

        A batch holds every picture and its twin, so its own statistics tell more than a
        crop alone would: with them the loss was 0.07 nats lower than without.
        """
        if not self.settled:
            self.model.load_state_dict(self.average.module.state_dict())
            self.settled = True
        keep_statistics(self.model)

    def check(self, batches: list[Batch], train_loss: float) -> None:
        """Measure the average on held-out pairs, log it, and keep it where it is the best.

        It is measured at the size that is being trained; at the smaller one nothing is kept.
        """
        self.average.eval()
        self.average.module.side = self.model.side
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            logits = torch.cat([self.average(batch.crops)[0] for batch in batches])
        labels = torch.cat([batch.labels for batch in batches])
        loss = functional.binary_cross_entropy_with_logits(logits, labels).item()
        auc = area_under_curve(logits.numpy(), labels.numpy())
        images = 2 * self.step * self.recipe.pairs_per_step
        self.log.append((self.step, images, self.minutes, train_loss, loss, auc))
        if loss < self.best_loss and self.model.side == SIDE:
            self.best_loss = loss
            torch.save(
                {
                    "averaged": self.average.module.state_dict(),
                    "steps": self.steps_before + self.step,
                },
                self.folder / "best.pt",
            )
        self.save()

    def save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "averaged": self.average.module.state_dict(),
            "seams": self.seams.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "minutes": self.minutes,
            "best_loss": self.best_loss,
            "settled": self.settled,
            "log": self.log,
        }
        partial = self.folder / "last.pt.partial"
        torch.save(state, partial)
        partial.replace(self.folder / "last.pt")
        with (self.folder / "log.csv").open("w", newline="") as file:
            csv.writer(file).writerows([LOG_COLUMNS, *self.log])
        draw_curve(self.log, self.folder / "curve.png")

    def resume(self) -> None:
        """Go on from `last.pt` where there is one."""
        file = self.folder / "last.pt"
        if not file.exists():
            return
        state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.seams.load_state_dict(state["seams"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.minutes = state["step"], state["minutes"]
        self.best_loss, self.settled = state["best_loss"], state["settled"]
        self.log = [tuple(line) for line in state["log"]]


def run(
    training: Training,
    batches: Iterator[Batch],
    checked: list[Batch],
) -> None:
    """Learn until the time is over, checking as often as the recipe says."""
    recipe = training.recipe
    recent = training.log[-1][3] if training.log else math.log(2)  # what knowing nothing costs
    bar = tqdm(total=recipe.minutes, unit="min", initial=training.minutes, mininterval=10)
    while training.progress < 1:
        began = time.monotonic()
        recent += 0.03 * (training.learn(next(batches)) - recent)
        if training.step % recipe.check_every == 0:
            training.check(checked, recent)
            bar.set_postfix(step=training.step, auc=f"{training.log[-1][-1]:.3f}")
        spent = (time.monotonic() - began) / 60
        training.minutes += spent
        bar.update(spent)
    if not training.log or training.log[-1][0] != training.step:
        training.check(checked, recent)
    bar.close()


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="what training.faces wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--start", type=Path, help="a best.pt, instead of ImageNet's weights")
    parser.add_argument("--minutes", type=float, help="instead of the config's")
    parser.add_argument(
        "--allow-licence", action="append", default=[], help="train on it though it says no"
    )
    chosen = parser.parse_args(arguments)
    check_faces(chosen.data, allow=chosen.allow_licence)
    settings = yaml.safe_load(chosen.config.read_text())
    if chosen.minutes:
        settings["minutes"] = chosen.minutes
    recipe = Recipe(**settings)
    cv2.setNumThreads(0)  # its thread pool would hang the loader's forked processes
    chosen.out.mkdir(parents=True, exist_ok=True)
    trained_on, kept_out = split_by_group(
        read_index(chosen.data), recipe.held_out, seed=recipe.seed
    )
    training = Training(recipe, chosen.out, start=chosen.start)
    training.resume()
    source = EndlessBatches(
        Pairs(trained_on, PairSettings(), seed=recipe.seed),
        recipe.pairs_per_step,
        first_step=training.steps_before + training.step,
        seed=recipe.seed,
    )
    checked = held_out(Pairs(kept_out, PairSettings(), seed=recipe.seed), recipe.checked_pairs)
    run(training, endless(source, recipe.workers), checked)


if __name__ == "__main__":
    main(sys.argv[1:])
