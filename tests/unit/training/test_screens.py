from pathlib import Path

import numpy as np
import pytest

from inference.bundles.heads import Head
from tests.unit.training.builders import a_picture, entries_on_disk
from training.screens.drawings import DRAWINGS, draw
from training.screens.examples import CLEAN, RESCREENED, SCREENS, example, examples
from training.screens.occluders import OCCLUDERS, cover
from training.screens.rescreening import rescreen
from training.screens.train import centred, fit, write

LANDMARKS = ((90.0, 90.0), (130.0, 90.0), (110.0, 113.0), (93.0, 136.0), (127.0, 136.0))


@pytest.mark.parametrize("kind", OCCLUDERS)
def test_what_covers_a_face_says_how_much_of_it(kind: str) -> None:
    picture, donor = a_picture(seed=1), a_picture(seed=2)
    shares = []
    for seed in range(8):
        covered, share = cover(picture, LANDMARKS, kind, donor, np.random.default_rng(seed))
        assert covered.shape == picture.shape
        assert 0 <= share <= 1
        shares.append(share)
    assert max(shares) > 0.1


def test_a_medical_mask_leaves_the_eyes_free() -> None:
    picture = a_picture(seed=1)
    covered, share = cover(
        picture, LANDMARKS, "medical_mask", a_picture(seed=2), np.random.default_rng(0)
    )
    assert share > 0.3
    assert np.array_equal(covered[:80], picture[:80])


@pytest.mark.parametrize("kind", DRAWINGS)
def test_a_drawing_is_another_picture_of_the_same_size_and_the_same_every_time(kind: str) -> None:
    picture = a_picture(seed=3)
    drawn, again = (draw(picture, kind, np.random.default_rng(5)) for _ in range(2))
    assert drawn.shape == picture.shape
    assert drawn.dtype == np.uint8
    assert np.array_equal(drawn, again)
    assert np.abs(drawn.astype(int) - picture).mean() > 2


def test_a_display_keeps_the_picture_and_its_brightness() -> None:
    picture = a_picture(seed=4)
    taken = rescreen(picture, np.random.default_rng(0))
    assert taken.shape == picture.shape
    assert abs(float(taken.mean()) - float(picture.mean())) < 40


def test_examples_are_for_the_screen_of_what_was_done_to_them(tmp_path: Path) -> None:
    entries = entries_on_disk(tmp_path, 3)
    rng = np.random.default_rng(0)
    wanted = {CLEAN: (False,) * 3, "sketch": (False, True, False), RESCREENED: (False, False, True)}
    for kind, targets in wanted.items():
        made = example(entries, 0, kind, rng)
        assert made is not None
        assert made.targets == targets
        assert made.crop.shape == (224, 224, 3)


def test_every_second_example_is_usable(tmp_path: Path) -> None:
    made = examples(entries_on_disk(tmp_path, 4), per_face=4, seed=1)
    usable = [one for one in made if not any(one.targets)]
    assert len(made) > 8
    assert len(usable) >= 8


def test_only_the_share_asked_for_is_screened_out_of_usable_crops() -> None:
    logits = np.linspace(-5, 5, 200)[:, None] * [1.0, 2.0, 3.0]
    assert ((logits - centred(logits, 0.05)) > 0).mean(0) == pytest.approx([0.05] * 3)


def test_the_head_that_is_written_says_what_was_fitted(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(0, 1, (120, 6))
    targets = features[:, :3] > 0.5
    weights, biases = fit(features, targets)
    mean, scale = np.full(6, 2.0), np.full(6, 3.0)
    write(tmp_path / "screens.npz", mean, scale, weights, biases)
    head = Head.load(tmp_path / "screens.npz")
    said = head.logits((features * scale + mean).astype(np.float32))
    assert head.outputs == SCREENS
    np.testing.assert_allclose(said, features @ weights + biases, atol=1e-4)
    assert (np.sign(said) == np.where(targets, 1, -1)).mean() > 0.8
