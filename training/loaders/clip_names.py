"""Finds CLIP's vision tower in a checkpoint, and calls its tensors as timm does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isqrt

import torch
from torch import Tensor

from moderation.errors import InvalidConfiguration
from training.loaders.checkpoints import State

WIDTH_OF_HEAD = 64  # each attention head of every CLIP has so many values


@dataclass(frozen=True, slots=True, kw_only=True)
class Tower:
    """A vision tower: `tensors` by timm's names, `projection` (features width) if there is one."""

    tensors: State
    projection: Tensor | None
    width: int
    hidden: int
    depth: int
    patch: int
    grid: int  # patches along a side


# How a tensor outside of the blocks, and one within a block, is called.
_OPENAI = {
    "class_embedding": "cls_token", "positional_embedding": "pos_embed",
    "conv1.weight": "patch_embed.proj.weight",
    "ln_pre.weight": "norm_pre.weight", "ln_pre.bias": "norm_pre.bias",
    "ln_post.weight": "norm.weight", "ln_post.bias": "norm.bias",
}  # fmt: skip
_OPENAI_BLOCK = {
    "ln_1": "norm1", "attn.in_proj_": "attn.qkv.", "attn.out_proj": "attn.proj",
    "ln_2": "norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
}  # fmt: skip
_TRANSFORMERS = {
    "embeddings.class_embedding": "cls_token",
    "embeddings.position_embedding.weight": "pos_embed",
    "embeddings.patch_embedding.weight": "patch_embed.proj.weight",
    # the misspelling is theirs
    "pre_layrnorm.weight": "norm_pre.weight", "pre_layrnorm.bias": "norm_pre.bias",
    "post_layernorm.weight": "norm.weight", "post_layernorm.bias": "norm.bias",
}  # fmt: skip
_TRANSFORMERS_BLOCK = {
    "layer_norm1": "norm1", "self_attn.out_proj": "attn.proj", "layer_norm2": "norm2",
    "mlp.fc1": "mlp.fc1", "mlp.fc2": "mlp.fc2",
}  # fmt: skip

# Parts of CLIP that play no role for pictures, and what transformers saves besides weights.
_TEXT = re.compile(
    r"(.*\.)?(text_model\..*|text_projection(\.weight)?|logit_scale|logit_bias|position_ids)"
)
_OPENAI_TEXT = re.compile(
    r"(transformer\.resblocks\..*|token_embedding\.weight|positional_embedding"
    r"|ln_final\.(weight|bias)|text_projection|logit_scale)"
)
_QKV = re.compile(r"self_attn\.([qkv])_proj\.(weight|bias)")


def find_tower(state: State, *, of: str) -> tuple[Tower, dict[str, Tensor]]:
    """The tower, and what belongs neither to it nor to CLIP's text.

    Raises:
        InvalidConfiguration: there is none, or it is incomplete.
    """
    transformers = _prefix(state, "embeddings.class_embedding")
    if transformers is not None:
        return _transformers(state, transformers, of=of)
    openai = _prefix(state, "class_embedding")
    if openai is not None:
        return _openai(state, openai, of=of)
    raise InvalidConfiguration(f"{of}: no vision tower of CLIP in it (class_embedding)")


def _prefix(state: State, name: str) -> str | None:
    """What stands before the shortest name that ends like this."""
    found = [k.removesuffix(name) for k in state if k == name or k.endswith(f".{name}")]
    return min(found, key=len, default=None)


