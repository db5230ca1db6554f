"""A bundle's models under other names, so that one server can have two bundles."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from inference.bundles.beside import lay_out_beside, name_beside, weights_beside
from inference.bundles.bundle import Bundle, read_bundle
from inference.bundles.weights import identify_weights
from moderation.errors import InvalidConfiguration
from tests.bundles import BLENDING, SEAMS, make_bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make_bundle(tmp_path / "bundle", detectors=(BLENDING, SEAMS))


def configured(folder: Path, name: str) -> model_config_pb2.ModelConfig:
    return text_format.Parse((folder / name).read_text(), model_config_pb2.ModelConfig())


def test_every_model_has_another_name_and_the_same_weights(bundle: Bundle, tmp_path: Path) -> None:
    lay_out_beside(bundle, tmp_path / "beside")
    for detector in (BLENDING, SEAMS):
        name = name_beside(detector)
        found = identify_weights(tmp_path / "beside" / name)
        assert found == weights_beside(bundle, detector)
        assert (found.name, found.sha256) == (name, bundle.weights(detector).sha256)


@pytest.mark.parametrize("file", ["config.pbtxt", "configs/cpu.pbtxt"])
def test_a_configuration_differs_in_nothing_but_the_name(
    bundle: Bundle, tmp_path: Path, file: str
) -> None:
    lay_out_beside(bundle, tmp_path / "beside")
    before = configured(bundle.folder / "seams", file)
    after = configured(tmp_path / "beside" / "shadow.seams", file)
    assert (before.name, after.name) == ("seams", "shadow.seams")
    after.name = before.name
    assert after == before


def test_the_bundle_itself_stays_as_it_is(bundle: Bundle, tmp_path: Path) -> None:
    lay_out_beside(bundle, tmp_path / "beside")
    assert read_bundle(bundle.folder).identity == bundle.identity


def test_a_newer_bundle_takes_the_place_of_an_older_one(bundle: Bundle, tmp_path: Path) -> None:
    newer = make_bundle(tmp_path / "newer", slopes=(3.0, -3.0), version="2", detectors=(BLENDING,))
    for one in (bundle, newer):
        lay_out_beside(one, tmp_path / "beside")
    found = identify_weights(tmp_path / "beside" / "shadow.face_blending")
    assert found == weights_beside(newer, BLENDING)
    assert sorted(path.name for path in (tmp_path / "beside").iterdir()) == [
        "shadow.face_blending",
        "shadow.seams",
    ]


def test_a_folder_that_cannot_be_made_is_told(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InvalidConfiguration, match="file"):
        lay_out_beside(bundle, tmp_path / "file" / "beside")
