"""What makes a bundle whole, and what is refused before it serves."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.bundles.bundle import Bundle, open_bundle, read_bundle
from inference.bundles.manifest import Manifest, Screen
from inference.bundles.manifest_file import digest
from inference.bundles.writing import write_manifest
from inference.faces.transitions import FEATURES
from moderation.errors import InvalidConfiguration
from tests.bundles import (
    BLENDING,
    GENERATION,
    SCREEN,
    SEAMS,
    TRANSITIONS,
    WIDTH,
    described,
    lay_out,
    make_bundle,
    save_head,
    save_reference,
    write_calibration,
)
from tests.tiny_network import tiny_network

EVERYTHING = {
    "detectors": (BLENDING, SEAMS, GENERATION, TRANSITIONS),
    "screens": (SCREEN,),
}


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make_bundle(tmp_path / "bundle", **EVERYTHING)


@pytest.fixture
def manifest() -> Manifest:
    return described(**EVERYTHING)


def test_a_bundle_is_known_by_the_hash_of_its_manifest_which_pins_every_file(
    bundle: Bundle,
) -> None:
    assert (bundle.identity.name, bundle.identity.version) == ("test-faces", "1")
    assert bundle.identity.sha256 == digest((bundle.folder / "bundle.yaml").read_bytes())
    files = {
        path.relative_to(bundle.folder).as_posix()
        for path in bundle.folder.rglob("*")
        if path.is_file() and path.name != "bundle.yaml"
    }
    assert set(bundle.manifest.files) == files
    assert read_bundle(bundle.folder).identity == bundle.identity


def test_its_parts_are_read_through_it(bundle: Bundle) -> None:
    families = {family.finds: set(family.weights) for family in bundle.fusion().families}
    assert families == {
        "manipulated": {"blending", "seams", "transitions"},
        "generated": {"generation"},
    }
    assert bundle.reference().distance(np.ones((1, WIDTH), np.float32)).tolist() == [1.0]
    assert bundle.head(GENERATION.head, of="blending", outputs=1).outputs == ("generation",)
    assert bundle.weights(SEAMS).sha256 == bundle.manifest.files["seams/1/model.onnx"]


def test_a_bundle_of_one_model_alone_is_whole(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "bundle", reference=None)
    assert bundle.reference() is None
    assert [detector.name for detector in bundle.manifest.detectors] == ["blending"]


def test_a_head_over_tracks_that_was_made_for_other_features_is_refused(tmp_path: Path) -> None:
    for name in (FEATURES, "transitions-0"):
        detectors = (BLENDING, replace(TRANSITIONS, features=name))
        if name == FEATURES:
            assert make_bundle(tmp_path / name, detectors=detectors)
            continue
        with pytest.raises(InvalidConfiguration, match="made for transitions-0, this version"):
            make_bundle(tmp_path / name, detectors=detectors)


def test_a_manifest_says_for_which_features_a_head_over_tracks_was_made(bundle: Bundle) -> None:
    assert f"features: {FEATURES}" in (bundle.folder / "bundle.yaml").read_text()


@pytest.mark.parametrize(
    "path",
    ["calibration.json", "reference.npz", "card.md", "heads/generation.npz", "heads/screens.npz",
     "heads/transitions.npz", "face_blending/config.pbtxt", "face_blending/configs/cpu.pbtxt",
     "face_blending/1/model.onnx", "face_blending/1/model.py", "seams/1/model.onnx"],
)  # fmt: skip
def test_no_file_may_change_or_go_missing(bundle: Bundle, path: str) -> None:
    file = bundle.folder / path
    content = file.read_bytes()
    file.write_bytes(content + b"\n")
    with pytest.raises(InvalidConfiguration, match=rf"{file} is not the file of the manifest"):
        read_bundle(bundle.folder)
    file.unlink()
    with pytest.raises(InvalidConfiguration, match=rf"{file} is missing"):
        read_bundle(bundle.folder)
    file.write_bytes(content)
    read_bundle(bundle.folder)


def test_a_file_that_changes_after_the_bundle_was_read_is_not_used(bundle: Bundle) -> None:
    (bundle.folder / "calibration.json").write_text("{}")
    with pytest.raises(InvalidConfiguration, match="not the file of the manifest"):
        bundle.fusion()


@pytest.mark.parametrize("path", ["notes.txt", "face_blending/2/model.onnx", "numpy.py", ".env"])
def test_a_file_that_the_manifest_does_not_list_is_refused(bundle: Bundle, path: str) -> None:
    (bundle.folder / path).parent.mkdir(exist_ok=True)
    (bundle.folder / path).write_bytes(b"surplus")
    with pytest.raises(InvalidConfiguration, match=r"is not in bundle.yaml: remove it"):
        read_bundle(bundle.folder)


def test_what_python_compiles_beside_its_programs_is_no_part_of_a_bundle(bundle: Bundle) -> None:
    (bundle.folder / "face_blending" / "1" / "__pycache__").mkdir()
    (bundle.folder / "face_blending" / "1" / "__pycache__" / "model.pyc").write_bytes(b"compiled")
    read_bundle(bundle.folder)


def test_a_link_is_refused_wherever_it_leads(bundle: Bundle, tmp_path: Path) -> None:
    weights = bundle.folder / "face_blending" / "1" / "model.onnx"
    weights.rename(tmp_path / "elsewhere.onnx")
    weights.symlink_to(tmp_path / "elsewhere.onnx")
    with pytest.raises(InvalidConfiguration, match="no links"):
        read_bundle(bundle.folder)


def test_a_folder_that_is_a_link_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    (bundle.folder / "heads").rename(tmp_path / "heads")
    (bundle.folder / "heads").symlink_to(tmp_path / "heads")
    with pytest.raises(InvalidConfiguration, match="no links"):
        read_bundle(bundle.folder)


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match=r"bundle\.yaml: No such file"):
        open_bundle(tmp_path)


def spoil_text(path: str, old: str, new: str) -> Callable[[Path, Manifest], None]:
    def spoil(folder: Path, manifest: Manifest) -> None:
        text = (folder / path).read_text()
        assert old in text
        (folder / path).write_text(text.replace(old, new))

    return spoil


CONFIG, CPU = "face_blending/config.pbtxt", "face_blending/configs/cpu.pbtxt"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (spoil_text(CPU, "[ 224, 224, 3 ]", "[ 256, 256, 3 ]"), "its input must be crops"),
        (spoil_text(CPU, "TYPE_UINT8", "TYPE_FP32"), "its input must be crops"),
        (spoil_text(CPU, '"crops"', '"images"'), "its input must be crops"),
        (spoil_text(CPU, "[ 4 ]", "[ 5 ]"), r"outputs must be logit.*\[ 4 \]"),
        (spoil_text(CONFIG, "[ 4 ]", "[ 5 ]"), r"outputs must be logit.*\[ 4 \]"),
        (spoil_text(CPU, 'name: "logit"', 'name: "fake"'), "outputs must be logit"),
        (spoil_text(CPU, "max_batch_size: 64", "max_batch_size: 31"), "requests hold 32"),
        (spoil_text(CPU, 'name: "face_blending"', 'name: "seams"'), "is called 'seams'"),
        (spoil_text(CPU, 'backend: "python"', 'backend: "identity"'), "backend 'identity'"),
        (spoil_text(CPU, "weights_sha256", "weights_md5"), "weights_sha256 is missing"),
        (spoil_text(CPU, "inference_threads", "EXECUTION_ENV_PATH"), "EXECUTION_ENV_PATH"),
        (spoil_text(CPU, "inference_threads", "SHM_REGION"), "SHM_REGION is nothing"),
        (spoil_text(CONFIG, "/tmp/veriscope-engines", "/models/engines"), "engine_cache_path"),
        (spoil_text(CONFIG, "trt_engine_cache_enable", "plugins"), "tensorrt: plugins"),
        (spoil_text(CONFIG, '"tensorrt"', '"theirs"'), "the accelerator 'theirs' is none"),
        (spoil_text(CONFIG, "optimization {", "optimization { cuda { graphs: true }"), "cuda"),
        (spoil_text(CPU, "max_batch_size", "version_policy { all {} } max_batch_size"),
         "version_policy"),
        (spoil_text(CONFIG, "max_batch_size",
                    'model_operations { op_library_filename: "evil.so" } max_batch_size'),
         "model_operations"),
        (spoil_text(CONFIG, "max_batch_size: 64", "max_batch_size: {"), "config.pbtxt"),
        (lambda folder, _: (folder / CPU).unlink(), r"files lack face_blending/configs/cpu\.pbtxt"),
        (lambda folder, _: (folder / "face_blending/1/model.py").unlink(), "files lack .*model.py"),
        (lambda folder, _: (folder / "card.md").unlink(), r"files lack card\.md"),
        (lambda folder, _: (folder / GENERATION.head).unlink(), "files lack heads/generation"),
        (lambda folder, _: save_head(folder / GENERATION.head, "a", width=5), "made for 5 values"),
        (lambda folder, _: save_head(folder / GENERATION.head, "a", "b"), "2 outputs"),
        (lambda folder, _: save_head(folder / TRANSITIONS.head, "a", "b"), "2 outputs"),
        (lambda folder, _: save_head(folder / TRANSITIONS.head, "a", width=5),
         "made for 5 features of a track"),
        (lambda folder, _: save_head(folder / SCREEN.head, "a", width=5), "made for 5 values"),
        (lambda folder, _: save_head(folder / SCREEN.head, "occluded", "bored"),
         "no other is heeded"),
        (lambda folder, _: save_reference(folder / "reference.npz", 5), "made for 5 values"),
        (lambda folder, _: (folder / "calibration.json").write_text("{}"), r"calibration\.json"),
        (lambda folder, manifest: write_calibration(folder, manifest, families=[
            {"finds": "manipulated", "weights": {"blending": 1.0, "ghost": 1.0}}]),
         "no detector ghost finds manipulated"),
        (lambda folder, manifest: write_calibration(folder, manifest, families=[
            {"finds": "generated", "weights": {"blending": 1.0}}]),
         "no detector blending finds generated"),
        (lambda folder, manifest: write_calibration(folder, manifest, temperature=0.0),
         "temperature"),
        (lambda folder, manifest: write_calibration(folder, manifest, surprise=1), "surprise"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_the_file_that_is_wrong(
    tmp_path: Path, manifest: Manifest, spoil: Callable[[Path, Manifest], object], says: str
) -> None:
    lay_out(tmp_path, manifest)
    spoil(tmp_path, manifest)
    with pytest.raises(InvalidConfiguration, match=says) as refused:
        write_manifest(tmp_path, manifest)
    assert str(tmp_path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_second_version_of_a_model_is_refused_for_triton_would_serve_it(
    tmp_path: Path, manifest: Manifest
) -> None:
    lay_out(tmp_path, manifest)
    (tmp_path / "seams" / "2").mkdir()
    (tmp_path / "seams" / "2" / "model.onnx").write_bytes(b"newer weights")
    with pytest.raises(InvalidConfiguration, match=r"seams/2: Triton would serve it"):
        write_manifest(tmp_path, manifest)


def test_writing_a_manifest_stamps_the_weights_into_every_configuration(bundle: Bundle) -> None:
    for model in ("face_blending", "seams"):
        sha256 = bundle.manifest.files[f"{model}/1/model.onnx"]
        for name in ("config.pbtxt", "configs/cpu.pbtxt"):
            assert sha256 in (bundle.folder / model / name).read_text()


def test_the_same_files_make_the_same_manifest(bundle: Bundle, manifest: Manifest) -> None:
    assert write_manifest(bundle.folder, manifest).identity == bundle.identity


def test_the_example_of_the_documentation_makes_a_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[4] / "docs" / "models.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.onnx").write_bytes(tiny_network(embedding=512))
    exec(example, {})
    assert read_bundle(tmp_path / "my-faces").manifest.title == "my-faces:1"


def test_two_screens_that_tell_the_same_are_refused(tmp_path: Path) -> None:
    twice = (SCREEN, Screen(head="heads/others.npz", of="blending"))
    with pytest.raises(InvalidConfiguration, match="may be told once"):
        make_bundle(tmp_path, screens=twice)
