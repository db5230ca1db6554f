"""EfficientNets: self-blended images' B4, and the B7 that won the DFDC (and its smaller kin)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import timm
from torch import Tensor, nn

from inference.faces.crops import MARGIN
from moderation.errors import InvalidConfiguration
from training.loaders.checkpoints import State, read_state, take_over
from training.loaders.detector import ForeignDetector
from training.loaders.framing import BOX_ASPECT, IMAGENET_MEAN, IMAGENET_STD, Framing

SIDE = 380  # pixels; both authors chose it

# The face's box with an eighth of it on each side, stretched to a square (crop_face and
# extract_face of src/inference/preprocess.py in mapooon/SelfBlendedImages).
SBI_MARGIN = 1.25
SBI_FRAMING = Framing(
    side=SIDE, width=SBI_MARGIN * BOX_ASPECT / MARGIN, height=SBI_MARGIN / MARGIN
)  # fmt: skip

# The box with a third of it on each side, kept in proportion under black bars
# (FaceExtractor and put_to_center of kernel_utils.py in selimsef/dfdc_deepfake_challenge).
DFDC_MARGIN = 1 + 2 / 3
DFDC_FRAMING = Framing(
    side=SIDE,
    width=DFDC_MARGIN * BOX_ASPECT / MARGIN,
    height=DFDC_MARGIN / MARGIN,
    stretched=False,
    mean=IMAGENET_MEAN,
    std=IMAGENET_STD,
)

# The winner's encoders by how many features they give `fc` (training/zoo/classifiers.py).
DFDC_ENCODERS = {
    1408: "tf_efficientnet_b2",
    1536: "tf_efficientnet_b3",
    1792: "tf_efficientnet_b4",
    2048: "tf_efficientnet_b5",
    2304: "tf_efficientnet_b6",
    2560: "tf_efficientnet_b7",
}


class EfficientNet(nn.Module):
    """An encoder of timm, mean over positions, one linear layer."""

    def __init__(self, encoder: str, classes: int) -> None:
        super().__init__()
        # exportable: TensorFlow's padding is worked out once, for the one size it ever sees
        trunk: Any = timm.create_model(encoder, pretrained=False, num_classes=0, exportable=True)
        self.encoder = trunk
        self.features: int = trunk.num_features
        self.stages = [len(stage) for stage in trunk.blocks]
        self.fc = nn.Linear(self.features, classes)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        features = self.encoder(pixels)
        return features, self.fc(features)


def load_sbi(path: Path) -> ForeignDetector:
    """{"model": {"net._conv_stem.weight": …}}: an EfficientNet-B4 of efficientnet_pytorch.

    Raises:
        InvalidConfiguration: the file is not that.
    """
    network = EfficientNet("tf_efficientnet_b4", classes=2)
    state = timm_names(read_state(path), network, of=str(path))
    take_over(network, state, of=str(path), whose="the EfficientNet-B4 of self-blended images")
    return ForeignDetector(SBI_FRAMING, network, embedding=network.features)


def load_dfdc(path: Path) -> ForeignDetector:
    """{"state_dict": {"module.encoder.conv_stem.weight": …, "module.fc.weight": …}}.

    Raises:
        InvalidConfiguration: the file is not that.
    """
    state = {
        name: tensor
        for name, tensor in read_state(path).items()
        if not name.startswith("encoder.classifier.")  # ImageNet's, never asked
    }
    features = state["fc.weight"].shape[-1] if "fc.weight" in state else 0
    if features not in DFDC_ENCODERS:
        raise InvalidConfiguration(f"{path}: no classifier of the DFDC winner's in it (fc.weight)")
    encoder = DFDC_ENCODERS[features]
    network = EfficientNet(encoder, classes=1)
    take_over(network, state, of=str(path), whose=f"the DFDC winner's {encoder}")
    return ForeignDetector(DFDC_FRAMING, network, embedding=network.features)


# Layers of a block in the order of efficientnet_pytorch's names, as timm calls them: with an
# expansion before the depthwise convolution, and without one (the first stage).
_EXPANDED = {
    "_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2",
    "_se_reduce": "se.conv_reduce", "_se_expand": "se.conv_expand",
    "_project_conv": "conv_pwl", "_bn2": "bn3",
}  # fmt: skip
_PLAIN = {
    "_depthwise_conv": "conv_dw", "_bn1": "bn1",
    "_se_reduce": "se.conv_reduce", "_se_expand": "se.conv_expand",
    "_project_conv": "conv_pw", "_bn2": "bn2",
}  # fmt: skip
_OUTER = {
    "_conv_stem": "encoder.conv_stem", "_bn0": "encoder.bn1",
    "_conv_head": "encoder.conv_head", "_bn1": "encoder.bn2", "_fc": "fc",
}  # fmt: skip
_THEIRS = re.compile(r"net\.(?:_blocks\.(\d+)\.)?(_\w+)\.(\w+)")


def timm_names(state: State, network: EfficientNet, *, of: str) -> dict[str, Tensor]:
    """Tensors of efficientnet_pytorch under timm's names; it counts blocks through all stages.

    Raises:
        InvalidConfiguration: a name is not one of efficientnet_pytorch's under `net.`.
    """
    places = [(stage, b) for stage, blocks in enumerate(network.stages) for b in range(blocks)]
    renamed = {}
    for name, tensor in state.items():
        theirs = _THEIRS.fullmatch(name)
        ours = _ours(theirs, places) if theirs else None
        if theirs is None or ours is None:
            raise InvalidConfiguration(
                f"{of}: {name[:80]!r} is no name of self-blended images' detector (net._…)"
            )
        renamed[f"{ours}.{theirs[3]}"] = tensor
    return renamed


def _ours(theirs: re.Match[str], places: list[tuple[int, int]]) -> str | None:
    if theirs[1] is None:
        return _OUTER.get(theirs[2])
    number = int(theirs[1])
    if number >= len(places):
        return None
    stage, block = places[number]
    layer = (_EXPANDED if stage else _PLAIN).get(theirs[2])
    return layer and f"encoder.blocks.{stage}.{block}.{layer}"
