"""Generated faces: what is learned from, what is used up by it, and what is measured beside it."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

import training
from benchmarks.table import ScoreTable
from datasets.errors import NotLicensed
from datasets.licences import Material, permitted, write_used
from datasets.records import Use
from tests.unit.benchmarks.builders import a_row, a_table
from tests.unit.training.builders import entries_on_disk
from training.generation.learned import licences, told
from training.generation.measure import compare
from training.generation.pools import AGAINST, BESIDE, Choice, Pool, evenly, unenlarged
from training.generation.windows import WINDOW, batches, worn
from training.patches import INDEX, moved, read_index, split_by_group


def a_choice(**other: object) -> Choice:
    settings = {"seed": 1, "held_out": 0.0, "smallest_face": 100.0, "beside_share": 0.3}
    return Choice(**settings | other)  # type: ignore[arg-type]


def relabelled(folder: Path, methods: list[str]) -> Path:
    """The folder's faces as pictures of these methods, one each; those of BESIDE are real."""
    with (folder / INDEX).open(newline="") as file:
        rows = list(csv.DictReader(file))
    with (folder / INDEX).open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for row, method in zip(rows, methods, strict=True):
            label = "real" if method in BESIDE.values() else "fake"
            writer.writerow(row | {"method": method, "label": label})
    return folder


@pytest.fixture
def reals(tmp_path: Path) -> Path:
    entries_on_disk(tmp_path / "real", 4, groups=4)
    return tmp_path / "real"


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    entries_on_disk(tmp_path / "generated", 6, groups=6)
    made = ["stylegan2_tpdne", "stable_diffusion_2.1", "ciplab_photoshop"]
    return relabelled(tmp_path / "generated", 2 * made)


def test_what_was_retouched_or_left_out_is_not_learned_as_generated(
    reals: Path, generated: Path
) -> None:
    assert len(a_choice().read(reals, generated).generated.faces) == 4
    left = a_choice(leave_out="stylegan2_tpdne").read(reals, generated)
    assert len(left.generated.faces) == 2


@pytest.mark.parametrize(("smallest", "kept"), [(125, 4), (126, 0)])
def test_a_face_is_learned_from_when_it_is_large_enough(
    reals: Path, generated: Path, smallest: float, kept: int
) -> None:
    choice = a_choice(smallest_face=smallest)
    if not kept:
        with pytest.raises(ValueError, match="no real face"):
            choice.read(reals, generated)
        return
    assert len(choice.read(reals, generated).real.faces) == kept


def test_held_out_groups_are_not_learned_from(reals: Path, generated: Path) -> None:
    faces = a_choice(held_out=0.5).read(reals, generated)
    assert (len(faces.real.faces), len(faces.other_real)) == (2, 2)


def test_what_is_held_out_of_other_faces_is_held_out_here(
    reals: Path, generated: Path, tmp_path: Path
) -> None:
    more = entries_on_disk(tmp_path / "more", 12, groups=12)
    _, kept_out = split_by_group(more, 0.5, seed=1)
    ours = {entry.group for entry in read_index(reals)} & {entry.group for entry in kept_out}
    faces = a_choice(held_out=0.5, held_out_of=tmp_path / "more").read(reals, generated)
    assert 0 < len(ours) < 4
    assert len(faces.other_real) == len(ours)


def test_real_faces_held_out_are_those_that_every_training_holds_out() -> None:
    folder = Path(training.__file__).parent
    ours, blending = (
        yaml.safe_load((folder / name / "config.yaml").read_text())
        for name in ("generation", "blending")
    )
    assert (ours["seed"], ours["held_out"]) == (blending["seed"], blending["held_out"])


def scored(folder: Path) -> ScoreTable:
    """The folder's pictures as `veriscope bench score` would list them."""
    entries = read_index(folder)
    return a_table(
        *(a_row(e.clip.removesuffix("#"), method=e.method, group=e.group) for e in entries)
    )


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    entries_on_disk(tmp_path / "beside", 8, groups=8)
    made = ["stylegan2_tpdne", "stable_diffusion_2.1", "stylegan256_140k"]
    return relabelled(tmp_path / "beside", [*made, *made, "unsplash_real", "ffhq256_140k"])


def test_real_pictures_beside_a_generators_get_their_share(reals: Path, beside: Path) -> None:
    faces = a_choice(leave_out="stylegan256_140k").read(reals, beside)
    assert len(faces.real.faces) == 5
    assert faces.real.chances[-1] == pytest.approx(0.3)
    assert faces.real.chances.sum() == pytest.approx(1)


@pytest.mark.parametrize("left_out", sorted(AGAINST))
def test_no_real_picture_is_learned_from_that_what_is_left_out_is_measured_against(
    reals: Path, beside: Path, left_out: str
) -> None:
    faces = a_choice(leave_out=left_out).read(reals, beside)
    assert len(faces.real.faces) == 5
    table = scored(beside)
    kept = set(table.without(faces.used_up).texts("method"))
    assert {left_out, *AGAINST[left_out]} & set(table.texts("method")) <= kept


