"""Draws how a training went."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot


def draw_curve(log: Sequence[Sequence[float]], file: Path) -> None:
    """Losses and held-out AUC over images seen; the columns are those of `train.LOG_COLUMNS`."""
    _, images, _, train_loss, held_out_loss, auc = zip(*log, strict=True)
    figure, left = pyplot.subplots(figsize=(7, 4))
    left.plot(images, train_loss, label="loss, training")
    left.plot(images, held_out_loss, label="loss, held-out faces")
    left.set_xlabel("images seen")
    left.set_ylabel("nats an image")
    right = left.twinx()
    right.plot(images, auc, color="black", linestyle="--", label="AUC, held-out faces")
    right.set_ylim(0.5, 1)
    figure.legend(loc="upper center", ncols=3, fontsize="small")
    figure.savefig(file, dpi=100)
    pyplot.close(figure)
