"""CLIP's vision tower under a linear layer: GenD, TwinD and their like."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn
from torch.nn import functional

from moderation.errors import InvalidConfiguration
from training.loaders.checkpoints import State, read_state, refuse_others, take_over
from training.loaders.clip_names import WIDTH_OF_HEAD, Tower, find_tower
from training.loaders.detector import ForeignDetector
from training.loaders.framing import Framing

# Of CLIP's image processor (preprocessor_config.json of openai/clip-vit-large-patch14).
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)

NORMALISING = "LinearNorm"  # how GenD's config.json calls a head on features of length 1
GEND_HEAD = "model.linear."  # where GenD keeps it


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """The linear layer found in a checkpoint, under the name of its weight without `weight`."""

    prefix: str
    weight: Tensor
    bias: Tensor


class ClipLinear(nn.Module):
    """The tower's class token after its last norm; its projection if the head is made for it."""

    def __init__(self, tower: Tower, head: Linear, *, normalising: bool, projected: bool) -> None:
        super().__init__()
        self.trunk = VisionTransformer(
            img_size=tower.grid * tower.patch,
            patch_size=tower.patch,
            num_classes=0,
            embed_dim=tower.width,
            depth=tower.depth,
            num_heads=tower.width // WIDTH_OF_HEAD,
            mlp_ratio=tower.hidden / tower.width,
            pre_norm=True,  # and with it patches without a bias
            weight_init="skip",
            norm_layer=partial(nn.LayerNorm, eps=1e-5),
            act_layer="quick_gelu",
        )
        classes, features = head.weight.shape
        self.projection = nn.Linear(tower.width, features, bias=False) if projected else None
        self.fc = nn.Linear(features, classes)
        self.normalising = normalising

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(pixels)
        if self.projection is not None:
            features = self.projection(features)
        judged = functional.normalize(features, dim=1) if self.normalising else features
        return features, self.fc(judged)


def load_clip(path: Path, *, normalising: bool | None = None) -> ForeignDetector:
    """A vision tower (names of transformers or of OpenAI) with a linear head, all in one file.

    Whether the head takes features of length 1: as told, else as a `config.json` beside
    the file says, else as GenD does when the head bears its name. Depth, width and
    resolution are those of the tensors.

    Raises:
        InvalidConfiguration: the file is not that.
    """
    of = str(path)
    tower, rest = find_tower(read_state(path), of=of)
    head = _head(rest, of=of)
    left = {n for n in rest if n not in (f"{head.prefix}weight", f"{head.prefix}bias")}
    refuse_others(left, of=of, why="a CLIP tower with a linear head does not have")
    features = head.weight.shape[1]
    projected = features != tower.width
    if projected and (tower.projection is None or len(tower.projection) != features):
        raise InvalidConfiguration(
            f"{of}: the head takes {features} features, the tower gives {tower.width}"
        )
    if normalising is None:
        normalising = _said_beside(path, otherwise=head.prefix == GEND_HEAD)
    network = ClipLinear(tower, head, normalising=normalising, projected=projected)
    state = {f"trunk.{name}": tensor for name, tensor in tower.tensors.items()}
    state |= {"fc.weight": head.weight, "fc.bias": head.bias}
    if projected and tower.projection is not None:
        state["projection.weight"] = tower.projection
    take_over(network, state, of=of, whose="a CLIP tower with a linear head")
    framing = Framing(side=tower.grid * tower.patch, mean=MEAN, std=STD)
    return ForeignDetector(framing, network, embedding=features)


def _head(rest: State, *, of: str) -> Linear:
    """The only weight of one or two rows that is left beside the tower."""
    found = [
        name for name, t in rest.items()
        if name.endswith("weight") and t.ndim == 2 and t.shape[0] in (1, 2)
    ]  # fmt: skip
    if len(found) != 1:
        raise InvalidConfiguration(
            f"{of}: {len(found)} linear heads of one or two classes beside the tower, not one"
        )
    weight, prefix = rest[found[0]], found[0].removesuffix("weight")
    bias = rest.get(f"{prefix}bias", torch.zeros(weight.shape[0]))
    return Linear(prefix=prefix, weight=weight, bias=bias)


def _said_beside(path: Path, *, otherwise: bool) -> bool:
    """What a config.json of GenD's in the same folder says of the head."""
    try:
        said = json.loads(path.with_name("config.json").read_bytes())
    except (OSError, ValueError):
        return otherwise
    if not isinstance(said, dict) or "head" not in said:
        return otherwise
    return bool(said["head"] == NORMALISING)
