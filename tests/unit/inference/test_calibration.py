"""What a model's answers mean."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inference.calibration import (
    CALIBRATION,
    REFERENCE,
    Calibration,
    EmbeddingReference,
    read_fusion,
)
from moderation.errors import InvalidConfiguration, ScorerMismatch
from moderation.fusion import Family, Fusion


def a_calibration(temperature: float = 2.0, bias: float = 1.0) -> Calibration:
    return Calibration(id="a", temperature=temperature, bias=bias)


def a_reference(**changed: object) -> EmbeddingReference:
    parts: dict[str, object] = {
        "mean": np.array([1, 1, 1], np.float32),
        "components": np.array([[1, 0, 0], [0, 1, 0]], np.float32),
        "scales": np.array([2, 0.5], np.float32),
        "percentile_99": 2.0,
    }
    return EmbeddingReference(**(parts | changed))  # type: ignore[arg-type]


def write_reference(folder: Path, reference: EmbeddingReference) -> None:
    np.savez(
        folder / REFERENCE,
        mean=reference.mean,
        components=reference.components,
        scales=reference.scales,
        percentile_99=reference.percentile_99,
    )


def test_a_logit_at_the_bias_is_a_coin_flip() -> None:
    assert a_calibration().probability([1.0]) == pytest.approx([0.5])


def test_a_temperature_over_one_makes_probabilities_less_sure() -> None:
    sharp = a_calibration(temperature=1.0).probability([3.0, -1.0])
    soft = a_calibration(temperature=3.0).probability([3.0, -1.0])
    assert sharp == pytest.approx([1 / (1 + np.exp(-2)), 1 / (1 + np.exp(2))])
    assert 0.5 < soft[0] < sharp[0]
    assert sharp[1] < soft[1] < 0.5


def test_a_higher_logit_never_has_a_lower_probability() -> None:
    probabilities = a_calibration().probability(np.linspace(-50, 50, 101))
    assert (np.diff(probabilities) >= 0).all()


def test_extreme_logits_stay_probabilities() -> None:
    assert a_calibration().probability(np.array([-1e9, 1e9], np.float32)).tolist() == [0, 1]


def test_no_crops_have_no_probabilities() -> None:
    assert a_calibration().probability([]).shape == (0,)


def test_a_calibration_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = {"id": "b", "temperature": 1.5, "bias": -0.25, "fitted_on": "ignored here"}
    (tmp_path / CALIBRATION).write_text(json.dumps(written))
    assert Calibration.load(tmp_path) == Calibration(id="b", temperature=1.5, bias=-0.25)


@pytest.mark.parametrize(
    "written",
    ["", "[]", '{"id": "b", "bias": 0}', '{"id": "b", "temperature": 0, "bias": 0}',
     '{"id": "b", "temperature": "warm", "bias": 0}', '{"id": "b", "temperature": NaN, "bias": 0}'],
)  # fmt: skip
def test_a_calibration_that_makes_no_sense_is_the_operators_to_mend(
    tmp_path: Path, written: str
) -> None:
    (tmp_path / CALIBRATION).write_text(written)
    with pytest.raises(InvalidConfiguration):
        Calibration.load(tmp_path)


def test_a_missing_calibration_or_reference_is_the_operators_to_mend(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match=CALIBRATION):
        Calibration.load(tmp_path)
    with pytest.raises(InvalidConfiguration, match=REFERENCE):
        EmbeddingReference.load(tmp_path)


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


def test_a_reference_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_reference(tmp_path, a_reference())
    embeddings = np.array([[3, 0, 1]], np.float32)
    assert EmbeddingReference.load(tmp_path).distance(embeddings) == pytest.approx(
        a_reference().distance(embeddings)
    )


def test_a_damaged_reference_is_the_operators_to_mend(tmp_path: Path) -> None:
    (tmp_path / REFERENCE).write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(InvalidConfiguration):
        EmbeddingReference.load(tmp_path)


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
