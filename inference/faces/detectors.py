"""Picks the face detector that a model file is for."""

from __future__ import annotations

from pathlib import Path

from inference.faces.mtcnn import MtcnnDetector
from inference.faces.networks import read_network
from inference.faces.scrfd import ScrfdDetector
from inference.faces.yunet import YunetDetector
from inference.ports import FaceDetector
from moderation.errors import InvalidConfiguration


def load_detector(
    model: Path | None, *, smallest_face: int = 40, threads: int = 1
) -> tuple[FaceDetector, str]:
    """The detector for an ONNX file, known by its outputs, and its name.

    MTCNN, from its package, when there is no file; `smallest_face` is heeded by it alone.

    Raises:
        InvalidConfiguration: the file is missing, no network, or neither YuNet nor SCRFD.
    """
    if model is None:
        return MtcnnDetector(smallest_face=smallest_face, threads=threads), MtcnnDetector.name
    outputs = read_network(model).outputs
    names = {name for output in outputs for name in output.get_names()}
    if {"cls_8", "obj_8", "bbox_8", "kps_8"} <= names:
        return YunetDetector(model, threads=threads), f"yunet-{model.stem}"
    if [output.partial_shape[-1] for output in outputs] == [1] * 3 + [4] * 3 + [10] * 3:
        return ScrfdDetector(model, threads=threads), f"scrfd-{model.stem}"
    raise InvalidConfiguration(f"{model.name} is neither YuNet nor SCRFD with landmarks")
