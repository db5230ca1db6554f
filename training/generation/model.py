"""The detector of generated faces: the first stages of EfficientNet-Lite0 and their statistics.

What a generator leaves behind is texture; late stages would learn whose pictures they see.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.blending.model import (
    STAGES,
    TEXTURE_STAGES,
    BlendingDetector,
    imagenet_weights,
    keep_statistics,
    moments,
    normalised,
)

EMBEDDING_DIM = 2 * sum(TEXTURE_STAGES)
FROZEN_STAGES = 1  # it and the stem keep ImageNet's filters: the dearest layers of a step


class GenerationDetector(nn.Module):
    """Says of a face crop how much its texture looks generated.

    Fully convolutional: trained on windows of crops, served on whole ones. Statistics of
    the batch norms are ImageNet's throughout.
    """

    def __init__(self, *, dropout: float = 0.2) -> None:
        super().__init__()
        trunk = BlendingDetector(drop_path=0.0)
        trunk.load_imagenet(imagenet_weights())
        self.stem = trunk.stem
        used = len(STAGES) - 2
        blocks = list(trunk.body)[: sum(stage.repeats for stage in STAGES[:used])]
        self.stages = nn.ModuleList()
        for stage in STAGES[:used]:
            self.stages.append(nn.Sequential(*blocks[: stage.repeats]))
            blocks = blocks[stage.repeats :]
        self.norm = nn.BatchNorm1d(EMBEDDING_DIM)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(EMBEDDING_DIM, 1)
        for frozen in (self.stem, *self.stages[:FROZEN_STAGES]):
            frozen.requires_grad_(False)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Score crops (N H W C, uint8, 0 to 255, RGB): logit (N 1), embedding (N D), float32."""
        features, parts = self.stem(_pixels(crops)), []
        for place, stage in enumerate(self.stages):
            features = stage(features)
            if STAGES[place].channels in TEXTURE_STAGES:
                parts += moments(features.float(), spread=True)
        embedding = torch.cat(parts, dim=1)
        logit = self.classifier(self.dropout(self.norm(embedding)))
        return cast(Tensor, logit), embedding

    def train(self, mode: bool = True) -> GenerationDetector:
        """As PyTorch's, but the trunk's batch norms always keep their statistics."""
        super().train(mode)
        keep_statistics(self.stem)
        keep_statistics(self.stages)
        return self


def _pixels(crops: Tensor) -> Tensor:
    """Crops as the stem takes them: N C H W, normalised and padded."""
    return functional.pad(normalised(crops), (0, 1, 0, 1))
