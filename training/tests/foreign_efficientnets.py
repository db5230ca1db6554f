"""EfficientNets as efficientnet_pytorch 0.7 and timm of 2020 name them, and their arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import torch
from torch import Tensor
from torch.nn import functional

# Tan & Le 2019, table 1: kernel, stride, expansion, channels, repeats.
STAGES = (
    (3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3), (5, 2, 6, 192, 4), (3, 1, 6, 320, 1),
)  # fmt: skip
Names = dict[str, str]

# A block's layers by what they do, as each library calls them; (expanded, not expanded).
LUKE: tuple[Names, Names] = (
    {"expand": "_expand_conv", "expand_norm": "_bn0", "depthwise": "_depthwise_conv",
     "depthwise_norm": "_bn1", "reduce": "_se_reduce", "excite": "_se_expand",
     "project": "_project_conv", "project_norm": "_bn2"},
    {"depthwise": "_depthwise_conv", "depthwise_norm": "_bn1", "reduce": "_se_reduce",
     "excite": "_se_expand", "project": "_project_conv", "project_norm": "_bn2"},
)  # fmt: skip
LUKE_OUTER = {"stem": "_conv_stem", "stem_norm": "_bn0", "head": "_conv_head", "head_norm": "_bn1"}
TIMM: tuple[Names, Names] = (
    {"expand": "conv_pw", "expand_norm": "bn1", "depthwise": "conv_dw", "depthwise_norm": "bn2",
     "reduce": "se.conv_reduce", "excite": "se.conv_expand", "project": "conv_pwl",
     "project_norm": "bn3"},
    {"depthwise": "conv_dw", "depthwise_norm": "bn1", "reduce": "se.conv_reduce",
     "excite": "se.conv_expand", "project": "conv_pw", "project_norm": "bn2"},
)  # fmt: skip
TIMM_OUTER = {"stem": "conv_stem", "stem_norm": "bn1", "head": "conv_head", "head_norm": "bn2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One inverted residual: its prefix within the network, and its numbers."""

    prefix: str
    names: Names
    kernel: int
    stride: int
    inputs: int
    wide: int
    outputs: int


def channels(base: int, width: float) -> int:
    """Channels scaled by the width, in steps of 8 that lose no more than a tenth."""
    scaled = max(8, int(base * width + 4) // 8 * 8)
    return scaled + 8 if scaled < 0.9 * base * width else scaled


def blocks(width: float, depth: float, *, luke: bool) -> Iterator[Block]:
    inputs, number = channels(32, width), 0
    for stage, (kernel, stride, expansion, base, repeats) in enumerate(STAGES):
        outputs = channels(base, width)
        for place in range(ceil(repeats * depth)):
            yield Block(
                prefix=f"_blocks.{number}." if luke else f"blocks.{stage}.{place}.",
                names=(LUKE if luke else TIMM)[expansion == 1],
                kernel=kernel,
                stride=stride if place == 0 else 1,
                inputs=inputs,
                wide=inputs * expansion,
                outputs=outputs,
            )
            inputs, number = outputs, number + 1


def shapes(width: float, depth: float, *, luke: bool) -> dict[str, tuple[int, ...]]:
    """Every tensor of an encoder by its name in either library."""
    outer, found = LUKE_OUTER if luke else TIMM_OUTER, {}
    stem, head = channels(32, width), channels(1280, width)
    found[f"{outer['stem']}.weight"] = (stem, 3, 3, 3)
    found |= _norm(outer["stem_norm"], stem)
    last = stem
    for block in blocks(width, depth, luke=luke):
        name = {k: block.prefix + v for k, v in block.names.items()}
        if "expand" in name:
            found[f"{name['expand']}.weight"] = (block.wide, block.inputs, 1, 1)
            found |= _norm(name["expand_norm"], block.wide)
        few = block.inputs // 4
        found[f"{name['depthwise']}.weight"] = (block.wide, 1, block.kernel, block.kernel)
        found |= _norm(name["depthwise_norm"], block.wide)
        found[f"{name['reduce']}.weight"] = (few, block.wide, 1, 1)
        found[f"{name['reduce']}.bias"] = (few,)
        found[f"{name['excite']}.weight"] = (block.wide, few, 1, 1)
        found[f"{name['excite']}.bias"] = (block.wide,)
        found[f"{name['project']}.weight"] = (block.outputs, block.wide, 1, 1)
        found |= _norm(name["project_norm"], block.outputs)
        last = block.outputs
    found[f"{outer['head']}.weight"] = (head, last, 1, 1)
    return found | _norm(outer["head_norm"], head)


def _norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {
        f"{name}.{part}": (width,) for part in ("weight", "bias", "running_mean", "running_var")
    }


def drawn(found: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Random tensors that keep the size of what passes through them."""
    draw, state = torch.Generator().manual_seed(0), {}
    for name, shape in found.items():
        if name.endswith("running_var") or (len(shape) == 1 and name.endswith("weight")):
            state[name] = torch.rand(shape, generator=draw) + 0.5
        else:
            fan = torch.Size(shape[1:]).numel() if len(shape) > 1 else 100
            state[name] = torch.randn(shape, generator=draw) * (1.5 / fan) ** 0.5
    return state


def encode(state: dict[str, Tensor], pixels: Tensor, width: float, depth: float, *, luke: bool):
    """The features of N 3 H W by the names of either library: mean over positions, N D."""
    outer = LUKE_OUTER if luke else TIMM_OUTER

    def norm(features: Tensor, name: str) -> Tensor:
        parts = (state[f"{name}.{p}"] for p in ("running_mean", "running_var", "weight", "bias"))
        return functional.batch_norm(features, *parts, eps=1e-3)

    def same(features: Tensor, name: str, stride: int = 1, groups: int = 1) -> Tensor:
        """TensorFlow's padding: what is odd goes to the end."""
        kernel, side = state[f"{name}.weight"], features.shape[-1]
        pad = max((ceil(side / stride) - 1) * stride + kernel.shape[-1] - side, 0)
        ends = (pad // 2, pad - pad // 2)
        bias = state.get(f"{name}.bias")
        padded = functional.pad(features, ends * 2)
        return functional.conv2d(padded, kernel, bias, stride, groups=groups)

    features = functional.silu(norm(same(pixels, outer["stem"], 2), outer["stem_norm"]))
    for block in blocks(width, depth, luke=luke):
        name = {k: block.prefix + v for k, v in block.names.items()}
        inner = features
        if "expand" in name:
            inner = functional.silu(norm(same(inner, name["expand"]), name["expand_norm"]))
        inner = same(inner, name["depthwise"], block.stride, block.wide)
        inner = functional.silu(norm(inner, name["depthwise_norm"]))
        squeezed = functional.silu(same(inner.mean((2, 3), keepdim=True), name["reduce"]))
        inner = inner * same(squeezed, name["excite"]).sigmoid()
        inner = norm(same(inner, name["project"]), name["project_norm"])
        keeps = block.stride == 1 and block.inputs == block.outputs
        features = features + inner if keeps else inner
    return functional.silu(norm(same(features, outer["head"]), outer["head_norm"])).mean((2, 3))
