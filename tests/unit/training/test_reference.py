import numpy as np
import pytest

from inference.bundles.calibration import EmbeddingReference
from training.reference import describe, write


def test_one_in_a_hundred_described_embeddings_is_further_than_one() -> None:
    embeddings = np.random.default_rng(0).normal(3, 2, (2000, 96)).astype(np.float32)
    distances = describe(embeddings, components=16).distance(embeddings)
    assert (distances > 1).mean() == pytest.approx(0.01, abs=0.002)


def test_serving_reads_what_is_written(tmp_path) -> None:
    embeddings = np.random.default_rng(0).normal(3, 2, (200, 12)).astype(np.float32)
    reference = describe(embeddings, components=4)
    write(tmp_path / "reference.npz", reference)
    read = EmbeddingReference.read((tmp_path / "reference.npz").read_bytes(), of="it")
    np.testing.assert_array_equal(read.distance(embeddings), reference.distance(embeddings))
