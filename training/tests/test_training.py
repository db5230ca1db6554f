"""What needs torch: the network learns, resumes, and is exported as it is.

Run in the environment of training: `python -m pytest training/tests`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml

from tests.unit.training.builders import a_picture, entries_on_disk
from training.blending.depthwise import DepthwiseConv
from training.blending.export import export, to_onnx
from training.blending.loading import EndlessBatches, batch, held_out
from training.blending.model import EMBEDDING_DIM, SEAM_STAGE, BlendingDetector, imagenet_weights
from training.blending.pairs import CONFIG, Pairs, PairSettings
from training.blending.train import Recipe, Training, run
from training.onnx_graphs import LARGEST_DIFFERENCE, LARGEST_ROUNDING, check, halve
from training.scoring import Scorer


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(**yaml.safe_load(CONFIG.read_text()))


@pytest.fixture(scope="module")
def detector() -> BlendingDetector:
    torch.manual_seed(0)
    model = BlendingDetector()
    model.load_imagenet(imagenet_weights())
    return model


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
def test_the_fast_backward_gives_torchs_own_gradients(kernel: int, stride: int) -> None:
    layer = DepthwiseConv(8, kernel, stride)
    features = torch.randn(2, 8, 12, 12)
    gradients = []
    for fast in (True, False):
        layer.train(fast)
        layer.zero_grad()
        leaf = features.clone().requires_grad_()
        layer(leaf).square().sum().backward()
        gradients.append((leaf.grad, layer.weight.grad.clone()))
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_weights_of_another_network_are_refused() -> None:
    weights = imagenet_weights()
    weights["_conv_stem.weight"] = torch.zeros(8, 3, 3, 3)
    with pytest.raises(ValueError, match="EfficientNet-Lite0"):
        BlendingDetector().load_imagenet(weights)


def test_a_few_steps_lower_the_loss(tmp_path, recipe: Recipe) -> None:
    pairs = Pairs(entries_on_disk(tmp_path, 4), PairSettings(), seed=0)
    training = Training(recipe, tmp_path)
    training.minutes = recipe.warm_up * recipe.minutes  # the learning rate at its highest
    same = batch(pairs, [(0, index) for index in range(4)])
    losses = [training.learn(same) for _ in range(24)]
    assert np.mean(losses[-4:]) < 0.85 * np.mean(losses[:4])


def test_batch_norms_keep_their_statistics_once_they_have_settled(tmp_path, recipe: Recipe) -> None:
    pairs = Pairs(entries_on_disk(tmp_path, 2), PairSettings(), seed=0)
    same = batch(pairs, [(0, 0), (0, 1)])
    training = Training(recipe, tmp_path)
    training.learn(same)
    training.minutes = recipe.settled_from * recipe.minutes
    settled = training.average.module.stem[1].running_mean.clone()
    training.learn(same)
    assert (training.model.stem[1].running_mean == settled).all()


def test_training_goes_on_from_the_weights_of_a_run_before(tmp_path, recipe: Recipe) -> None:
    pairs = Pairs(entries_on_disk(tmp_path, 2), PairSettings(), seed=0)
    before = Training(replace(recipe, small_until=0.0), tmp_path)
    before.learn(batch(pairs, [(0, 0), (0, 1)]))
    before.check(held_out(pairs, 2), train_loss=0.7)
    after = Training(recipe, tmp_path, start=tmp_path / "best.pt")
    for ours, theirs in zip(after.model.parameters(), before.average.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert after.steps_before == 1  # the pairs that come next were not seen


def test_a_training_that_had_ended_is_not_checked_again(tmp_path, recipe: Recipe) -> None:
    pairs = Pairs(entries_on_disk(tmp_path, 2), PairSettings(), seed=0)
    training = Training(recipe, tmp_path)
    training.learn(batch(pairs, [(0, 0), (0, 1)]))
    training.check(held_out(pairs, 2), train_loss=0.7)
    training.minutes = recipe.minutes
    run(training, iter([]), [])
    assert [line[0] for line in training.log] == [1]


def test_the_recipe_that_goes_on_holds_out_the_same_faces(recipe: Recipe) -> None:
    tuning = Recipe(**yaml.safe_load(CONFIG.with_name("tuning.yaml").read_text()))
    assert (tuning.seed, tuning.held_out) == (recipe.seed, recipe.held_out)


def test_what_is_located_scores_as_what_is_served(detector: BlendingDetector) -> None:
    crops = torch.randint(0, 256, (2, 224, 224, 3), dtype=torch.uint8)
    detector.eval()
    with torch.inference_mode():
        logit, features = detector.locate(crops)
        torch.testing.assert_close(logit, detector(crops)[0])
    assert features.shape == (2, SEAM_STAGE, 14, 14)


def test_a_stopped_training_goes_on_where_it_was(tmp_path, recipe: Recipe) -> None:
    pairs = Pairs(entries_on_disk(tmp_path, 2), PairSettings(), seed=0)
    training = Training(recipe, tmp_path)
    training.minutes = 1.5
    training.learn(batch(pairs, [(0, 0), (0, 1)]))
    training.check(held_out(pairs, 2), train_loss=0.7)

    resumed = Training(recipe, tmp_path)
    resumed.resume()
    assert (resumed.step, resumed.minutes) == (1, 1.5)
    assert resumed.log == training.log
    for ours, theirs in zip(
        resumed.average.parameters(), training.average.parameters(), strict=True
    ):
        assert torch.equal(ours, theirs)


def test_every_face_is_seen_once_an_epoch_however_many_workers(tmp_path) -> None:
    pairs = Pairs(entries_on_disk(tmp_path, 6), PairSettings(), seed=0)
    batches = EndlessBatches(pairs, 2, first_step=0, seed=0)
    places = [place for step in range(6) for place in batches.places(step)]
    assert sorted(places[:6]) == [(0, index) for index in range(6)]
    assert sorted(places[6:]) == [(1, index) for index in range(6)]
    assert [index for _, index in places[:6]] != [index for _, index in places[6:]]


def test_the_exported_network_says_what_the_trained_one_says(
    tmp_path, detector: BlendingDetector
) -> None:
    crops = np.stack([np.resize(a_picture(seed), (224, 224, 3)) for seed in range(3)])
    file = tmp_path / "model.onnx"
    difference, rounding = export(detector, file, crops)
    assert difference <= LARGEST_DIFFERENCE
    assert rounding is not None
    assert file.stat().st_size < 10e6
    with torch.inference_mode():
        logits, embeddings = detector.eval().describe(torch.from_numpy(crops))
    served_logits, served_embeddings = Scorer(file).score(crops)
    assert served_logits == pytest.approx(logits.numpy()[:, 0], abs=LARGEST_ROUNDING)
    assert served_embeddings.shape == (3, EMBEDDING_DIM)
    assert served_embeddings == pytest.approx(embeddings.numpy(), rel=0.01, abs=0.1)


def test_an_export_that_says_something_else_is_refused(detector: BlendingDetector) -> None:
    crops = np.stack([np.resize(a_picture(), (224, 224, 3))])
    graph = halve(to_onnx(detector))
    other = BlendingDetector()
    other.load_imagenet(imagenet_weights())
    torch.nn.init.constant_(other.classifier.bias, 5.0)
    with pytest.raises(ValueError, match="off by"):
        check(other, graph, crops, at_most=LARGEST_ROUNDING)