def test_no_picture_of_a_generator_that_was_learned_from_is_measured_on(
    reals: Path, beside: Path
) -> None:
    faces = a_choice(leave_out="stylegan256_140k", held_out=0.3).read(reals, beside)
    faceless = a_row("no face to learn from.png", method="stable_diffusion_2.1")
    table = scored(beside).joined(a_table(faceless)).without(faces.used_up)
    assert set(table.texts("method")) == {"stylegan256_140k", "ffhq256_140k"}


def test_a_real_picture_that_was_learned_from_is_used_up_whatever_its_group_is_called(
    reals: Path, beside: Path
) -> None:
    faces = a_choice(leave_out="stylegan256_140k").read(reals, beside)
    [learned] = [entry for entry in faces.learned if entry.method == "unsplash_real"]
    tied = a_row(learned.clip.removesuffix("#"), group="another name")
    assert not len(a_table(tied).without(faces.used_up))


def test_the_card_is_told_what_was_learned_from_and_what_was_left_out(
    reals: Path, beside: Path
) -> None:
    faces = a_choice(leave_out="stylegan256_140k").read(reals, beside)
    told_of = told(faces.learned, "stylegan256_140k").splitlines()
    assert "| fake | stylegan2_tpdne | drawn | 2 |" in told_of
    assert "| real | unsplash_real | drawn | 1 |" in told_of
    assert not any("ffhq" in line for line in told_of)
    assert told_of[-1].startswith("Left out: stylegan256_140k.")


def test_licences_are_asked_of_generators_that_are_learned_from_and_of_no_others(
    reals: Path, beside: Path
) -> None:
    methods = {entry.method for entry in read_index(beside)}
    made = [Material(name=one, version="1", licence=f"terms of {one}") for one in methods]
    write_used(beside, permitted(made, Use.EVALUATION))
    faces = a_choice(leave_out="stylegan256_140k").read(reals, beside)
    learned = ("stylegan2_tpdne", "stable_diffusion_2.1", "unsplash_real")
    allowed = [f"terms of {one}" for one in learned]
    assert {one.name for one in licences(beside, faces.learned, allowed)} == set(learned)
    with pytest.raises(NotLicensed, match="terms of stylegan2_tpdne"):
        licences(beside, faces.learned, allowed[1:])


def test_a_small_method_is_drawn_more_often_than_its_share(tmp_path: Path) -> None:
    entries = entries_on_disk(tmp_path, 4)
    chances = evenly([replace(one, method=m) for one, m in zip(entries, "aaab", strict=True)])
    assert chances.sum() == pytest.approx(1)
    assert chances[3] == pytest.approx(0.5 / 4 + 0.5 / 2)


@pytest.mark.parametrize(("scale", "side"), [(1.0, 162), (0.8, 130), (2.0, 224)])
def test_a_face_is_reduced_as_when_serving_and_never_enlarged(
    tmp_path: Path, scale: float, side: int
) -> None:
    entry = entries_on_disk(tmp_path, 1)[0]
    size = tuple((np.array(entry.read().shape[1::-1]) * scale).round().astype(int).tolist())
    pixels = cv2.resize(entry.read(), size, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(entry.file), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    face = moved(entry.face, (0, 0), scale)
    assert unenlarged(replace(entry, face=face)).shape == (side, side, 3)


def test_a_window_has_one_size_however_it_was_worn() -> None:
    crop = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
    shapes = {worn(crop, np.random.default_rng(seed)).shape for seed in range(30)}
    assert shapes == {(WINDOW, WINDOW, 3)}


def test_a_batch_is_the_same_for_the_same_seed_and_half_of_it_generated() -> None:
    dark = Pool(faces=np.zeros((1, 224, 224, 3), np.uint8), chances=np.ones(1))
    light = Pool(faces=np.full((1, 224, 224, 3), 255, np.uint8), chances=np.ones(1))
    windows, labels = next(batches(dark, light, 4, seed=1))
    again, _ = next(batches(dark, light, 4, seed=1))
    assert (windows == again).all()
    assert labels[:, 0].tolist() == [0, 0, 1, 1]
    assert windows[2:].mean() > windows[:2].mean()


def test_the_best_trivial_score_counts_in_its_better_direction() -> None:
    labels = np.repeat([0.0, 1.0], 20)
    sharper = {"sharpness": -labels, "brightness": np.tile([0.0, 1.0], 20)}
    found = compare(np.tile([0.0, 1.0], 20), sharper, labels)
    assert found["best_trivial"][0] == 1
    assert found["auc"][0] == pytest.approx(0.5)
    assert found["gain"][0] == pytest.approx(-0.5)
