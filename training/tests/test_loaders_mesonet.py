"""MesoNet from Keras' files, against its arithmetic written out in NumPy."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from onnx.reference import ReferenceEvaluator

from inference.bundles.bundle import read_bundle
from moderation.errors import InvalidConfiguration
from training.loaders.__main__ import main
from training.loaders.mesonet import Inception, load_mesonet
from training.onnx_graphs import run, trace
from training.tests.foreign_keras import (
    MESO4,
    MESO4_KERNELS,
    MESO4_NORMS,
    meso_weights,
    write_inception,
    write_keras,
    write_meso4,
)

REAL = os.environ.get("VERISCOPE_MESONET_WEIGHTS")
CROPS = np.random.default_rng(1).integers(0, 256, (2, 224, 224, 3), np.uint8)


def block_by_hand(pixels: np.ndarray, weights: list, norm: list, pool: int) -> np.ndarray:
    """Keras' Conv2D("same", relu), BatchNormalization, MaxPooling2D on (H W C)."""
    (kernel, bias), side = weights, len(pixels)
    edge = kernel.shape[0] // 2
    padded = np.pad(pixels, ((edge, edge), (edge, edge), (0, 0)))
    rows, columns = kernel.shape[:2]
    filtered = bias + sum(
        padded[y : y + side, x : x + side] @ kernel[y, x]
        for y in range(rows)
        for x in range(columns)
    )
    gamma, beta, mean, variance = norm
    normed = gamma * (np.maximum(filtered, 0) - mean) / np.sqrt(variance + 1e-3) + beta
    small = side // pool
    return normed.reshape(small, pool, small, pool, -1).max(axis=(1, 3))


def test_meso4_computes_what_keras_would(tmp_path: Path) -> None:
    path, weights = write_meso4(tmp_path / "meso4.h5")
    network = load_mesonet(path).network.eval()
    picture = np.random.default_rng(2).uniform(0, 1, (256, 256, 3)).astype(np.float32)
    features = picture
    for number, pool in ((5, 2), (6, 2), (7, 2), (8, 4)):
        norm = weights[f"batch_normalization_{number}"]
        features = block_by_hand(features, weights[f"conv2d_{number}"], norm, pool)
    hidden = features.reshape(-1) @ weights["dense_3"][0] + weights["dense_3"][1]
    hidden = np.where(hidden > 0, hidden, 0.1 * hidden)
    real = hidden @ weights["dense_4"][0] + weights["dense_4"][1]
    with torch.inference_mode():
        embedding, logit = network(torch.from_numpy(picture).permute(2, 0, 1)[None])
    np.testing.assert_allclose(embedding[0], hidden, atol=1e-4)
    np.testing.assert_allclose(logit[0], -real, atol=1e-4)  # it says "real", we ask for "fake"


def test_branches_are_filled_in_the_order_they_were_made_not_listed(tmp_path: Path) -> None:
    path, weights = write_inception(tmp_path / "inception.h5")
    first = load_mesonet(path).network.blocks[0][0]
    assert isinstance(first, Inception)
    for branch, number, dilation in ((0, 3, 1), (1, 5, 2), (2, 7, 3)):
        convolution = first.others[branch][2]
        theirs = weights[f"conv2d_{number}"][0].transpose(3, 2, 0, 1)
        np.testing.assert_array_equal(convolution.weight.detach(), theirs)
        assert convolution.dilation == (dilation, dilation)


@pytest.mark.parametrize("write", [write_meso4, write_inception])
def test_torch_onnx_and_openvino_agree(tmp_path: Path, write) -> None:
    detector = load_mesonet(write(tmp_path / "weights.h5")[0]).eval()
    graph = trace(detector)
    with torch.inference_mode():
        logit, embedding = (one.numpy() for one in detector(torch.from_numpy(CROPS)))
    assert logit.shape == (2, 1)
    assert embedding.shape == (2, 16)
    np.testing.assert_allclose(run(graph, CROPS)[0], logit, atol=1e-3)
    np.testing.assert_allclose(run(graph, CROPS)[1], embedding, atol=1e-3)
    by_onnx = ReferenceEvaluator(graph).run(["logit"], {"crops": CROPS})[0]
    np.testing.assert_allclose(by_onnx, logit, atol=1e-3)


