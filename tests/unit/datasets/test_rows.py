from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datasets.errors import DataSetRefused
from datasets.records import Region, Split
from datasets.rows import from_manifest, from_registry
from moderation.tracks import Face
from tests.datasets import fake, put, put_csv, real, stored
from training.patches import Patch, read_index, write_patches


def test_rows_of_a_split_tell_whose_clip_it_is_and_who_belongs_together(tmp_path: Path) -> None:
    clips = [
        real("a.mp4", subjects=("p1", "p2"), split=Split.TRAIN),
        fake("b.mp4", original="a.mp4", region=Region.LEFT, split=Split.TRAIN),
        real("c.mp4", split=Split.TEST, official_split="dev"),
    ]
    registry = stored(tmp_path, tmp_path / "media", clips)
    one, two = (row.facts for row in from_registry(registry, ["faces"], "train"))
    assert (one["subject"], one["data_set"], one["crop"]) == ("p1;p2", "faces:1", "")
    assert (two["clip_id"], two["crop"], two["method"]) == ("b.mp4#left", "left", "m")
    assert one["group"] == two["group"]
    (three,) = from_registry(registry, ["faces"], "dev")
    assert three.facts["group"] != one["group"]


def test_a_split_that_is_empty_is_refused(tmp_path: Path) -> None:
    registry = stored(tmp_path, tmp_path, [real("a.mp4")])
    with pytest.raises(DataSetRefused, match="veriscope data split"):
        from_registry(registry, ["faces"], "train")


LINE = {
    "path": "a.png",
    "split": "train",
    "label": "real",
    "method": "web",
    "source": "",
    "group": "g",
    "crop": "",
    "licence": "MIT",
}


def test_rows_of_a_manifest_are_licensed_by_line(tmp_path: Path) -> None:
    rows = [LINE, LINE | {"method": "other", "licence": ""}, LINE | {"split": "dev"}]
    found = from_manifest(put_csv(tmp_path / "m.csv", rows), "train")
    assert [(r.material.name, r.material.licence) for r in found] == [
        ("web", "MIT"),
        ("other", "unknown"),
    ]
    assert len(from_manifest(tmp_path / "m.csv", "train", ["web"])) == 1


def test_a_manifest_cannot_name_files_elsewhere(tmp_path: Path) -> None:
    put(tmp_path, "secret.png")
    manifest = put_csv(tmp_path / "set/m.csv", [LINE | {"path": "../secret.png"}])
    with pytest.raises(DataSetRefused):
        from_manifest(manifest, "train")


def patch(**origin: str) -> Patch:
    facts = {key: LINE[key] for key in ("label", "method", "source", "group", "path", "crop")}
    five = ((1.0, 2.0),) * 5
    face = Face(box_xyxy=(0.0, 0.0, 9.0, 9.0), landmarks=five, detector_score=1.0)
    pixels = np.zeros((16, 16, 3), np.uint8)
    return Patch(pixels=pixels, face=face, crop=pixels, row=facts | origin)


def test_faces_keep_the_clip_and_the_person_they_are_of(tmp_path: Path) -> None:
    origin = {"clip_id": "a.png", "subject": "p1", "data_set": "faces:1"}
    write_patches(tmp_path, [patch(**origin), patch()])
    known, loose = read_index(tmp_path)
    assert (known.clip_id, known.subject, known.data_set) == ("a.png", "p1", "faces:1")
    assert (loose.clip_id, loose.clip) == ("", "a.png#")


def test_faces_that_were_cut_out_before_there_was_a_registry_are_still_read(
    tmp_path: Path,
) -> None:
    write_patches(tmp_path, [patch()])
    index = tmp_path / "faces.csv"
    lines = index.read_text().splitlines()
    index.write_text("\n".join(line.rsplit(",", 3)[0] for line in lines))
    (entry,) = read_index(tmp_path)
    assert (entry.clip_id, entry.subject, entry.face.box_xyxy) == ("", "", (0, 0, 9, 9))
