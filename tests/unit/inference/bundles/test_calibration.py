"""What a model's answers mean."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from inference.bundles.calibration import EmbeddingReference, read_fusion
from moderation.errors import InvalidConfiguration, ScorerMismatch
from moderation.fusion import Family, Fusion


def a_reference(**changed: object) -> EmbeddingReference:
    parts: dict[str, object] = {
        "mean": np.array([1, 1, 1], np.float32),
        "components": np.array([[1, 0, 0], [0, 1, 0]], np.float32),
        "scales": np.array([2, 0.5], np.float32),
        "percentile_99": 2.0,
    }
    return EmbeddingReference(**(parts | changed))  # type: ignore[arg-type]


def packed(reference: EmbeddingReference) -> bytes:
    content = io.BytesIO()
    np.savez(
        content,
        mean=reference.mean,
        components=reference.components,
        scales=reference.scales,
        percentile_99=reference.percentile_99,
    )
    return content.getvalue()


def read(content: bytes) -> EmbeddingReference:
    return EmbeddingReference.read(content, of="reference.npz")


def test_distance_is_measured_in_the_trainings_own_spread() -> None:
    embeddings = np.array([[1, 1, 1], [5, 1, 1], [1, 2, 1], [5, 2, 1]], np.float32)
    distances = a_reference().distance(embeddings)
    assert distances == pytest.approx([0, 1, 1, np.sqrt(2)])
    assert distances.dtype == np.float32


def test_what_the_kept_components_do_not_see_adds_no_distance() -> None:
    assert a_reference().distance(np.array([[1, 1, 99]], np.float32)) == pytest.approx([0])


def test_embeddings_of_another_width_are_refused() -> None:
    with pytest.raises(ScorerMismatch):
        a_reference().distance(np.zeros((1, 4), np.float32))


def test_a_reference_is_read_as_it_was_written() -> None:
    embeddings = np.array([[3, 0, 1]], np.float32)
    assert read(packed(a_reference())).distance(embeddings) == pytest.approx(
        a_reference().distance(embeddings)
    )


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", packed(a_reference())[:-40]])
def test_a_damaged_reference_is_the_operators_to_mend(content: bytes) -> None:
    with pytest.raises(InvalidConfiguration, match=r"reference\.npz"):
        read(content)


@pytest.mark.parametrize(
    "changed",
    [{"scales": np.array([2, 0], np.float32)}, {"scales": np.ones(3, np.float32)},
     {"percentile_99": 0.0}],
)  # fmt: skip
def test_a_reference_whose_parts_do_not_fit_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(InvalidConfiguration):
        a_reference(**changed)


WRITTEN = {
    "id": "fusion-1",
    "families": [{"finds": "manipulated", "weights": {"blending": 1.0}, "bias": 0.5}],
    "temperature": 2.0,
    "bias": -1.0,
    "unforged": [0.1, 0.2],
}


def test_a_bundles_calibration_is_read_as_it_was_written() -> None:
    content = json.dumps(WRITTEN | {"fitted_on": {"clips": 12, "how": "ignored here"}}).encode()
    family = Family(finds="manipulated", weights={"blending": 1.0}, bias=0.5)
    assert read_fusion(content, of="calibration.json") == Fusion(
        id="fusion-1", families=(family,), temperature=2.0, bias=-1.0, unforged=(0.1, 0.2)
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "calibration.json: "),
        (b"[" * 100_000, "recursion"),
        (b"null", "calibration: Input should be"),
        (json.dumps(WRITTEN | {"surprise": 1}).encode(), "surprise"),
        (json.dumps(WRITTEN | {"families": []}).encode(), "no family"),
        (json.dumps(WRITTEN | {"temperature": 0}).encode(), "temperature"),
        (json.dumps(WRITTEN | {"bias": float("nan")}).encode(), "bias"),
        (json.dumps(WRITTEN | {"unforged": [0.2, 0.1]}).encode(), "sorted"),
        (
            json.dumps(
                WRITTEN | {"families": [{"finds": "manipulated", "weights": {"a": -1}}]}
            ).encode(),
            r"families\.0: .*weights",
        ),
    ],
)
def test_a_bundles_calibration_that_makes_no_sense_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(InvalidConfiguration, match=says) as refused:
        read_fusion(content, of="calibration.json")
    assert str(refused.value).startswith("calibration.json: ")