def _transformers(state: State, prefix: str, *, of: str) -> tuple[Tower, dict[str, Tensor]]:
    taken: dict[str, Tensor] = {}
    parts: dict[str, dict[str, Tensor]] = {}
    rest: dict[str, Tensor] = {}
    outer = prefix.removesuffix("vision_model.")
    projection = state.get(f"{outer}visual_projection.weight")
    for name, tensor in state.items():
        inner = name.removeprefix(prefix)
        block, layer = _block(inner, "encoder.layers.")
        part = _QKV.fullmatch(layer) if block is not None else None
        ours = _within(layer, block, _TRANSFORMERS_BLOCK) or _TRANSFORMERS.get(inner)
        if not name.startswith(prefix) or not (part or ours):
            if not _TEXT.fullmatch(name) and name != f"{outer}visual_projection.weight":
                rest[name] = tensor
        elif part:
            parts.setdefault(f"blocks.{block}.attn.qkv.{part[2]}", {})[part[1]] = tensor
        else:
            taken[str(ours)] = tensor
    for name, qkv in parts.items():
        if len(qkv) < 3 or len({one.shape for one in qkv.values()}) > 1:
            raise InvalidConfiguration(f"{of}: queries, keys and values do not fit in {name}")
        taken[name] = torch.cat([qkv["q"], qkv["k"], qkv["v"]])
    return _tower(taken, projection, of=of), rest


def _openai(state: State, prefix: str, *, of: str) -> tuple[Tower, dict[str, Tensor]]:
    taken: dict[str, Tensor] = {}
    rest: dict[str, Tensor] = {}
    outer = prefix.removesuffix("visual.")
    projection = state.get(f"{prefix}proj")
    for name, tensor in state.items():
        inner = name.removeprefix(prefix)
        block, layer = _block(inner, "transformer.resblocks.")
        ours = _within(layer, block, _OPENAI_BLOCK) or _OPENAI.get(inner)
        if name.startswith(prefix) and ours:
            taken[ours] = tensor
        elif name != f"{prefix}proj" and not _OPENAI_TEXT.fullmatch(name.removeprefix(outer)):
            rest[name] = tensor
    return _tower(taken, None if projection is None else projection.T.contiguous(), of=of), rest


def _block(inner: str, before: str) -> tuple[int | None, str]:
    """Of "encoder.layers.3.mlp.fc1.weight" the 3, and what follows."""
    number, _, layer = inner.removeprefix(before).partition(".")
    if not inner.startswith(before) or not re.fullmatch(r"\d{1,3}", number):
        return None, ""
    return int(number), layer


def _within(layer: str, block: int | None, names: dict[str, str]) -> str | None:
    for theirs, ours in names.items():
        if block is not None and layer.removeprefix(theirs) in (
            "weight",
            "bias",
            ".weight",
            ".bias",
        ):
            return f"blocks.{block}.{ours}{layer.removeprefix(theirs)}"
    return None


def _tower(tensors: dict[str, Tensor], projection: Tensor | None, *, of: str) -> Tower:
    """Measure the tower by its tensors; whether all are there, and fit, `take_over` sees."""
    blocks = {int(name.split(".")[1]) for name in tensors if name.startswith("blocks.")}
    patches, hidden = tensors.get("patch_embed.proj.weight"), tensors.get("blocks.0.mlp.fc1.weight")
    places, token = tensors.get("pos_embed"), tensors.get("cls_token")
    if patches is None or hidden is None or places is None or token is None:
        raise InvalidConfiguration(f"{of}: CLIP's vision tower is incomplete")
    width = token.numel()
    grid = isqrt(max(len(places) - 1, 0)) if places.ndim == 2 else 0
    # Nothing much larger than the file itself may be built from it.
    sound = (
        patches.shape[:2] == (width, 3) and patches.ndim == 4,
        hidden.shape[1:] == (width,),
        grid > 0 and places.shape == (grid**2 + 1, width),
        width > 0 and width % WIDTH_OF_HEAD == 0,
        blocks == set(range(len(blocks))),
    )
    if not all(sound):
        raise InvalidConfiguration(f"{of}: the tensors are not those of a vision tower of CLIP")
    return Tower(
        tensors={**tensors, "cls_token": token.reshape(1, 1, -1), "pos_embed": places[None]},
        projection=projection,
        width=width,
        hidden=hidden.shape[0],
        depth=len(blocks),
        patch=patches.shape[-1],
        grid=grid,
    )
