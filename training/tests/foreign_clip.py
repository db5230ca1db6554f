"""Small CLIPs in the names of transformers and of OpenAI, and their arithmetic."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

WIDTH, DEPTH, PATCH, GRID, PROJECTED = 128, 2, 14, 16, 96


def transformers_tower() -> dict[str, Tensor]:
    """`vision_model.…` of CLIPModel, with the projection that stands beside it."""
    draw = torch.Generator().manual_seed(0)

    def some(*shape: int, around: float = 0.0) -> Tensor:
        return torch.randn(shape, generator=draw) * 0.1 + around

    state = {
        "embeddings.class_embedding": some(WIDTH),
        "embeddings.patch_embedding.weight": some(WIDTH, 3, PATCH, PATCH),
        "embeddings.position_embedding.weight": some(GRID**2 + 1, WIDTH),
    }
    for norm in ("pre_layrnorm", "post_layernorm"):
        state |= {f"{norm}.weight": some(WIDTH, around=1.0), f"{norm}.bias": some(WIDTH)}
    for number in range(DEPTH):
        layer = f"encoder.layers.{number}."
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            state[f"{layer}self_attn.{part}.weight"] = some(WIDTH, WIDTH)
            state[f"{layer}self_attn.{part}.bias"] = some(WIDTH)
        for norm in ("layer_norm1", "layer_norm2"):
            state[f"{layer}{norm}.weight"] = some(WIDTH, around=1.0)
            state[f"{layer}{norm}.bias"] = some(WIDTH)
        state |= {f"{layer}mlp.fc1.weight": some(4 * WIDTH, WIDTH)}
        state |= {f"{layer}mlp.fc1.bias": some(4 * WIDTH)}
        state |= {f"{layer}mlp.fc2.weight": some(WIDTH, 4 * WIDTH)}
        state |= {f"{layer}mlp.fc2.bias": some(WIDTH)}
    found = {f"vision_model.{name}": tensor for name, tensor in state.items()}
    return found | {"visual_projection.weight": some(PROJECTED, WIDTH)}


def openai_tower(theirs: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same numbers as CLIP's own code saves them: `visual.…`."""
    inner = {k.removeprefix("vision_model."): v for k, v in theirs.items()}
    state = {
        "class_embedding": inner["embeddings.class_embedding"],
        "positional_embedding": inner["embeddings.position_embedding.weight"],
        "conv1.weight": inner["embeddings.patch_embedding.weight"],
        "proj": inner["visual_projection.weight"].T,
    }
    for ours, norm in (("ln_pre", "pre_layrnorm"), ("ln_post", "post_layernorm")):
        state |= {f"{ours}.{p}": inner[f"{norm}.{p}"] for p in ("weight", "bias")}
    for number in range(DEPTH):
        layer, block = f"encoder.layers.{number}.", f"transformer.resblocks.{number}."
        for part in ("weight", "bias"):
            qkv = [inner[f"{layer}self_attn.{one}_proj.{part}"] for one in "qkv"]
            state[f"{block}attn.in_proj_{part}"] = torch.cat(qkv)
            state[f"{block}attn.out_proj.{part}"] = inner[f"{layer}self_attn.out_proj.{part}"]
            state[f"{block}ln_1.{part}"] = inner[f"{layer}layer_norm1.{part}"]
            state[f"{block}ln_2.{part}"] = inner[f"{layer}layer_norm2.{part}"]
            state[f"{block}mlp.c_fc.{part}"] = inner[f"{layer}mlp.fc1.{part}"]
            state[f"{block}mlp.c_proj.{part}"] = inner[f"{layer}mlp.fc2.{part}"]
    return {f"visual.{name}": tensor for name, tensor in state.items()}


def pooled(theirs: dict[str, Tensor], pixels: Tensor) -> Tensor:
    """transformers' `pooler_output` of N 3 224 224, by its names: N WIDTH."""

    def at(name: str) -> Tensor:
        return theirs[f"vision_model.{name}"]

    def norm(x: Tensor, name: str) -> Tensor:
        return functional.layer_norm(x, (WIDTH,), at(f"{name}.weight"), at(f"{name}.bias"), 1e-5)

    def linear(x: Tensor, name: str) -> Tensor:
        return functional.linear(x, at(f"{name}.weight"), at(f"{name}.bias"))

    patches = functional.conv2d(pixels, at("embeddings.patch_embedding.weight"), stride=PATCH)
    token = at("embeddings.class_embedding").expand(len(pixels), 1, WIDTH)
    x = torch.cat([token, patches.flatten(2).transpose(1, 2)], dim=1)
    x = norm(x + at("embeddings.position_embedding.weight"), "pre_layrnorm")
    for number in range(DEPTH):
        layer = f"encoder.layers.{number}."
        y = norm(x, f"{layer}layer_norm1")
        q, k, v = (
            linear(y, f"{layer}self_attn.{one}_proj").unflatten(2, (-1, 64)).transpose(1, 2)
            for one in "qkv"
        )
        weights = (q @ k.transpose(2, 3) / 8).softmax(-1)  # 8 is the root of 64
        x = x + linear((weights @ v).transpose(1, 2).flatten(2), f"{layer}self_attn.out_proj")
        y = linear(norm(x, f"{layer}layer_norm2"), f"{layer}mlp.fc1")
        x = x + linear(y * torch.sigmoid(1.702 * y), f"{layer}mlp.fc2")  # quick GELU
    return norm(x[:, 0], "post_layernorm")
