"""Networks of a face detector, run on the processor by OpenVINO."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino.preprocess import PrePostProcessor

from moderation.errors import InvalidConfiguration


class Network:
    """A network that takes pictures (N H W C, uint8, RGB) and answers in float32.

    The normalisation, the order of the channels and the layout that a network was trained with are
    folded into it here, so that callers hand over pixels. Exact float32 also where the
    processor offers bfloat16: boxes must not differ between machines. Not for
    several threads at once.
    """

    def __init__(
        self,
        model: Path,
        *,
        threads: int,
        layout: str = "NCHW",
        mean: float = 0.0,
        scale: float = 1.0,
        bgr: bool = False,
    ) -> None:
        """`layout` is the model's own, in OpenVINO's letters.

        Raises:
            InvalidConfiguration: the file is missing or is no network that OpenVINO reads.
        """
        try:
            network = read_network(model)
            network = _taking_pixels(network, layout=layout, mean=mean, scale=scale, bgr=bgr)
            compiled = ov.Core().compile_model(
                network,
                "CPU",
                {
                    "INFERENCE_NUM_THREADS": threads,
                    "PERFORMANCE_HINT": "LATENCY",
                    "INFERENCE_PRECISION_HINT": "f32",
                },
            )
        except RuntimeError as error:
            raise InvalidConfiguration(f"{model.name} cannot be run: {error}") from error
        self._request = compiled.create_infer_request()

    def run(
        self, pictures: NDArray[np.uint8], outputs: Sequence[str] | Sequence[int]
    ) -> list[NDArray[np.float32]]:
        """Run one batch; the arrays are valid until the next run."""
        self._request.infer({0: np.ascontiguousarray(pictures)}, share_inputs=True)
        return [self._answer(output) for output in outputs]

    def _answer(self, output: str | int) -> NDArray[np.float32]:
        by_place = isinstance(output, int)
        tensor = (
            self._request.get_output_tensor(output)
            if by_place
            else self._request.get_tensor(output)
        )
        return np.asarray(tensor.data, np.float32)

    def run_many(
        self, pictures: NDArray[np.uint8], outputs: Sequence[str], *, at_most: int
    ) -> list[NDArray[np.float32]]:
        """Run N pictures in batches of powers of two, and join what they give.

        OpenVINO compiles anew for each shape it has not met (4 to 8 ms for the networks of
        MTCNN); powers of two keep the shapes few and pad nothing.
        """
        parts: list[list[NDArray[np.float32]]] = []
        start = 0
        while start < len(pictures):
            size = min(at_most, 1 << ((len(pictures) - start).bit_length() - 1))
            answers = self.run(pictures[start : start + size], outputs)
            parts.append([answer.copy() for answer in answers])
            start += size
        return [np.concatenate(column) for column in zip(*parts, strict=True)]


def read_network(model: Path) -> ov.Model:
    """Read an ONNX file.

    Raises:
        InvalidConfiguration: the file is missing or is no network that OpenVINO reads.
    """
    if not model.is_file():
        raise InvalidConfiguration(f"there is no detector at {model}")
    try:
        return ov.Core().read_model(model)
    except RuntimeError as error:
        raise InvalidConfiguration(f"{model.name} is no network: {error}") from error


def fixed_size(model: Path) -> tuple[int, int] | None:
    """Height and width of the pictures that an NCHW network takes; None when it takes any.

    Raises:
        InvalidConfiguration: the file is missing or is no network that OpenVINO reads.
    """
    height, width = list(read_network(model).input().partial_shape)[2:]
    if height.is_dynamic or width.is_dynamic:
        return None
    return height.get_length(), width.get_length()


def _taking_pixels(
    network: ov.Model, *, layout: str, mean: float, scale: float, bgr: bool
) -> ov.Model:
    wrapped = PrePostProcessor(network)
    picture = wrapped.input()
    picture.tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    picture.tensor().set_color_format(ov.preprocess.ColorFormat.RGB)
    picture.model().set_layout(ov.Layout(layout))
    steps = picture.preprocess().convert_element_type(ov.Type.f32)
    if bgr:
        steps.convert_color(ov.preprocess.ColorFormat.BGR)
    steps.mean(mean).scale(scale)
    return wrapped.build()
