"""CLIP's tower under a linear head, in both spellings, against its arithmetic by name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from inference.bundles.bundle import read_bundle
from moderation.errors import InvalidConfiguration
from training.loaders.__main__ import main
from training.loaders.clip import ClipLinear, Linear, load_clip
from training.loaders.clip_names import Tower
from training.scoring import Scorer
from training.tests.foreign_clip import (
    PROJECTED,
    WIDTH,
    openai_tower,
    pooled,
    transformers_tower,
)

TOWER = transformers_tower()
CROPS = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
HEAD = torch.randn(2, WIDTH, generator=torch.Generator().manual_seed(1))
BIAS = torch.tensor([0.1, -0.2])


def gend(path: Path, **more: Tensor) -> Path:
    """A model.safetensors of GenD: `feature_extractor.…` and `model.linear.…`."""
    state = {f"feature_extractor.{name}": tensor for name, tensor in TOWER.items()}
    state |= {"model.linear.weight": HEAD, "model.linear.bias": BIAS, **more}
    save_file({k: v.contiguous() for k, v in state.items()}, path)
    return path


def expected(*, normalised: bool) -> Tensor:
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073])[:, None, None]
    std = torch.tensor([0.26862954, 0.26130258, 0.27577711])[:, None, None]
    pixels = (torch.from_numpy(CROPS).permute(0, 3, 1, 2) / 255 - mean) / std
    features = pooled(TOWER, pixels)
    if normalised:
        features = features / features.norm(dim=1, keepdim=True)
    real, fake = (features @ HEAD.T + BIAS).T
    return fake - real


def answered(path: Path, **choices: bool) -> Tensor:
    with torch.inference_mode():
        return load_clip(path, **choices).eval()(torch.from_numpy(CROPS))[0][:, 0]


def test_gend_computes_the_same_as_a_bundle(tmp_path: Path) -> None:
    path, out = gend(tmp_path / "model.safetensors"), tmp_path / "made"
    main(["clip-linear", str(path), "--out", str(out), "--name", "gend"])
    assert read_bundle(out).manifest.models[0].embedding == WIDTH
    torch.testing.assert_close(answered(path), expected(normalised=True), atol=1e-4, rtol=1e-4)
    logits, _ = Scorer(out / "gend" / "1" / "model.onnx", threads=1).score(CROPS)
    np.testing.assert_allclose(logits, expected(normalised=True), atol=1e-3)


def test_openais_names_stand_for_the_same_tower(tmp_path: Path) -> None:
    head = {"head.weight": HEAD, "head.bias": BIAS, "logit_scale": torch.tensor(4.6)}
    text = {"transformer.resblocks.0.ln_1.weight": torch.ones(8), "ln_final.bias": torch.ones(8)}
    torch.save({"model": openai_tower(TOWER) | head | text}, tmp_path / "openai.pth")
    found = answered(tmp_path / "openai.pth")
    torch.testing.assert_close(found, expected(normalised=False), atol=1e-4, rtol=1e-4)


def test_the_configuration_beside_it_says_what_the_head_takes(tmp_path: Path) -> None:
    path = gend(tmp_path / "model.safetensors")
    for head, normalised in (("linear", False), ("LinearNorm", True)):
        (tmp_path / "config.json").write_text(json.dumps({"head": head}))
        wanted = expected(normalised=normalised)
        torch.testing.assert_close(answered(path), wanted, atol=1e-4, rtol=1e-4)
    told = answered(path, normalising=False)
    torch.testing.assert_close(told, expected(normalised=False), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("spelling", ["transformers", "openai"])
def test_a_head_on_the_projection_gets_the_projection(tmp_path: Path, spelling: str) -> None:
    head = torch.randn(1, PROJECTED)
    tower = TOWER if spelling == "transformers" else openai_tower(TOWER)
    torch.save(tower | {"fc.weight": head}, tmp_path / "projected.pth")
    detector = load_clip(tmp_path / "projected.pth").eval()
    with torch.inference_mode():
        logits, embedding = detector(torch.from_numpy(CROPS))
        features = pooled(TOWER, detector.framed(torch.from_numpy(CROPS)))
    projected = features @ TOWER["visual_projection.weight"].T
    torch.testing.assert_close(embedding, projected, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(logits, projected @ head.T, atol=1e-4, rtol=1e-3)


def test_a_vit_l_14_has_as_many_weights_as_published() -> None:
    with torch.device("meta"):
        tower = Tower(
            tensors={}, projection=None, width=1024, hidden=4096, depth=24, patch=14, grid=16
        )
        head = Linear(prefix="", weight=torch.zeros(2, 1024), bias=torch.zeros(2))
        network = ClipLinear(tower, head, normalising=True, projected=False)
    # 303,179,776 in the tower of openai/clip-vit-large-patch14, 2,050 in the head
    assert sum(one.numel() for one in network.parameters()) == 303_179_776 + 2_050


def without(name: str) -> dict[str, Tensor]:
    head = {"head.weight": HEAD, "head.bias": BIAS}
    return {k: v for k, v in (TOWER | head).items() if k != name}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"head.weight": HEAD}, "no vision tower"),
        (without("vision_model.post_layernorm.bias"), "also has 'trunk.norm.bias'"),
        (without("vision_model.embeddings.patch_embedding.weight"), "incomplete"),
        (without("vision_model.encoder.layers.1.self_attn.k_proj.bias"), "queries, keys"),
        (without("head.weight"), "0 linear heads"),
        (without("") | {"other.weight": HEAD}, "2 linear heads"),
        (without("") | {"vision_model.encoder.layers.0.lora_A.weight": HEAD.T}, "does not have"),
        (without("head.weight") | {"head.weight": torch.ones(2, 50)}, "takes 50 features"),
        (
            without("") | {"vision_model.embeddings.position_embedding.weight": torch.ones(99, 2)},
            "not those of a vision tower",
        ),
    ],
)
def test_what_is_not_wholly_understood_is_refused(tmp_path: Path, state, message: str) -> None:
    torch.save(state, tmp_path / "off.pth")
    with pytest.raises(InvalidConfiguration, match=message) as refused:
        load_clip(tmp_path / "off.pth")
    assert "\n" not in str(refused.value)
