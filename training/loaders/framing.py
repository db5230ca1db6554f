"""What a network is shown of an aligned crop: part, size and values as its authors chose."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from inference.faces.crops import CROP_SIDE

# Width of a face's box by its height: median of 3,585 real faces as this product finds them
# (a tenth of them under 0.70, a tenth over 0.81). Authors cut by the box, our crops are square.
BOX_ASPECT = 0.75

NONE = (0.0, 0.0, 0.0)
ONES = (1.0, 1.0, 1.0)
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """A window onto the crop, and how it becomes the input of a network.

    `width` and `height` of the window are in sides of the crop, `lower` tells how far
    below the crop's centre its own centre lies; over 1 it reaches beyond the crop, where
    nothing is known: black. It is enlarged to fill `side` x `side` pixels, `stretched` or
    with black bars. Values become (RGB in 0..1 - mean) / std.
    """

    side: int
    width: float = 1.0
    height: float = 1.0
    lower: float = 0.0
    stretched: bool = True
    mean: tuple[float, float, float] = NONE
    std: tuple[float, float, float] = ONES

    def span(self, share: float, lower: float) -> tuple[int, int]:
        """The first pixel of the crop in the window along one axis, and the one after the last."""
        middle, reach = CROP_SIDE * (0.5 + lower), CROP_SIDE * share / 2
        return max(round(middle - reach), 0), min(round(middle + reach), CROP_SIDE)

    def filled(self, share: float) -> int:
        """How many of the network's pixels what is seen along one axis fills."""
        whole = share if self.stretched else max(self.width, self.height)
        return min(round(self.side * min(share, 1.0) / whole), self.side)


class Framed(nn.Module):
    """Crops (N 224 224 3, uint8, RGB) to a network's input (N 3 side side, float32)."""

    mean: Tensor
    std: Tensor

    def __init__(self, framing: Framing) -> None:
        super().__init__()
        self.framing = framing
        self.register_buffer("mean", torch.tensor(framing.mean)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(framing.std)[:, None, None], persistent=False)

    def forward(self, crops: Tensor) -> Tensor:
        shown = self.framing
        top, bottom = shown.span(shown.height, shown.lower)
        left, right = shown.span(shown.width, 0.0)
        pixels = crops[:, top:bottom, left:right].permute(0, 3, 1, 2).float() / 255  # N C H W
        size = (shown.filled(shown.height), shown.filled(shown.width))
        if size != (bottom - top, right - left):
            pixels = functional.interpolate(pixels, size, mode="bilinear", align_corners=False)
        return (functional.pad(pixels, self._bars(*size)) - self.mean) / self.std

    def _bars(self, height: int, width: int) -> tuple[int, int, int, int]:
        across, down = self.framing.side - width, self.framing.side - height
        return across // 2, across - across // 2, down // 2, down - down // 2
