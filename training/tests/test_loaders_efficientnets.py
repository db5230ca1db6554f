"""Self-blended images' B4 and the DFDC winner's encoders, against their arithmetic by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from inference.bundles.bundle import read_bundle
from moderation.errors import InvalidConfiguration
from training.loaders.__main__ import main
from training.loaders.efficientnets import EfficientNet, load_dfdc, load_sbi
from training.tests.foreign_efficientnets import channels, drawn, encode, shapes

B2, B4, B7 = (1.1, 1.2), (1.4, 1.8), (2.0, 3.1)  # width and depth


@pytest.fixture(scope="module")
def sbi(tmp_path_factory) -> Path:
    """What train_sbi.py saves: the network under "model", an optimizer beside it."""
    found = {f"net.{name}": shape for name, shape in shapes(*B4, luke=True).items()}
    found |= {"net._fc.weight": (2, 1792), "net._fc.bias": (2,)}
    state = drawn(found) | {"net._bn0.num_batches_tracked": torch.tensor(7)}
    optimizer = {"state": {0: {"momentum_buffer": torch.zeros(2)}}, "param_groups": [{"lr": 0.1}]}
    path = tmp_path_factory.mktemp("sbi") / "sbi.tar"
    torch.save({"model": state, "optimizer": optimizer, "epoch": 99}, path)
    return path


def dfdc_state(width: float, depth: float) -> dict[str, tuple[int, ...]]:
    features = channels(1280, width)
    found = {f"module.encoder.{k}": v for k, v in shapes(width, depth, luke=False).items()}
    found |= {"module.encoder.classifier.weight": (1000, features)}
    found |= {"module.encoder.classifier.bias": (1000,)}
    return found | {"module.fc.weight": (1, features), "module.fc.bias": (1,)}


def test_a_b4_of_efficientnet_pytorch_computes_the_same_as_a_bundle(sbi: Path, tmp_path) -> None:
    out = tmp_path / "sbi"
    # which ends, if the exported graph differs from torch by over 1e-3 of a logit
    main(["sbi", str(sbi), "--out", str(out), "--name", "sbi"])
    assert read_bundle(out).manifest.models[0].embedding == 1792
    assert "non-commercial" in (out / "card.md").read_text()
    detector = load_sbi(sbi).eval()
    crop = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3), np.uint8)
    state = {k.removeprefix("net."): v for k, v in torch.load(sbi)["model"].items()}
    with torch.inference_mode():
        features = encode(state, detector.framed(torch.from_numpy(crop)), *B4, luke=True)
        real, fake = (features @ state["_fc.weight"].T + state["_fc.bias"])[0]
        ours, embedding = detector(torch.from_numpy(crop))
    assert abs(float(fake - real)) > 1e-2  # else agreement would tell little
    torch.testing.assert_close(ours[0, 0], fake - real, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(embedding, features, atol=1e-4, rtol=1e-3)


def test_an_encoder_of_the_dfdc_winner_computes_the_same(tmp_path: Path) -> None:
    state = drawn(dfdc_state(*B2))
    path = tmp_path / "final_b2"
    # its best score is a NumPy number, and it was saved by DataParallel
    torch.save({"epoch": 36, "state_dict": state, "bce_best": np.float64(0.17)}, path)
    detector = load_dfdc(path).eval()
    plain = {k.removeprefix("module.").removeprefix("encoder."): v for k, v in state.items()}
    pixels = torch.rand(1, 3, 380, 380, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        features = encode(plain, pixels, *B2, luke=False)
        embedding, logit = detector.network(pixels)
    torch.testing.assert_close(embedding, features, atol=1e-4, rtol=1e-3)
    expected = features @ plain["fc.weight"].T + plain["fc.bias"]
    torch.testing.assert_close(logit, expected, atol=1e-4, rtol=1e-4)


def test_the_b7_has_the_winners_names_and_shapes() -> None:
    with torch.device("meta"):
        network = EfficientNet("tf_efficientnet_b7", classes=1)
    ours = {
        name: tuple(tensor.shape)
        for name, tensor in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    theirs = {name.removeprefix("module."): shape for name, shape in dfdc_state(*B7).items()}
    assert ours == {k: v for k, v in theirs.items() if "encoder.classifier" not in k}
    assert theirs["encoder.blocks.1.0.se.conv_reduce.weight"] == (8, 192, 1, 1)


def test_a_checkpoint_of_another_detector_is_refused(sbi: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match=r"no classifier of the DFDC winner's"):
        load_dfdc(sbi)
    state = drawn({"module.fc.weight": (1, 2560), "module.fc.bias": (1,)})
    torch.save({"state_dict": state}, tmp_path / "headless")
    with pytest.raises(InvalidConfiguration, match=r"tf_efficientnet_b7 also has 'encoder"):
        load_dfdc(tmp_path / "headless")
    with pytest.raises(InvalidConfiguration, match=r"'fc.weight' is no name of self-blended"):
        load_sbi(tmp_path / "headless")
