"""What a network is shown of a crop, in torch and as exported."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from training.loaders.clip import MEAN, STD
from training.loaders.detector import ForeignDetector, log_odds
from training.loaders.efficientnets import DFDC_FRAMING, SBI_FRAMING
from training.loaders.framing import Framed, Framing
from training.loaders.mesonet import FRAMING as MESO_FRAMING
from training.onnx_graphs import check, trace

NOISE = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), np.uint8)


class Means(nn.Module):
    """Answers means over 4 x 4 parts of what it is shown, and a mixture of them."""

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        side = pixels.shape[-1] // 4
        parts = nn.functional.avg_pool2d(pixels, side).flatten(1)
        return parts, (parts * torch.linspace(-1, 1, parts.shape[1])).sum(1, keepdim=True)


def test_a_whole_crop_at_its_own_size_is_untouched() -> None:
    shown = Framed(Framing(side=224))(torch.from_numpy(NOISE))
    assert torch.equal(shown, torch.from_numpy(NOISE).permute(0, 3, 1, 2) / 255)


def test_a_narrow_window_shows_the_middle_and_below_it() -> None:
    crop = np.zeros((1, 224, 224, 3), np.uint8)
    crop[:, 66:178, 56:168] = 255  # 112 wide, its middle 10 below the crop's
    framing = Framing(side=112, width=0.5, height=0.5, lower=10 / 224)
    assert Framed(framing)(torch.from_numpy(crop)).min() == 1.0
    off = Framing(side=112, width=0.5, height=0.5, lower=12 / 224)
    assert Framed(off)(torch.from_numpy(crop)).min() == 0.0


def test_beyond_the_crop_it_is_black_and_the_face_keeps_its_size() -> None:
    white = torch.full((1, 224, 224, 3), 255, dtype=torch.uint8)
    shown = Framed(Framing(side=200, width=1.0, height=2.0, stretched=False))(white)
    assert shown.shape == (1, 3, 200, 200)
    lit = shown[0, 0] > 0.5
    assert lit.sum() == 100 * 100
    assert lit[50:150, 50:150].all()


def test_the_dfdc_winner_sees_a_face_as_large_as_its_author_cut_it() -> None:
    white = torch.full((1, 224, 224, 3), 255, dtype=torch.uint8)
    lit = Framed(DFDC_FRAMING)(white)[0].mean(0) > 0
    # a box 1 high: 380 pixels show 5/3 of it, so our 1.3 are 296
    assert lit.any(1).sum() == round(380 * 1.3 / (5 / 3))


@pytest.mark.parametrize(
    "framing",
    [SBI_FRAMING, DFDC_FRAMING, MESO_FRAMING, Framing(side=336, mean=MEAN, std=STD)],
)
def test_the_exported_graph_shows_the_same(framing: Framing) -> None:
    detector = ForeignDetector(framing, Means(), embedding=48)
    assert check(detector, trace(detector), NOISE, at_most=1e-3) <= 1e-3


def test_of_two_classes_the_log_odds_of_the_second_are_told() -> None:
    logits = torch.tensor([[1.0, 3.0], [2.0, -1.0]])
    expected = torch.logit(logits.softmax(1)[:, 1:])
    torch.testing.assert_close(log_odds(logits), expected)
    assert torch.equal(log_odds(logits[:, :1]), logits[:, :1])
