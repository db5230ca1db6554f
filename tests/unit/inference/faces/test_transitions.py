"""A track is described by what trembles between close frames, and not by what moves."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inference.faces.transitions import FEATURES, NAMES, transition_features
from inference.reading.bursts import runs

BURST_AT = (0.0, 1 / 30, 2 / 30)


def face() -> np.ndarray:
    """Texture everywhere (300 300, float32), coarse and fine."""
    rng = np.random.default_rng(0)
    coarse = cv2.resize(rng.uniform(60, 200, (20, 20)).astype(np.float32), (300, 300))
    return coarse + rng.normal(0, 12, (300, 300)).astype(np.float32)


def crop(shift: float = 0.0, inside: float = 0.0, light: float = 0.0) -> np.ndarray:
    """A crop moved to the right; inside of the face moved further, and lighter."""
    moved = seen(shift)
    mask = np.zeros((224, 224), np.float32)
    cv2.ellipse(mask, (112, 116), (56, 72), 0, 0, 360, 1.0, -1)
    mixed = mask * (seen(shift + inside) + light) + (1 - mask) * moved
    return np.repeat(np.clip(mixed, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def seen(shift: float) -> np.ndarray:
    return cv2.warpAffine(
        cv2.GaussianBlur(face(), (0, 0), 1.2),
        np.array([[1, 0, shift - 38], [0, 1, -38]], float),
        (224, 224),
    )


def described(*crops: np.ndarray, embeddings: np.ndarray | None = None) -> dict[str, float]:
    if embeddings is None:
        embeddings = np.ones((len(crops), 5), np.float32)
    found = transition_features(np.stack(crops), embeddings, BURST_AT[: len(crops)])
    assert found is not None
    return dict(zip(NAMES, found.tolist(), strict=True))


def test_a_track_without_a_burst_is_not_described() -> None:
    pixels, embeddings = np.zeros((3, 224, 224, 3), np.uint8), np.ones((3, 5), np.float32)

    assert transition_features(pixels, embeddings, (0.0, 1.0, 2.0)) is None
    assert transition_features(pixels[:2], embeddings[:2], (0.0, 0.03)) is None
    assert transition_features(pixels[:0], embeddings[:0], ()) is None


@pytest.mark.parametrize(("apart", "close"), [(0.1, True), (0.102, False)])
def test_crops_at_most_a_tenth_of_a_second_apart_are_a_burst(apart: float, close: bool) -> None:
    pixels, embeddings = np.zeros((3, 224, 224, 3), np.uint8), np.ones((3, 5), np.float32)

    found = transition_features(pixels, embeddings, (1.0, 1.0 + apart, 1.0 + 2 * apart))

    assert (found is not None) is close


def test_runs_are_cut_at_the_length_of_a_burst() -> None:
    assert runs([0.0, 0.03, 0.06, 0.09, 5.0]) == [range(3), range(3, 4), range(4, 5)]
    assert runs([]) == []


@pytest.mark.parametrize("width", [1, 1280, 1952])
def test_features_are_finite_and_as_many_as_their_names_whatever_the_embedding(width: int) -> None:
    embeddings = np.zeros((3, width), np.float32)

    found = transition_features(np.zeros((3, 224, 224, 3), np.uint8), embeddings, BURST_AT)

    assert found is not None
    assert (found.shape, found.dtype) == ((len(NAMES),), np.float32)
    assert np.isfinite(found).all()
    assert len(set(NAMES)) == len(NAMES)


def test_the_same_track_is_described_the_same_in_whatever_order_it_comes() -> None:
    pixels = np.stack([crop(), crop(1.5), crop(3.0), crop(20)])
    embeddings = np.random.default_rng(1).normal(0, 1, (4, 7)).astype(np.float32)
    times = [*BURST_AT, 4.0]
    turned = [3, 1, 0, 2]

    first = transition_features(pixels, embeddings, times)
    second = transition_features(pixels[turned], embeddings[turned], [times[i] for i in turned])

    assert first is not None
    assert second is not None
    assert (first == second).all()


def test_a_face_that_trembles_against_its_surroundings_is_told_from_one_that_moves_on() -> None:
    moving = described(crop(), crop(1, inside=1), crop(2, inside=2))
    trembling = described(crop(), crop(1, inside=1.5), crop(2))

    for name in ("core tremor", "tremor of core over ring", "face shift against ring"):
        assert trembling[f"{name}, mean"] > moving[f"{name}, mean"] + 1


def test_a_crop_that_jumps_as_a_whole_is_no_tremor_of_the_face() -> None:
    still = described(crop(), crop(), crop())
    jumping = described(crop(), crop(3), crop(-2))
    trembling = described(crop(), crop(inside=3), crop(inside=-2))

    name = "face shift against ring, mean"
    assert jumping[name] < still[name] + 1.5
    assert trembling[name] > jumping[name] + 1


def test_light_that_flickers_on_the_face_alone_is_seen() -> None:
    everywhere = described(*(np.clip(crop() + off, 0, 255).astype(np.uint8) for off in (0, 6, 0)))
    face_alone = described(crop(), crop(light=6), crop())

    name = "light of core against ring, mean"
    assert face_alone[name] > everywhere[name] + 1


def test_texture_that_changes_inside_the_face_flickers() -> None:
    rng = np.random.default_rng(2)

    def painted() -> np.ndarray:
        pixels = crop().astype(np.float32)
        pixels[60:170, 70:150] += cv2.GaussianBlur(rng.normal(0, 25, (110, 80, 1)), (0, 0), 1.0)[
            :, :, None
        ]
        return np.clip(pixels, 0, 255).astype(np.uint8)

    flickering = described(painted(), painted(), painted())
    lasting = described(crop(), crop(), crop())

    for band in ("fine", "middling"):
        name = f"{band}: flicker of core over ring, mean"
        assert flickering[name] > lasting[name] + 0.5


def test_an_embedding_that_goes_on_is_told_from_one_that_trembles() -> None:
    crops = [crop()] * 3
    onwards = described(*crops, embeddings=np.array([[1, 0], [1, 1], [1, 2]], np.float32))
    trembling = described(*crops, embeddings=np.array([[1, 0], [1, 1], [1, 0]], np.float32))

    assert onwards["embedding: outer over inner, mean"] == pytest.approx(np.log(2), abs=0.01)
    assert trembling["embedding: outer over inner, mean"] < -2
    assert trembling["embedding: tremor over way, mean"] > 2


MADE = {
    "transitions-1": (
        -0.777, -2.792, 2.015, 1.309, 2.960, 2.015, -0.916, -3.099,
        -0.829, -0.910, 0.049, 0.186, 0.081, 0.169, 0.134, -1.588,
        -1.971, 0.314, 0.492, 0.383, 0.513, 0.412, 1.169, -2.996,
        1.163, -2.996, -1.536, 0.000, -0.338, 0.973,
    )
}  # fmt: skip


def test_features_of_one_name_stay_as_they_were() -> None:
    """Where they must change, the new ones need a new name: heads were trained on the old."""
    embeddings = np.array([[1.0, 0.0, 0.0], [0.9, 0.2, 0.0], [1.0, 0.1, 0.1]], np.float32)
    found = described(crop(0.0), crop(0.5, inside=0.7, light=3.0), crop(1.1), embeddings=embeddings)
    assert len(NAMES) == 2 * len(MADE[FEATURES])
    assert list(found.values()) == pytest.approx(MADE[FEATURES] * 2, abs=0.02)
