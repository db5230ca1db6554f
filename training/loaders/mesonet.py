"""MesoNet (Afchar et al. 2018): Meso-4 and MesoInception-4, from Keras' files."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from moderation.errors import InvalidConfiguration
from training.loaders.detector import ForeignDetector
from training.loaders.framing import Framing
from training.loaders.keras_file import KerasLayer, read_layers

EMBEDDING = 16

# The authors turn the face upright and cut a square around the middle of its nose, 1.3 x 2.2
# times as wide as the eyes or the eyes and the mouth are apart (`find_coordinates`,
# `get_aligned_face` of pipeline.py in DariusAf/MesoNet). By the landmarks of 3,585 real faces
# that is 0.815 of our crop (0.75 to 0.88 in the middle 80 of 100), 0.047 of it below the centre.
FRAMING = Framing(side=256, width=0.815, height=0.815, lower=0.047)

KERAS_EPSILON = 1e-3  # of Keras' BatchNormalization


class Inception(nn.Module):
    """Four branches, the last two seeing 5 and 7 pixels wide (`InceptionLayer`)."""

    def __init__(self, inputs: int, branches: tuple[int, int, int, int]) -> None:
        super().__init__()
        one, *others = branches
        self.one = _conv(inputs, one, 1)
        self.others = nn.ModuleList(
            nn.Sequential(
                _conv(inputs, width, 1),
                nn.ReLU(),
                _conv(width, width, 3, dilation=dilation),
            )
            for dilation, width in enumerate(others, start=1)
        )

    def forward(self, features: Tensor) -> Tensor:
        branches = [self.one(features), *(branch(features) for branch in self.others)]
        return torch.cat(branches, dim=1)


class MesoNet(nn.Module):
    """Four blocks of convolution, ReLU, norm and pooling; two dense layers.

    Its parts are made in the order in which the authors make them, by which they are
    filled from a file.
    """

    def __init__(self, first: nn.Module, second: nn.Module, widths: tuple[int, int]) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            _block(first, widths[0], 2),
            _block(second, widths[1], 2),
            _block(_conv(widths[1], 16, 5), 16, 2),
            _block(_conv(16, 16, 5), 16, 4),
        )
        self.hidden = nn.Linear(16 * 8 * 8, EMBEDDING)
        self.real = nn.Linear(EMBEDDING, 1)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        features = self.blocks(pixels)
        rows = features.permute(0, 2, 3, 1).flatten(1)  # as Keras flattens: N (H W C)
        hidden = functional.leaky_relu(self.hidden(rows), 0.1)
        # The sigmoid was trained to say "real": the folders of the classes are called df and
        # real, and Keras numbers them by the alphabet (example.py; issue 9 of the authors').
        return hidden, -self.real(hidden)


def meso4() -> MesoNet:
    return MesoNet(_conv(3, 8, 3), _conv(8, 8, 5), (8, 8))


def meso_inception4() -> MesoNet:
    return MesoNet(Inception(3, (1, 4, 4, 2)), Inception(11, (2, 4, 4, 2)), (11, 12))


def load_mesonet(path: Path) -> ForeignDetector:
    """Either network, told apart by how many convolutions the file holds.

    Raises:
        InvalidConfiguration: the file holds neither.
    """
    layers = read_layers(path)
    count = sum(layer.kind == "conv2d" for layer in layers)
    if count not in (4, 16):
        raise InvalidConfiguration(
            f"{path}: {count} convolutions, where Meso-4 has 4 and MesoInception-4 has 16"
        )
    network = meso4() if count == 4 else meso_inception4()
    fill(network, layers, of=str(path))
    return ForeignDetector(FRAMING, network, embedding=EMBEDDING)


def fill(network: MesoNet, layers: list[KerasLayer], *, of: str) -> None:
    """Give each part the weights of the layer that stands at its place among its kind.

    Raises:
        InvalidConfiguration: there are more layers, fewer, or of other shapes.
    """
    for kind, part in (
        ("conv2d", nn.Conv2d),
        ("batch_normalization", nn.BatchNorm2d),
        ("dense", nn.Linear),
    ):
        ours = [module for module in network.modules() if isinstance(module, part)]
        theirs = [layer for layer in layers if layer.kind == kind]
        if len(ours) != len(theirs):
            raise InvalidConfiguration(
                f"{of}: {len(theirs)} layers of kind {kind}, this MesoNet has {len(ours)}"
            )
        for place, (module, layer) in enumerate(zip(ours, theirs, strict=True), start=1):
            _fill(module, layer, of=f"{of}: {kind} {place}")


def _fill(module: nn.Module, layer: KerasLayer, *, of: str) -> None:
    arrays = layer.weights
    if arrays and layer.kind == "conv2d" and arrays[0].ndim == 4:
        arrays = (arrays[0].transpose(3, 2, 0, 1), *arrays[1:])  # H W in out to out in H W
    if arrays and layer.kind == "dense":
        arrays = (arrays[0].T, *arrays[1:])
    names = ("weight", "bias", "running_mean", "running_var")
    slots = [cast(Tensor, getattr(module, name)) for name in names if hasattr(module, name)]
    found, wanted = [a.shape for a in arrays], [tuple(slot.shape) for slot in slots]
    if found != wanted:
        raise InvalidConfiguration(f"{of} has shapes {found}, MesoNet {wanted}")
    with torch.no_grad():
        for slot, array in zip(slots, arrays, strict=True):
            slot.copy_(torch.from_numpy(np.ascontiguousarray(array)))


def _conv(inputs: int, outputs: int, kernel: int, *, dilation: int = 1) -> nn.Conv2d:
    """Padded as Keras' "same" does at a stride of 1."""
    return nn.Conv2d(
        inputs, outputs, kernel, padding=dilation * (kernel // 2), dilation=dilation
    )  # fmt: skip


def _block(convolution: nn.Module, channels: int, pool: int) -> nn.Sequential:
    """Keras' "same" pooling pads nothing here: 256 pixels divide by 2, 2, 2 and 4."""
    return nn.Sequential(
        convolution,
        nn.ReLU(),
        nn.BatchNorm2d(channels, eps=KERAS_EPSILON),
        nn.MaxPool2d(pool),
    )
