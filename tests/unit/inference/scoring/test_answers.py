from __future__ import annotations

import numpy as np
import pytest

from inference.scoring.answers import UnsoundAnswer, sound_scores


def test_a_sound_answer_becomes_scores() -> None:
    scores = sound_scores(np.ones((2, 1)), np.zeros((2, 1280)), crops=2, width=1280)
    assert scores.logits.tolist() == [1.0, 1.0]
    assert scores.embeddings.shape == (2, 1280)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_nonsense(value: float) -> None:
    with pytest.raises(UnsoundAnswer, match="logit holds values"):
        sound_scores(np.array([[0.0], [value]]), np.zeros((2, 1280)), crops=2, width=1280)
    with pytest.raises(UnsoundAnswer, match="embedding holds values"):
        sound_scores(np.zeros((2, 1)), np.full((2, 1280), value), crops=2, width=1280)


@pytest.mark.parametrize("shape", [(0,), (0, 1), (1, 1), (3, 1), (2,), (2, 2)])
def test_an_answer_of_another_shape_is_nonsense(shape: tuple[int, ...]) -> None:
    with pytest.raises(UnsoundAnswer, match="shape"):
        sound_scores(np.zeros(shape), np.zeros((2, 1280)), crops=2, width=1280)


def test_a_missing_output_is_nonsense() -> None:
    with pytest.raises(UnsoundAnswer, match="no embedding"):
        sound_scores(np.zeros((2, 1)), None, crops=2, width=1280)


def test_an_embedding_of_another_width_is_nonsense() -> None:
    with pytest.raises(UnsoundAnswer, match="embedding has the shape"):
        sound_scores(np.zeros((2, 1)), np.zeros((2, 1280)), crops=2, width=1279)
