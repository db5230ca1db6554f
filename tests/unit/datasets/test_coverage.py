from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from datasets.coverage import cover
from datasets.errors import DataSetRefused
from datasets.picture import draw_coverage
from datasets.records import Split
from tests.datasets import fake, real

CLIPS = [
    real("a", subjects=("p1",), skin_tone=3, gender="female", split=Split.TRAIN),
    real("b", subjects=("p2",), gender="female", split=Split.TEST),
    fake("c", subjects=("p1", "p2"), method="simswap", compression="c23", gender="male"),
]


def test_clips_are_counted_by_label_method_compression_and_split() -> None:
    found = cover(CLIPS)
    assert [(c.label, c.method, c.compression, c.clips) for c in found.cells] == [
        ("real", "-", "unknown", 2),
        ("fake", "simswap", "c23", 1),
    ]
    assert found.cells[0].by_split == {"train": 1, "test": 1}
    assert found.subjects == 2


def test_unknown_values_are_counted_as_such_and_every_skin_tone_is_shown() -> None:
    found = cover(CLIPS)
    assert found.variables["gender"] == {"female": 2, "male": 1}
    assert found.variables["light"] == {"unknown": 3}
    assert list(found.variables["skin_tone"]) == [*map(str, range(1, 11)), "unknown"]
    assert found.variables["skin_tone"]["unknown"] == 2


@pytest.mark.parametrize(("least", "told"), [(2, False), (3, True)])
def test_fewer_than_the_least_is_thin(least: int, told: bool) -> None:
    assert ("gender female: 2 clips" in cover(CLIPS, least).thin) is told


def test_what_is_wholly_or_mostly_unknown_is_thin() -> None:
    thin = cover(CLIPS, 1).thin
    assert any(line.startswith("nothing is known of place") for line in thin)
    assert "skin tone is unknown for 67% of the clips" in thin
    assert "skin tone 10: 0 clips" in thin


def test_a_label_that_is_missing_is_thin() -> None:
    assert "no fake clips at all" in cover(CLIPS[:2]).thin


def test_the_picture_is_drawn_and_a_wrong_name_for_it_is_refused(tmp_path: Path) -> None:
    draw_coverage(cover(CLIPS), "faces:1", tmp_path / "c.png")
    with Image.open(tmp_path / "c.png") as image:
        assert image.width > 800
    with pytest.raises(DataSetRefused, match="drawn"):
        draw_coverage(cover(CLIPS), "faces:1", tmp_path / "nowhere/c.png")
    with pytest.raises(DataSetRefused, match="drawn"):
        draw_coverage(cover(CLIPS), "faces:1", tmp_path / "c.docx")
