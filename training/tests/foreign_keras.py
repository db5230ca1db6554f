"""MesoNet's files as Keras 2.1.5 wrote them: its names of layers, its order, its layout."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

Weights = dict[str, list[NDArray[np.float32]]]

# Of the published files: layers as listed there, by depth in the graph, and shapes of kernels.
_MESO4 = (
    "input_2 conv2d_5 batch_normalization_5 max_pooling2d_5 conv2d_6 batch_normalization_6 "
    "max_pooling2d_6 conv2d_7 batch_normalization_7 max_pooling2d_7 conv2d_8 "
    "batch_normalization_8 max_pooling2d_8 flatten_2 dropout_3 dense_3 dropout_4 dense_4"
)
MESO4 = _MESO4.split()
MESO4_KERNELS = {
    "conv2d_5": (3, 3, 3, 8), "conv2d_6": (5, 5, 8, 8), "conv2d_7": (5, 5, 8, 16),
    "conv2d_8": (5, 5, 16, 16), "dense_3": (1024, 16), "dense_4": (16, 1),
}  # fmt: skip
MESO4_NORMS = {
    "batch_normalization_5": 8, "batch_normalization_6": 8,
    "batch_normalization_7": 16, "batch_normalization_8": 16,
}  # fmt: skip

_INCEPTION = (
    "input_1 conv2d_2 conv2d_4 conv2d_6 conv2d_1 conv2d_3 conv2d_5 conv2d_7 concatenate_1 "
    "batch_normalization_1 max_pooling2d_1 conv2d_9 conv2d_11 conv2d_13 conv2d_8 conv2d_10 "
    "conv2d_12 conv2d_14 concatenate_2 batch_normalization_2 max_pooling2d_2 conv2d_15 "
    "batch_normalization_3 max_pooling2d_3 conv2d_16 batch_normalization_4 max_pooling2d_4 "
    "flatten_1 dropout_1 dense_1 leaky_re_lu_1 dropout_2 dense_2"
)
INCEPTION = _INCEPTION.split()
INCEPTION_KERNELS = {
    "conv2d_1": (1, 1, 3, 1), "conv2d_2": (1, 1, 3, 4), "conv2d_3": (3, 3, 4, 4),
    "conv2d_4": (1, 1, 3, 4), "conv2d_5": (3, 3, 4, 4), "conv2d_6": (1, 1, 3, 2),
    "conv2d_7": (3, 3, 2, 2), "conv2d_8": (1, 1, 11, 2), "conv2d_9": (1, 1, 11, 4),
    "conv2d_10": (3, 3, 4, 4), "conv2d_11": (1, 1, 11, 4), "conv2d_12": (3, 3, 4, 4),
    "conv2d_13": (1, 1, 11, 2), "conv2d_14": (3, 3, 2, 2), "conv2d_15": (5, 5, 12, 16),
    "conv2d_16": (5, 5, 16, 16), "dense_1": (1024, 16), "dense_2": (16, 1),
}  # fmt: skip
INCEPTION_NORMS = {
    "batch_normalization_1": 11, "batch_normalization_2": 12,
    "batch_normalization_3": 16, "batch_normalization_4": 16,
}  # fmt: skip


def meso_weights(kernels: dict[str, tuple[int, ...]], norms: dict[str, int]) -> Weights:
    """Random weights: kernel and bias; gamma, beta, mean and variance."""
    rng = np.random.default_rng(0)
    weights = {
        name: [
            rng.normal(0, 1 / np.sqrt(np.prod(shape[:-1])), shape),
            rng.normal(0, 0.1, shape[-1]),
        ]
        for name, shape in kernels.items()
    }
    for name, width in norms.items():
        near_one = rng.uniform(0.5, 1.5, (2, width))
        weights[name] = [near_one[0], *rng.normal(0, 0.1, (2, width)), near_one[1]]
    return {k: [v.astype(np.float32) for v in values] for k, values in weights.items()}


def write_keras(path: Path, layers: list[str], weights: Weights) -> Path:
    """As `save_weights` lays a file out: a group for each layer, the names in attributes."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in layers]
        file.attrs["backend"], file.attrs["keras_version"] = b"tensorflow", b"2.1.5"
        for name in layers:
            group = file.create_group(name)
            kinds = ("gamma", "beta", "moving_mean", "moving_variance")
            if len(weights.get(name, ())) == 2:
                kinds = ("kernel", "bias")
            names = [f"{name}/{k}:0" for k in kinds[: len(weights.get(name, ()))]]
            group.attrs["weight_names"] = [one.encode() for one in names]
            for one, values in zip(names, weights.get(name, ()), strict=True):
                group.create_dataset(one, data=values)
    return path


def write_meso4(path: Path) -> tuple[Path, Weights]:
    weights = meso_weights(MESO4_KERNELS, MESO4_NORMS)
    return write_keras(path, MESO4, weights), weights


def write_inception(path: Path) -> tuple[Path, Weights]:
    weights = meso_weights(INCEPTION_KERNELS, INCEPTION_NORMS)
    return write_keras(path, INCEPTION, weights), weights
