"""The detector of generated faces: what is tuned, that it learns, and that its export agrees."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from datasets.errors import NotLicensed
from datasets.licences import Material, permitted, write_used
from datasets.records import Use
from tests.unit.training.builders import entries_on_disk
from training.generation.export import export, load
from training.generation.model import EMBEDDING_DIM, FROZEN_STAGES, GenerationDetector
from training.generation.pools import Faces, Pool
from training.generation.train import CONFIG, USED_UP, Recipe, Training, main, train
from training.generation.windows import batches
from training.patches import INDEX
from training.scoring import Scorer


@pytest.fixture
def recipe() -> Recipe:
    return replace(Recipe(**yaml.safe_load(CONFIG.read_text())), batch=4)


@pytest.fixture
def faces() -> Faces:
    """Smooth faces, and generated ones with a grid over them."""
    rng = np.random.default_rng(0)
    smooth = rng.integers(60, 180, (4, 1, 1, 3)) + np.zeros((4, 224, 224, 3))
    gridded = smooth.copy()
    gridded[:, ::2, ::2] += 40
    real, fake = (
        Pool(faces=crops.astype(np.uint8), chances=np.full(4, 0.25)) for crops in (smooth, gridded)
    )
    return Faces(
        real=real,
        generated=fake,
        other_real=real.faces[:2],
        other_generated=fake.faces[:2],
        used_up=frozenset({"person 2", "person 1"}),
    )


def test_the_first_stages_keep_imagenets_filters_and_all_norms_their_statistics(
    recipe: Recipe, faces: Faces
) -> None:
    training = Training(recipe)
    before = {name: value.clone() for name, value in training.model.state_dict().items()}
    windows, labels = next(batches(faces.real, faces.generated, recipe.batch, seed=0))
    training.learn(40, torch.from_numpy(windows), torch.from_numpy(labels))
    changed = {k for k, v in training.model.state_dict().items() if not torch.equal(v, before[k])}
    frozen = ("stem.", *(f"stages.{place}." for place in range(FROZEN_STAGES)))
    kept = {name for name in before if name.startswith(frozen)}
    statistics = {name for name in before if name.startswith("stages.") and "running_" in name}
    assert not changed & (kept | statistics)
    assert any(name.startswith("stages.4.") for name in changed)


def test_a_few_steps_learn_a_grid_and_the_export_agrees(
    tmp_path, recipe: Recipe, faces: Faces
) -> None:
    few = replace(recipe, steps=8, averaging=0.5)
    train(few, faces, tmp_path)
    assert (tmp_path / USED_UP).read_text() == "person 1\nperson 2\n"
    lines = (tmp_path / "log.csv").read_text().splitlines()[1:]
    losses = [float(line.split(",")[1]) for line in lines]
    assert np.mean(losses[-2:]) < np.mean(losses[:2])
    export(load(tmp_path / "best.pt"), tmp_path / "model.onnx")
    logits, embeddings = Scorer(tmp_path / "model.onnx", threads=1).score(faces.other_real)
    assert embeddings.shape == (2, EMBEDDING_DIM)
    with torch.inference_mode():
        expected = load(tmp_path / "best.pt").eval()(torch.from_numpy(faces.other_real))[0]
    np.testing.assert_allclose(logits, expected[:, 0].numpy(), atol=1e-3)


def test_pictures_that_may_not_be_learned_from_end_it_before_the_first_step(tmp_path: Path) -> None:
    for name, method, use in (
        ("real", "drawn", Use.TRAINING),
        ("dev", "stylegan2_tpdne", Use.EVALUATION),
    ):
        entries_on_disk(tmp_path / name, 2, groups=2)
        index = tmp_path / name / INDEX
        index.write_text(index.read_text().replace("real,drawn", f"real,{method}"))
        licence = "MIT" if name == "real" else "Their terms"
        made = Material(name=method, version="1", licence=licence)
        write_used(tmp_path / name, permitted([made], use))
    folders = ["--data", str(tmp_path / "real"), "--generated", str(tmp_path / "dev")]
    with pytest.raises(NotLicensed, match="Their terms"):
        main([*folders, "--out", str(tmp_path / "run"), "--steps", "1"])
    assert not (tmp_path / "run").exists()


def test_whole_crops_and_windows_are_both_judged() -> None:
    model = GenerationDetector().eval()
    with torch.inference_mode():
        for side in (128, 224):
            logit, embedding = model(torch.zeros(1, side, side, 3, dtype=torch.uint8))
            assert (logit.shape, embedding.shape) == ((1, 1), (1, EMBEDDING_DIM))
