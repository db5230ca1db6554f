"""The samples through the serving code into a table, stopped and gone on with."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from benchmarks.changes import parse_distortion
from benchmarks.clips import Clip
from benchmarks.leaderboard.blinding import Blinding, blind
from benchmarks.leaderboard.entering import received
from benchmarks.leaderboard.submission import write_scores
from benchmarks.leaderboard.task import read_task
from benchmarks.robustness import robustness, score_distorted
from benchmarks.running import Journal, score_clips
from benchmarks.serving import Wish
from benchmarks.table import ScoreTable
from inference.bundles.bundle import PACKAGED, open_bundle
from moderation.errors import InvalidConfiguration, MediaRejected
from tests.unit.benchmarks.builders import RUN, a_row

SAMPLES = Path(__file__).parents[3] / "samples"


def sample(name: str, label: str = "real", **known: str) -> Clip:
    return Clip(
        clip_id=name, path=SAMPLES / name, label=label, method="samples", group=name, **known
    )


CLIPS = [
    sample("portrait.jpg"),
    sample("portrait-forged.jpg", "fake"),
    sample("landscape.jpg"),
    sample("broken.jpg"),
]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> ScoreTable:
    out = tmp_path_factory.mktemp("scores") / "samples.parquet"
    return score_clips(CLIPS, Wish(), out, quiet=True)


def test_every_clip_has_a_row_in_its_place(table: ScoreTable) -> None:
    assert table.texts("clip_id").tolist() == [clip.clip_id for clip in CLIPS]
    assert table.texts("label").tolist() == ["real", "fake", "real", "real"]


def test_a_face_gets_logits_probabilities_and_what_is_trivial(table: ScoreTable) -> None:
    row = table.rows()[0]
    assert 0 < row["fake_probability"] < 1
    assert row["crops_judged"] == 1
    assert np.isfinite(row["logit_blending"])
    assert 0 < row["family_manipulated"] < 1
    assert row["trivial_face_pixels"] > 40
    assert row["trivial_frame_pixels"] > row["trivial_face_pixels"]


def test_no_face_and_no_picture_are_rows_that_say_so(table: ScoreTable) -> None:
    landscape, broken = table.rows()[2:]
    assert landscape["label_given"] == "no_face"
    assert landscape["fake_probability"] is None
    assert broken["rejection"] == "unreadable"


def test_the_table_names_the_bundle_as_a_verdict_would(table: ScoreTable) -> None:
    bundle = open_bundle(PACKAGED).identity
    assert table.run.bundle_name == bundle.name
    assert table.run.bundle_sha256 == bundle.sha256


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path, table: ScoreTable) -> None:
    journal = Journal(file=tmp_path / "t.journal")
    before = a_row("portrait.jpg", fake_probability=0.123)
    with journal.open(table.run, [before]) as opened:
        opened.write('{"clip_id": "landsc')  # cut off by the kill
    done = score_clips(CLIPS[:1] + CLIPS[2:3], Wish(), tmp_path / "t.parquet", quiet=True)
    assert done.numbers("fake_probability")[0] == 0.123  # not scored again
    assert done.texts("method").tolist() == ["samples"] * 2  # as it is called by now
    assert done.texts("label_given")[1] == "no_face"
    assert not journal.file.exists()


def test_what_was_begun_by_another_bundle_is_not_gone_on_with(tmp_path: Path) -> None:
    Journal(file=tmp_path / "t.journal").open(RUN, [a_row()]).close()
    with pytest.raises(InvalidConfiguration, match="begun with another"):
        score_clips(CLIPS[2:3], Wish(), tmp_path / "t.parquet", quiet=True)


def test_a_journal_is_one_line_a_clip(tmp_path: Path) -> None:
    journal = Journal(file=tmp_path / "t.journal")
    journal.open(RUN, [a_row("a"), a_row("b", reasons=("blurred",))]).close()
    assert [json.loads(line)["clip_id"] for line in journal.file.read_text().splitlines()[1:]] == [
        "a",
        "b",
    ]
    assert list(journal.rows(RUN)) == ["a", "b"]


def test_two_clips_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="same clip_id"):
        score_clips([CLIPS[2]] * 2, Wish(), tmp_path / "t.parquet", quiet=True)


def test_several_processes_give_the_same_rows(tmp_path: Path, table: ScoreTable) -> None:
    again = score_clips(CLIPS, Wish(), tmp_path / "t.parquet", processes=2, quiet=True)
    assert again.rows() == table.rows()


def test_equalised_frames_are_what_is_looked_at(tmp_path: Path) -> None:
    wish = Wish(equalise="200,75")
    table = score_clips(CLIPS[:1], wish, tmp_path / "t.parquet", quiet=True)
    assert table.run.equalise == "200,75"
    assert table.numbers("trivial_frame_pixels")[0] == 200


def test_faces_of_every_size_come_to_one(tmp_path: Path) -> None:
    with Image.open(SAMPLES / "portrait.jpg") as portrait:
        portrait.resize((portrait.width // 2, portrait.height // 2)).save(tmp_path / "half.jpg")
    clips = [CLIPS[0], Clip(clip_id="half", path=tmp_path / "half.jpg", label="real")]
    table = score_clips(clips, Wish(equalise="face:80,75"), tmp_path / "t.parquet", quiet=True)
    assert table.numbers("trivial_face_pixels") == pytest.approx([80, 80], rel=0.08)
    assert "trivial_frame_pixels" not in table.rows()[0]  # it would tell how faces are framed


def test_what_was_extracted_for_one_bundle_serves_the_next(
    tmp_path: Path, table: ScoreTable
) -> None:
    media = tmp_path / "media"
    media.mkdir()
    clips = [replace(one, path=Path(shutil.copy2(one.path, media))) for one in (CLIPS[0], CLIPS[2])]
    wish = Wish(packs=tmp_path / "packs")
    first = score_clips(clips, wish, tmp_path / "1.parquet", quiet=True)
    for clip in clips:  # same size and time, and no picture any more: nobody looks
        stat = clip.path.stat()
        clip.path.write_bytes(bytes(stat.st_size))
        os.utime(clip.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    again = score_clips(clips, wish, tmp_path / "2.parquet", quiet=True)
    assert again.rows() == first.rows() == [table.rows()[0], table.rows()[2]]
    clips[0].path.touch()
    changed = score_clips(clips, wish, tmp_path / "3.parquet", quiet=True)
    assert changed.texts("rejection")[0]


def test_extractions_that_were_changed_otherwise_are_not_mixed_up(tmp_path: Path) -> None:
    plain, equal = (
        score_clips(
            CLIPS[:1],
            Wish(packs=tmp_path / "packs", equalise=e),
            tmp_path / f"{e}.parquet",
            quiet=True,
        )
        for e in ("", "300,75")
    )
    assert plain.numbers("trivial_frame_pixels")[0] != equal.numbers("trivial_frame_pixels")[0]


@pytest.fixture
def side_by_side(tmp_path: Path) -> Clip:
    with (
        Image.open(SAMPLES / "portrait.jpg") as face,
        Image.open(SAMPLES / "landscape.jpg") as none,
    ):
        both = Image.new("RGB", (2 * face.width, face.height))
        both.paste(face, (0, 0))
        both.paste(none.resize(face.size), (face.width, 0))
        both.save(tmp_path / "both.jpg", quality=95)
    return Clip(clip_id="half", path=tmp_path / "both.jpg", label="real", region="left")


def test_a_half_is_judged_by_itself(tmp_path: Path, side_by_side: Clip) -> None:
    halves = [
        Clip(clip_id=region, path=side_by_side.path, label="real", region=region)
        for region in ("left", "right")
    ]
    table = score_clips(halves, Wish(), tmp_path / "t.parquet", quiet=True)
    assert table.numbers("faces_found").tolist() == [1, 0]


def test_the_robustness_suite_scores_a_table_for_each_distortion_once(tmp_path: Path) -> None:
    distortions = [parse_distortion(text) for text in ("jpeg:strong", "fast_motion:mild")]
    plain, tables = score_distorted(CLIPS[:2], Wish(), tmp_path, distortions, quiet=True)
    assert [table.run.distortion for table in tables] == ["jpeg:strong"]  # pictures do not move
    before = (tmp_path / "jpeg-strong.parquet").stat().st_mtime_ns
    score_distorted(CLIPS[:2], Wish(), tmp_path, distortions, quiet=True)
    assert (tmp_path / "jpeg-strong.parquet").stat().st_mtime_ns == before
    [told] = robustness(plain, tables, []).distorted
    assert (told.counts.forged, told.counts.real) == (1, 1)


def test_robustness_takes_no_table_of_another_bundle_or_of_other_clips(
    tmp_path: Path, table: ScoreTable
) -> None:
    out = tmp_path / "undistorted.parquet"
    row = a_row(CLIPS[0].clip_id)
    for run, why in (
        (replace(table.run, bundle_sha256="0" * 64), "another bundle"),
        (replace(table.run, policy_sha256="0" * 64), "another bundle, policy"),
        (table.run, "other clips"),
    ):
        ScoreTable.of(run, [row]).write(out)
        with pytest.raises(InvalidConfiguration, match=why):
            score_distorted(CLIPS[:2], Wish(), tmp_path, [], quiet=True)
    plain, _ = score_distorted(CLIPS[:1], Wish(), tmp_path, [], quiet=True)
    assert plain.texts("clip_id").tolist() == [row.clip_id]


def test_the_half_of_a_video_becomes_a_video_of_as_many_frames(tmp_path: Path) -> None:
    half = sample("portrait.mp4", region="left")
    blind([half], Blinding(name="made"), tmp_path / "public", tmp_path / "secret")
    [media] = read_task(tmp_path / "public").media()
    with av.open(media.path) as cut, av.open(half.path) as whole:
        assert cut.streams.video[0].width == whole.streams.video[0].width // 2 // 2 * 2
        assert sum(1 for _ in cut.decode(video=0)) == sum(1 for _ in whole.decode(video=0))


def test_a_task_that_cannot_be_finished_leaves_nothing_behind(tmp_path: Path) -> None:
    broken = sample("broken.jpg", region="left")
    with pytest.raises(MediaRejected):
        blind([broken], Blinding(name="made"), tmp_path / "public", tmp_path / "secret")
    assert not (tmp_path / "public").exists()


def test_a_bundle_and_its_scores_come_to_the_same_submission(tmp_path: Path) -> None:
    blind(CLIPS[:2], Blinding(name="made"), tmp_path / "public", tmp_path / "secret")
    task = read_task(tmp_path / "public")
    taken = received(PACKAGED, task, tmp_path / "tables")
    assert taken.bundle["sha256"] == open_bundle(PACKAGED).identity.sha256
    write_scores(tmp_path / "s.csv", taken.scores)
    again = received(tmp_path / "s.csv", task, tmp_path / "tables")
    assert again.scores == pytest.approx(taken.scores, abs=1e-6)
    assert again.bundle == {}
