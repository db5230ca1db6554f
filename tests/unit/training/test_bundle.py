from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.comparisons import Comparison
from benchmarks.measuring import Draws, measure
from datasets.licences import Used, write_used
from inference.bundles.bundle import read_bundle
from inference.faces.transitions import NAMES
from moderation.errors import InvalidConfiguration
from moderation.fusion import Family, Fusion
from tests.bundles import save_head
from tests.tiny_network import tiny_network
from tests.unit.benchmarks.builders import a_row, a_table
from training.bundle import draft_fusion, embedding_width, figures, main, thresholds
from training.fuse import written
from training.reference import describe, write

WIDTH = 12


@pytest.fixture
def parts(tmp_path: Path) -> list[str]:
    """What training leaves behind, as the arguments of `training.bundle`."""
    (tmp_path / "blending.onnx").write_bytes(tiny_network(embedding=WIDTH))
    save_head(tmp_path / "screens.npz", "occluded", width=WIDTH)
    save_head(tmp_path / "generation.npz", "generation", width=WIDTH)
    save_head(tmp_path / "transitions.npz", "transitions", width=len(NAMES))
    embeddings = np.random.default_rng(0).normal(0, 1, (50, WIDTH)).astype(np.float32)
    write(tmp_path / "reference.npz", describe(embeddings, components=4))
    (tmp_path / "card.md").write_text("# A card\n")
    (tmp_path / "faces").mkdir()
    write_used(
        tmp_path / "faces",
        [
            Used(
                name="portraits",
                version="1",
                licence="MIT",
                permission="yes",
                used_for="training",
                faces=3,
                allows_training="yes",
            )
        ],
    )
    return [
        *("--blending", str(tmp_path / "blending.onnx")),
        *("--heads", *(str(tmp_path / f"{n}.npz") for n in ("screens", "generation"))),
        *("--reference", str(tmp_path / "reference.npz"), "--card", str(tmp_path / "card.md")),
        *("--data", str(tmp_path / "faces"), "--version", "7", "--out", str(tmp_path / "bundle")),
    ]


def test_a_draft_is_a_bundle_that_serving_takes(parts: list[str], tmp_path: Path) -> None:
    main(parts)
    bundle = read_bundle(tmp_path / "bundle")
    assert bundle.manifest.title == "veriscope-faces:7"
    assert [one.name for one in bundle.manifest.detectors] == ["blending", "generation"]
    assert [one.name for one in bundle.manifest.data_sets] == ["portraits"]
    assert bundle.fusion() == draft_fusion(bundle.manifest.detectors)
    assert set(bundle.manifest.thresholds.values()) == {None}


def test_a_calibrated_bundle_carries_its_thresholds(parts: list[str], tmp_path: Path) -> None:
    fusion = Fusion(
        id="seven",
        families=(Family(finds="manipulated", weights={"blending": 0.5}, bias=0.1),),
        temperature=2.0,
        unforged=tuple(np.linspace(0, 0.5, 200).tolist()),
    )
    (tmp_path / "calibration.json").write_text(written(fusion, []))
    main([*parts, "--calibration", str(tmp_path / "calibration.json")])
    bundle = read_bundle(tmp_path / "bundle")
    assert bundle.fusion() == fusion
    assert bundle.manifest.thresholds == thresholds(fusion)
    assert all(at is not None and at <= 0.51 for at in bundle.manifest.thresholds.values())


def test_of_detectors_that_find_the_same_a_draft_asks_the_first(
    parts: list[str], tmp_path: Path
) -> None:
    parts.insert(parts.index("--reference"), str(tmp_path / "transitions.npz"))
    main(parts)
    bundle = read_bundle(tmp_path / "bundle")
    assert [one.name for one in bundle.manifest.over_tracks] == ["transitions"]
    families = draft_fusion(bundle.manifest.detectors).families
    assert [dict(one.weights) for one in families] == [{"blending": 1.0}, {"generation": 1.0}]


def test_the_width_of_an_embedding_is_what_the_network_says() -> None:
    assert embedding_width(tiny_network(embedding=WIDTH)) == WIDTH


def test_what_is_written_is_plain_json(parts: list[str], tmp_path: Path) -> None:
    main(parts)
    document = json.loads((tmp_path / "bundle" / "calibration.json").read_text())
    assert document["id"] == "draft"


def test_a_folder_with_something_else_in_it_is_left_alone(parts: list[str], tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "letter.txt").write_text("mine")
    with pytest.raises(InvalidConfiguration, match="no bundle"):
        main(parts)
    assert (tmp_path / "bundle" / "letter.txt").read_text() == "mine"


def test_an_older_bundle_makes_room(parts: list[str], tmp_path: Path) -> None:
    main(parts)
    (tmp_path / "bundle" / "stray.npz").write_bytes(b"")
    main(parts)
    assert not (tmp_path / "bundle" / "stray.npz").exists()


def test_a_head_that_nobody_asks_is_refused(parts: list[str], tmp_path: Path) -> None:
    (tmp_path / "generation.npz").rename(tmp_path / "other.npz")
    with pytest.raises(InvalidConfiguration, match=r"other\.npz"):
        main([part.replace("generation.npz", "other.npz") for part in parts])


def test_a_card_is_made_of_its_parts_in_order(parts: list[str], tmp_path: Path) -> None:
    (tmp_path / "learned.md").write_text("\nLearned from.\n")
    place = parts.index("--card") + 2
    main([*parts[:place], str(tmp_path / "learned.md"), *parts[place:]])
    assert (tmp_path / "bundle" / "card.md").read_text() == "# A card\n\nLearned from.\n"


def test_data_sets_of_every_detector_are_named_once_with_their_largest_part(
    parts: list[str], tmp_path: Path
) -> None:
    (tmp_path / "generation").mkdir()
    portraits, drawn = (
        Used(
            name=name, version="1", licence="MIT", permission="yes", used_for="training",
            faces=faces, allows_training="yes",
        )
        for name, faces in (("portraits", 2), ("drawn", 5))
    )  # fmt: skip
    write_used(tmp_path / "generation", [portraits, drawn])
    place = parts.index("--data") + 2
    main([*parts[:place], str(tmp_path / "generation"), *parts[place:]])
    named = [(one.name, one.faces) for one in read_bundle(tmp_path / "bundle").manifest.data_sets]
    assert named == [("drawn", 5), ("portraits", 3)]


def test_figures_name_the_best_single_score_and_leave_open_what_cannot_be_said() -> None:
    rows = [
        a_row(f"{label}{n}", label=label, method=label, group="the only one",
              fake_probability=0.9 if label == "fake" else 0.1, trivial={"sharpness": 1.0 + n})
        for label in ("real", "fake")
        for n in range(6)
    ]  # fmt: skip
    asked = Comparison(name="pair", forged=("fake",), real=("real",))
    found = measure([a_table(*rows)], [asked], draws=Draws(samples=9))
    beside = replace(found.comparisons[0], trivial={"sharpness": 0.5, "mix": 0.8})
    told = figures(replace(found, comparisons=(beside,)))
    assert told["pair"] | {"forged": 6, "real": 6} == told["pair"]
    assert (told["pair"]["auc"], told["pair"]["low"], told["pair"]["trivial"]) == (1.0, None, 0.5)
