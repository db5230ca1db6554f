"""Trains the detector of generated faces: `python -m training.generation.train --help`.

Real faces are those of the training split; generated ones those of other generators than the
one it is to be measured on (`--leave-out`). The file written holds the averaged weights.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import yaml
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from benchmarks.metrics import area_under_curve
from datasets.licences import check_faces, write_used
from training.generation.learned import FILE_NAME, licences, told
from training.generation.model import GenerationDetector
from training.generation.pools import Choice, Faces
from training.generation.windows import batches

CONFIG = Path(__file__).with_name("config.yaml")
SAVED_EVERY = 50  # steps
USED_UP = "used_up.txt"  # what training.fuse and measuring have to leave out


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The fields of config.yaml, which says what they mean."""

    seed: int
    steps: int
    batch: int
    trunk_rate: float
    head_rate: float
    weight_decay: float
    averaging: float
    held_out: float
    smallest_face: float
    beside_share: float

    def share_of_rate(self, step: int) -> float:
        """Up over a twentieth of the steps, down as a cosine (0 to 1)."""
        warm = max(self.steps / 20, 1)
        return min((step + 1) / warm, 0.5 + 0.5 * math.cos(math.pi * step / self.steps))


class Training:
    """The network, its average and its optimiser."""

    def __init__(self, recipe: Recipe) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.model = GenerationDetector().to(memory_format=torch.channels_last)
        self.average = AveragedModel(
            self.model, multi_avg_fn=get_ema_multi_avg_fn(recipe.averaging), use_buffers=True
        )
        head = [*self.model.norm.parameters(), *self.model.classifier.parameters()]
        tuned = [p for p in self.model.stages.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            [{"params": tuned}, {"params": head}], weight_decay=recipe.weight_decay
        )

    def learn(self, step: int, windows: Tensor, labels: Tensor) -> float:
        """One step; returns its loss (nats a window)."""
        self.model.train()
        rates = (self.recipe.trunk_rate, self.recipe.head_rate)
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * self.recipe.share_of_rate(step)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits, _ = self.model(windows)
        loss = functional.binary_cross_entropy_with_logits(logits.float(), labels)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        self.average.update_parameters(self.model)
        return loss.item()

    def save(self, file: Path) -> None:
        torch.save({"averaged": self.average.module.state_dict()}, file)


def scores(model: torch.nn.Module, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Logits (N) of whole crops (N 224 224 3, uint8, RGB)."""
    model.eval()
    with torch.inference_mode():
        parts = [
            model(torch.from_numpy(np.ascontiguousarray(crops[start : start + 16])))[0]
            for start in range(0, len(crops), 16)
        ]
    return np.asarray(torch.cat(parts)[:, 0].numpy())


def train(recipe: Recipe, faces: Faces, out: Path) -> float:
    """Train, write OUT/best.pt, log.csv and USED_UP; returns the AUC on held-out groups."""
    training = Training(recipe)
    source = batches(faces.real, faces.generated, recipe.batch, seed=recipe.seed)
    out.mkdir(parents=True, exist_ok=True)
    (out / USED_UP).write_text("".join(f"{name}\n" for name in sorted(faces.used_up)))
    log = []
    for step in tqdm(range(recipe.steps), unit="step", mininterval=10):
        windows, labels = next(source)
        loss = training.learn(step, torch.from_numpy(windows), torch.from_numpy(labels))
        log.append((step + 1, loss))
        if (step + 1) % SAVED_EVERY == 0 or step + 1 == recipe.steps:
            training.save(out / "best.pt")
            with (out / "log.csv").open("w", newline="") as file:
                csv.writer(file).writerows([("step", "train_loss"), *log])
    kept_out = (faces.other_real, faces.other_generated)
    judged = [scores(training.average.module, crops) for crops in kept_out]
    truth = np.repeat([0, 1], [len(part) for part in judged])
    return area_under_curve(np.concatenate(judged), truth)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="real faces (training.faces)")
    parser.add_argument("--generated", type=Path, required=True, help="faces with generated ones")
    parser.add_argument("--leave-out", default="", help="a generator that is not trained on")
    parser.add_argument("--held-out-of", type=Path, help="hold out what is held out of these faces")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--steps", type=int, help="instead of the config's")
    parser.add_argument(
        "--allow-licence", action="append", default=[], help="train on it though it says no"
    )
    chosen = parser.parse_args(arguments)
    settings = yaml.safe_load(chosen.config.read_text())
    recipe = Recipe(**settings | ({"steps": chosen.steps} if chosen.steps else {}))
    cv2.setNumThreads(1)
    choice = Choice(
        seed=recipe.seed,
        held_out=recipe.held_out,
        smallest_face=recipe.smallest_face,
        beside_share=recipe.beside_share,
        leave_out=chosen.leave_out,
        held_out_of=chosen.held_out_of,
    )
    allow = chosen.allow_licence
    used = check_faces(chosen.data, allow=allow)
    faces = choice.read(chosen.data, chosen.generated)
    used += licences(chosen.generated, faces.learned, allow)
    auc = train(recipe, faces, chosen.out)
    write_used(chosen.out, used)
    (chosen.out / FILE_NAME).write_text(told(faces.learned, chosen.leave_out))
    print(f"{chosen.out / 'best.pt'}: AUC {auc:.3f} on held-out groups")


if __name__ == "__main__":
    main(sys.argv[1:])
