"""Generated faces: what is drawn, what a head may look at, and what is measured beside it."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.training.builders import entries_on_disk
from training.generation.fit import OUTPUT, TEXTURE, fit
from training.generation.measure import compare
from training.generation.pools import Choice, Pool
from training.generation.windows import WINDOW, batches, worn
from training.patches import INDEX, Entry


def a_choice(**other: object) -> Choice:
    return Choice(**{"seed": 1, "held_out": 0.0, "smallest_face": 0.0} | other)  # type: ignore[arg-type]


def relabelled(folder: Path, methods: list[str]) -> Path:
    """The folder's faces as generated ones of these methods, one each."""
    with (folder / INDEX).open(newline="") as file:
        rows = list(csv.DictReader(file))
    with (folder / INDEX).open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for row, method in zip(rows, methods, strict=True):
            writer.writerow(row | {"method": method, "label": "fake"})
    return folder


@pytest.fixture
def reals(tmp_path: Path) -> Path:
    entries_on_disk(tmp_path / "real", 4, groups=4)
    return tmp_path / "real"


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    entries_on_disk(tmp_path / "generated", 3, groups=3)
    made = ["stylegan2_tpdne", "stable_diffusion_2.1", "ciplab_photoshop"]
    return relabelled(tmp_path / "generated", made)


def test_what_was_retouched_or_left_out_is_not_learned_as_generated(
    reals: Path, generated: Path
) -> None:
    assert len(a_choice().read(reals, generated).generated.crops) == 2
    left = a_choice(leave_out="stylegan2_tpdne").read(reals, generated)
    assert len(left.generated.crops) == 1


@pytest.mark.parametrize(("smallest", "kept"), [(125, 4), (126, 0)])
def test_a_real_face_is_learned_from_when_it_is_large_enough(
    reals: Path, generated: Path, smallest: float, kept: int
) -> None:
    choice = a_choice(smallest_face=smallest)
    if not kept:
        with pytest.raises(ValueError, match="no real face"):
            choice.read(reals, generated)
        return
    assert len(choice.read(reals, generated).real.crops) == kept


def test_held_out_groups_are_not_learned_from(reals: Path, generated: Path) -> None:
    faces = a_choice(held_out=0.5).read(reals, generated)
    assert (len(faces.real.crops), len(faces.other_real)) == (2, 2)


def test_a_small_method_is_drawn_more_often_than_its_share(tmp_path: Path) -> None:
    entries = entries_on_disk(tmp_path, 4)
    crops = np.zeros((4, 224, 224, 3), np.uint8)
    named = [_of_method(entry, method) for entry, method in zip(entries, "aaab", strict=True)]
    chances = Pool.evenly(crops, named).chances
    assert chances.sum() == pytest.approx(1)
    assert chances[3] == pytest.approx(0.5 / 4 + 0.5 / 2)


def _of_method(entry: Entry, method: str) -> Entry:
    return replace(entry, method=method)


def test_a_window_has_one_size_however_it_was_worn() -> None:
    crop = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
    shapes = {worn(crop, np.random.default_rng(seed)).shape for seed in range(30)}
    assert shapes == {(WINDOW, WINDOW, 3)}


def test_a_batch_is_the_same_for_the_same_seed_and_half_of_it_generated() -> None:
    dark = Pool(crops=np.zeros((1, 224, 224, 3), np.uint8), chances=np.ones(1))
    light = Pool(crops=np.full((1, 224, 224, 3), 255, np.uint8), chances=np.ones(1))
    windows, labels = next(batches(dark, light, 4, seed=1))
    again, _ = next(batches(dark, light, 4, seed=1))
    assert (windows == again).all()
    assert labels[:, 0].tolist() == [0, 0, 1, 1]
    assert windows[2:].mean() > windows[:2].mean()


def test_a_head_looks_at_texture_alone() -> None:
    rng = np.random.default_rng(0)
    real = rng.normal(0, 1, (40, TEXTURE + 20)).astype(np.float32)
    made = rng.normal(0, 1, (40, TEXTURE + 20)).astype(np.float32)
    made[:, 5] += 3
    made[:, TEXTURE + 1] += 30
    head = fit(real, made)
    assert head.outputs == (OUTPUT,)
    assert (head.layers[0][0][TEXTURE:] == 0).all()
    assert head.logits(made).mean() > head.logits(real).mean()


def test_the_best_trivial_score_counts_in_its_better_direction() -> None:
    labels = np.repeat([0.0, 1.0], 20)
    sharper = {"sharpness": -labels, "brightness": np.tile([0.0, 1.0], 20)}
    found = compare(np.tile([0.0, 1.0], 20), sharper, labels)
    assert found["best_trivial"][0] == 1
    assert found["auc"][0] == pytest.approx(0.5)
    assert found["gain"][0] == pytest.approx(-0.5)
