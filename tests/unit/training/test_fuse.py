import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.table import Run, ScoreRow, ScoreTable
from inference.bundles.calibration import read_fusion
from training.fuse import Part, Scored, fit, fit_family, main, read, weigh, written


def clips(count: int, *, seed: int = 0) -> list[Scored]:
    """Real, blended and generated clips; each detector speaks for its own kind."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        finds = ("", "", "manipulated", "generated")[number % 4]
        logits = {
            "blending": rng.normal(4.0 if finds == "manipulated" else -4.0, 4.0),
            "generation": rng.normal(2.0 if finds == "generated" else -2.0, 2.0),
            "noise": rng.normal(),
        }
        made.append(
            Scored(
                group=str(number),
                method=finds or "real",
                forged=bool(finds),
                finds=finds,
                logits=logits,
            )
        )
    return made


FINDS = {"manipulated": ["blending"], "generated": ["generation"]}


def test_a_family_learns_what_its_logits_are_worth() -> None:
    family = fit_family("manipulated", ["blending"], clips(20_000))
    # two normal distributions 8 apart, of variance 16: log-odds rise by 8 / 16 a unit
    assert family.weights["blending"] == pytest.approx(0.5, abs=0.05)
    assert family.bias == pytest.approx(0.0, abs=0.15)


def test_a_detector_that_speaks_against_forgery_gets_no_weight() -> None:
    turned = [
        Scored(
            group=one.group,
            method=one.method,
            forged=one.forged,
            finds=one.finds,
            logits={"blending": one.logits["blending"], "turned": -one.logits["blending"] + 1},
        )
        for one in clips(400)
    ]
    family = fit_family("manipulated", ["blending", "turned"], turned)
    assert family.weights["turned"] == 0.0
    assert family.weights["blending"] > 0.0


def test_what_was_fitted_holds_on_clips_that_were_not_fitted_on() -> None:
    fusion = fit(FINDS, clips(9_000), name="test")
    fresh = [one for one in clips(9_000, seed=1) if Part.of(one.group) is Part.REPORT]
    said = np.array([fusion.probability(one.logits) for one in fresh])
    so = np.array([one.forged for one in fresh])
    for low in (0.0, 0.25, 0.5, 0.75):
        within = (said >= low) & (said < low + 0.25)
        assert so[within].mean() == pytest.approx(said[within].mean(), abs=0.08)


def test_a_group_is_always_in_the_same_part_and_every_part_gets_some() -> None:
    parts = [Part.of(f"person {number}") for number in range(300)]
    assert parts == [Part.of(f"person {number}") for number in range(300)]
    assert all(parts.count(part) > 60 for part in Part)


def test_classes_and_their_methods_weigh_alike() -> None:
    some = clips(40)
    weights = weigh(some)
    forged = np.array([one.forged for one in some])
    assert weights[forged].sum() == pytest.approx(weights[~forged].sum())
    blended = np.array([one.method == "manipulated" for one in some])
    assert weights[blended].sum() == pytest.approx(weights[forged & ~blended].sum())


def test_clips_without_logits_or_of_a_method_left_out_are_not_read(tmp_path: Path) -> None:
    rows = [
        ScoreRow(clip_id="1", label="real", method="a", group="g", logits={"blending": 1.0}),
        ScoreRow(clip_id="2", label="fake", method="b", group="g", logits={"blending": 1.0}),
        ScoreRow(clip_id="3", label="fake", method="c", family="generated", logits={"blending": 2}),
        ScoreRow(clip_id="4", label="real", method="a", group="g"),
    ]
    run = Run(bundle_name="x", bundle_version="1", bundle_sha256="0", policy_sha256="0")
    ScoreTable.of(run, rows).write(tmp_path / "scores.parquet")
    kept = read([tmp_path / "scores.parquet"], ["b"])
    assert [(one.method, one.finds) for one in kept] == [("a", ""), ("c", "generated")]


def test_what_a_detector_learned_from_calibrates_nothing_and_is_used_up(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [
        ScoreRow(
            clip_id=str(number),
            label=("real", "fake")[number % 2],
            method=("a", "b")[number % 2],
            group=f"g{number}",
            logits={"blending": rng.normal(number % 2)},
        )
        for number in range(60)
    ]
    run = Run(bundle_name="x", bundle_version="1", bundle_sha256="0", policy_sha256="0")
    ScoreTable.of(run, rows).write(tmp_path / "scores.parquet")
    (tmp_path / "learned.txt").write_text("g0\ng1\n")
    arguments = ["--scores", str(tmp_path / "scores.parquet"), "--id", "1"]
    arguments += ["--without-groups", str(tmp_path / "learned.txt")]
    main(
        [*arguments, "--groups", str(tmp_path / "used.txt"), "--out", str(tmp_path / "fitted.json")]
    )
    assert len(read([tmp_path / "scores.parquet"], [], {"g0", "g1"})) == 58
    assert {"g0", "g1"} <= set((tmp_path / "used.txt").read_text().splitlines())
    fitted_on = json.loads((tmp_path / "fitted.json").read_text())["fitted_on"]
    fitting = [n for n in range(2, 60) if Part.of(f"g{n}") is Part.FIT]
    assert fitted_on["clips"] == len(fitting)


def test_serving_reads_what_is_written() -> None:
    some = clips(600)
    fusion = fit(FINDS, some, name="test")
    assert read_fusion(written(fusion, some).encode(), of="calibration.json") == fusion


def test_a_family_of_which_no_detector_helps_is_left_out() -> None:
    fusion = fit(FINDS | {"generated": ["noise"]}, clips(2_000), name="test")
    turned = [
        Scored(
            group=one.group,
            method=one.method,
            forged=one.forged,
            finds=one.finds,
            logits=one.logits | {"noise": -one.logits["generation"]},
        )
        for one in clips(2_000)
    ]
    assert "manipulated" in {family.finds for family in fusion.families}
    fusion = fit(FINDS | {"generated": ["noise"]}, turned, name="test")
    assert [family.finds for family in fusion.families] == ["manipulated"]
