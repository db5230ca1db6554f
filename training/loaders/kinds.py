"""The kinds of checkpoint that can be loaded: where they come from, and under which terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.bundles.manifest import DataSet
from moderation.errors import InvalidConfiguration
from training.loaders.clip import load_clip
from training.loaders.detector import ForeignDetector
from training.loaders.efficientnets import load_dfdc, load_sbi
from training.loaders.mesonet import load_mesonet

RESEARCH_ONLY = "research only, on application to its makers"
BY_AUTHORS = "training by its authors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A family of published detectors; the texts go into the card of what is loaded."""

    name: str
    title: str
    load: Callable[..., ForeignDetector]
    file: str  # what the checkpoint looks like
    paper: str
    source: str
    licence: str
    trained_on: str
    framing: str
    data_sets: tuple[DataSet, ...] = ()
    remarks: str = ""


SBI = Kind(
    name="sbi",
    title="EfficientNet-B4 of self-blended images",
    load=load_sbi,
    file="sbi.tar or *_val.tar of torch: {model: {net._conv_stem.weight, …}}",
    paper="Shiohara and Yamasaki, Detecting Deepfakes with Self-Blended Images, CVPR 2022",
    source="https://github.com/mapooon/SelfBlendedImages",
    licence="non-commercial research of academic and non-profit bodies only, no redistribution; "
    "the authors license other uses",
    trained_on="Real videos of FaceForensics++, each face blended with a changed copy of itself.",
    framing="The authors show the network the box of the face with an eighth of it on each side, "
    "stretched to 380 x 380 pixels, values 0 to 1. In the graph that is the middle 0.72 x 0.96 of "
    "our crop, for a box three quarters as wide as it is high: its true shape is not known there.",
    data_sets=(DataSet(name="FaceForensics++", licence=RESEARCH_ONLY, used_for=BY_AUTHORS),),
)

DFDC = Kind(
    name="dfdc-b7",
    title="EfficientNet-B7 of the DFDC's winner (B2 to B6 of the same author, too)",
    load=load_dfdc,
    file="file of torch: {state_dict: {module.encoder.conv_stem.weight, …, module.fc.weight}}",
    paper="Seferbekov, first of the Deepfake Detection Challenge, 2020",
    source="https://github.com/selimsef/dfdc_deepfake_challenge",
    licence="MIT; of the data trained on, the DFDC's terms",
    trained_on="The training part of the DFDC, faces found by MTCNN.",
    framing="The author shows the network the box of the face with a third of it on each side, in "
    "proportion, under black bars, 380 x 380 pixels, ImageNet's normalisation. Our crop ends "
    "earlier: the face has the author's size in the graph, and what our crop does not show is "
    "black. The author pools 32 frames by the share of confident ones; here logits are averaged.",
    data_sets=(DataSet(name="DFDC", licence="the DFDC's own terms", used_for=BY_AUTHORS),),
)

CLIP = Kind(
    name="clip-linear",
    title="CLIP's vision tower with a linear head: GenD, TwinD (ViT-L/14), and their like",
    load=load_clip,
    file="model.safetensors or a file of torch with tower and head; names of transformers "
    "(…vision_model.embeddings.…) or of OpenAI (visual.transformer.resblocks.…)",
    paper="Yermakov, Cech, Matas and Fritz, Deepfake Detection that Generalizes Across Benchmarks, "
    "WACV 2026 (GenD)",
    source="https://github.com/yermandy/GenD",
    licence="MIT for GenD's own; that of your checkpoint stands where you got it",
    trained_on="As its authors say; GenD on FaceForensics++ (research only, on application).",
    framing="GenD and TwinD cut faces as we do: levelled, the box 1.3 times as large. The crop is "
    "brought to the resolution of the tower (none at 224 pixels), with CLIP's normalisation.",
)

MESONET = Kind(
    name="mesonet",
    title="Meso-4 and MesoInception-4",
    load=load_mesonet,
    file="*.h5 of Keras 2 (Meso4_DF.h5, Meso4_F2F.h5, MesoInception_DF.h5, MesoInception_F2F.h5)",
    paper="Afchar, Nozick, Yamagishi and Echizen, MesoNet, WIFS 2018",
    source="https://github.com/DariusAf/MesoNet",
    licence="Apache-2.0",
    trained_on="*_DF: forged and real faces that the authors took from videos of the web. *_F2F: "
    "the Face2Face part of FaceForensics.",
    framing="The authors cut a square by eyes, nose and mouth; in the graph that is the middle "
    "0.815 x 0.815 of our crop, 0.047 below its centre, 256 x 256 pixels, values 0 to 1.",
    data_sets=(
        DataSet(name="MesoNet's web videos", used_for=f"{BY_AUTHORS}, of the files *_DF"),
        DataSet(
            name="FaceForensics",
            licence=RESEARCH_ONLY,
            used_for=f"{BY_AUTHORS}, of the files *_F2F",
        ),
    ),
    remarks="The network says how likely a face is real; the exported logit is turned round. "
    "Meso-4's own files list no LeakyReLU between their dense layers, as the published code has "
    "one; here it is applied, as that code does to these files.",
)

KINDS = {kind.name: kind for kind in (SBI, DFDC, CLIP, MESONET)}


def load(kind: str, checkpoint: Path, **choices: Any) -> ForeignDetector:
    """Load a checkpoint; `choices` are those of the kind's loader, None where not chosen.

    Raises:
        InvalidConfiguration: the kind is not known, the choice is none of its, or the file is
            not of this kind.
    """
    if kind not in KINDS:
        raise InvalidConfiguration(f"no kind {kind!r}: there are {', '.join(KINDS)}")
    chosen = {name: value for name, value in choices.items() if value is not None}
    if chosen and kind != CLIP.name:
        raise InvalidConfiguration(f"{', '.join(chosen)}: only {CLIP.name} can be told that")
    return KINDS[kind].load(checkpoint, **chosen)