def test_names_of_tf_keras_without_a_first_number_are_understood(tmp_path: Path) -> None:
    weights = meso_weights(MESO4_KERNELS, MESO4_NORMS)
    renamed = {
        "conv2d_5": "conv2d", "conv2d_6": "conv2d_1", "conv2d_7": "conv2d_2",
        "conv2d_8": "conv2d_3",
    }  # fmt: skip
    layers = [renamed.get(name, name) for name in MESO4]
    written = write_keras(
        tmp_path / "tf.h5", layers, {renamed.get(k, k): v for k, v in weights.items()}
    )
    first = load_mesonet(written).network.blocks[0][0]
    assert first.weight.shape == (8, 3, 3, 3)


def test_a_bundle_of_it_is_one_that_serving_takes(tmp_path: Path, capsys) -> None:
    path, _ = write_meso4(tmp_path / "Meso4_DF.h5")
    out = tmp_path / "bundles" / "meso"
    main(["mesonet", str(path), "--out", str(out)])
    bundle = read_bundle(out)
    assert bundle.manifest.title == "mesonet-meso4_df:1"
    assert [model.embedding for model in bundle.manifest.models] == [16]
    assert bundle.fusion().probability({"mesonet": 0.0}) == 0.5
    assert bundle.fusion().threshold(0.5) > 1  # nothing is flagged that nobody calibrated
    card = (out / "card.md").read_text()
    assert "Not calibrated" in card
    assert "Apache-2.0" in card
    assert "not calibrated" in capsys.readouterr().out
    assert [one.name for one in out.parent.iterdir()] == ["meso"]


def changed_file(tmp_path: Path, change) -> Path:
    path, _ = write_meso4(tmp_path / "changed.h5")
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def _another_shape(file: h5py.File) -> None:
    del file["conv2d_6/conv2d_6/kernel:0"]
    file["conv2d_6/conv2d_6/kernel:0"] = np.zeros((3, 3, 8, 8), np.float32)


def _no_number(file: h5py.File) -> None:
    file["dense_4/dense_4/bias:0"][0] = np.nan


def _a_link_to_another_file(file: h5py.File) -> None:
    del file["dense_4/dense_4/bias:0"]
    file["dense_4/dense_4/bias:0"] = h5py.ExternalLink(
        str(Path(file.filename).with_name("other.h5")), "bias"
    )


def _fewer_layers(file: h5py.File) -> None:
    file.attrs["layer_names"] = [name.encode() for name in MESO4 if name != "dense_4"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_another_shape, "conv2d 2 has shapes"),
        (_no_number, "no HDF5 file of Keras' weights"),
        (_a_link_to_another_file, "no HDF5 file of Keras' weights"),
        (_fewer_layers, "1 layers of kind dense"),
    ],
)
def test_a_file_that_is_off_is_refused_in_one_line(tmp_path: Path, change, message: str) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["bias"] = np.zeros(1, np.float32)
    with pytest.raises(InvalidConfiguration, match=message) as refused:
        load_mesonet(changed_file(tmp_path, change))
    assert "\n" not in str(refused.value)


def test_a_file_on_which_the_library_may_crash_is_refused_all_the_same(tmp_path: Path) -> None:
    path, _ = write_meso4(tmp_path / "meso.h5")
    whole, refused = path.read_bytes(), 0
    for seed in range(6):
        rng, broken = np.random.default_rng(seed), bytearray(whole)
        for place in rng.integers(0, 2000, 40):  # where the tables of names and places lie
            broken[place] = rng.integers(256)
        path.write_bytes(broken)
        try:
            load_mesonet(path)
        except InvalidConfiguration:
            refused += 1
    assert refused > 0


def test_bytes_that_are_no_hdf5_are_refused(tmp_path: Path) -> None:
    (tmp_path / "no.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 500)
    with pytest.raises(InvalidConfiguration, match="no HDF5 file"):
        load_mesonet(tmp_path / "no.h5")
    with pytest.raises(InvalidConfiguration, match="no such file"):
        load_mesonet(tmp_path / "nowhere.h5")


@pytest.mark.skipif(not REAL, reason="VERISCOPE_MESONET_WEIGHTS names no folder")
@pytest.mark.parametrize("name", ["Meso4_DF", "Meso4_F2F", "MesoInception_DF", "MesoInception_F2F"])
def test_the_published_weights_are_taken_and_answer_as_in_torch(tmp_path: Path, name: str) -> None:
    main(["mesonet", str(Path(str(REAL)) / f"{name}.h5"), "--out", str(tmp_path / "made")])
    assert read_bundle(tmp_path / "made").manifest.models[0].embedding == 16
