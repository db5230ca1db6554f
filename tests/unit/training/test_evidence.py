from pathlib import Path

import pytest

from benchmarks.table import Run, ScoreRow, ScoreTable
from inference.bundles.calibration import read_fusion
from moderation.fusion import Family, Fusion
from training.evidence import main, unforged
from training.fuse import Part, written


def group_of(part: Part) -> str:
    return next(name for name in map(str, range(100)) if Part.of(name) is part)


def row(number: int, **changes: object) -> ScoreRow:
    facts = {
        "clip_id": str(number),
        "label": "real",
        "group": group_of(Part.THRESHOLDS),
        "fake_probability": number / 7,
    }
    return ScoreRow(**(facts | changes))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = [
        row(3),
        row(1),
        row(2, label="fake"),
        row(4, abstained=True),
        row(5, group=group_of(Part.FIT)),
        row(6, group=group_of(Part.REPORT)),
        row(0, fake_probability=None),
    ]
    run = Run(bundle_name="x", bundle_version="1", bundle_sha256="0", policy_sha256="0")
    ScoreTable.of(run, rows).write(tmp_path / "scores.parquet")
    return tmp_path / "scores.parquet"


def test_only_genuine_clips_that_are_judged_and_kept_for_it_are_evidence(table: Path) -> None:
    assert unforged([table]) == [0.1429, 0.4286]


def test_a_group_that_a_detector_learned_from_is_no_evidence(table: Path) -> None:
    assert unforged([table], {group_of(Part.THRESHOLDS)}) == []
    assert unforged([table], {"another"}) == [0.1429, 0.4286]


def test_evidence_is_never_rounded_below_what_was_said(table: Path) -> None:
    assert all(kept >= said for kept, said in zip(unforged([table]), (1 / 7, 3 / 7), strict=True))


def test_the_calibration_gains_its_evidence_and_stays_what_it_was(
    table: Path, tmp_path: Path
) -> None:
    fusion = Fusion(id="1", families=(Family(finds="manipulated", weights={"blending": 0.5}),))
    (tmp_path / "before.json").write_text(written(fusion, []))
    arguments = ["--calibration", str(tmp_path / "before.json"), "--scores", str(table)]
    main([*arguments, "--out", str(tmp_path / "after.json")])
    after = read_fusion((tmp_path / "after.json").read_bytes(), of="it")
    assert after.families == fusion.families
    assert after.unforged == (0.1429, 0.4286)
