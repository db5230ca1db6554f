"""The commands one after another, from a data set of the registry to pictures and a board."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.cli import app
from benchmarks.clips import read_clips
from benchmarks.table import ScoreTable
from datasets.derived import pointers
from datasets.errors import NotLicensed
from datasets.importing import Wish, bring_in
from datasets.records import Permission, Use
from datasets.registry import Registry
from inference.bundles.bundle import PACKAGED
from moderation.errors import ModerationError

SAMPLES = Path(__file__).parents[3] / "samples"
ROWS = [
    {"path": "portrait.jpg", "label": "real", "method": "camera", "group": "her", "light": "dim"},
    {"path": "portrait-forged.jpg", "label": "fake", "method": "paste", "group": "her"},
    {"path": "portrait-blurred.jpg", "label": "real", "method": "camera", "group": "him"},
    {"path": "landscape.jpg", "label": "real", "method": "camera", "group": "nobody"},
    {"path": "portrait-small.jpg", "label": "fake", "method": "paste", "crop": "left"},
    {"path": "portrait-small.jpg", "label": "real", "method": "paste", "crop": "right"},
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry that holds some samples under the name `few`."""
    media = tmp_path_factory.mktemp("media")
    names = sorted({name for row in ROWS for name in row} | {"split"})
    with (media / "few.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows({**row, "split": "test"} for row in ROWS)
    for name in {row["path"] for row in ROWS}:
        shutil.copy(SAMPLES / name, media)
    root = tmp_path_factory.mktemp("registry")
    bring_in(Registry(root), Wish(source=media / "few.csv", told={"name": "few"}))
    return root


def run(*arguments: object) -> str:
    outcome = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return outcome.output


def refused(arguments: tuple[object, ...], why: str) -> None:
    with pytest.raises(ModerationError, match=why):
        run(*arguments)


def test_clips_of_the_registry_keep_what_is_known_of_them(root: Path) -> None:
    clips = {clip.clip_id: clip for clip in read_clips("few", root)}
    her = clips["portrait.jpg"]
    assert (her.label, her.method, her.split, her.data_set) == ("real", "camera", "test", "few")
    assert her.slices == {"light": "dim"}
    assert clips["portrait-small.jpg#left"].region == "left"


def test_what_belongs_together_is_one_group(root: Path) -> None:
    clips = {clip.clip_id: clip.group for clip in read_clips("few", root)}
    assert clips["portrait.jpg"] == clips["portrait-forged.jpg"] != clips["portrait-blurred.jpg"]
    assert clips["portrait-small.jpg#left"] == clips["portrait-small.jpg#right"]


def test_what_is_made_of_clips_is_known_to_the_registry(root: Path, tmp_path: Path) -> None:
    table, packs = tmp_path / "t.parquet", tmp_path / "packs"
    run("score", "--data", "few", "--root", root, "--at-most", 1, "--out", table, "--packs", packs)
    known = {one.path: one.data_sets for one in pointers(root)}
    assert known[table] == known[packs] == ("few:1",)


def test_what_a_bundle_learned_from_need_not_be_scored(root: Path, tmp_path: Path) -> None:
    (tmp_path / "used_up.txt").write_text("her\nmethod:paste\n")
    table = ("--out", tmp_path / "t.parquet", "--without-groups", tmp_path / "used_up.txt")
    run("score", "--data", "few", "--root", root, *table)
    clips = ScoreTable.read(tmp_path / "t.parquet").texts("clip_id").tolist()
    assert clips == ["landscape.jpg", "portrait-blurred.jpg"]
    (tmp_path / "of_another.txt").write_text("him\nsomebody else\n")
    lists = ("--without-groups", tmp_path / "of_another.txt", "--samples", 5)
    assert "1 of 2 clips left out" in run("measure", tmp_path / "t.parquet", *lists)


def test_a_refused_command_registers_nothing_for_withdrawals_to_delete(
    root: Path, tmp_path: Path
) -> None:
    before = pointers(root)
    letters = tmp_path / "letters"
    letters.mkdir()
    (letters / "letter.txt").touch()
    with_data = ("--root", root, "--out", letters)
    refused(("blind", "few", *with_data, "--secret", tmp_path / "secret"), "exists")
    table = ("--data", "few", "--root", root, "--at-most", 1, "--out", tmp_path / "t.parquet")
    refused(("score", *table, "--packs", letters), "did not make")
    refused(("score", *table, "--bundle", letters), "bundle")
    assert pointers(root) == before
    assert [path.name for path in tmp_path.rglob("*")] == ["letters", "letter.txt"]


def test_a_split_that_is_not_there_is_refused_with_those_that_are(
    root: Path, tmp_path: Path
) -> None:
    table = ("--data", "few", "--root", root, "--out", tmp_path / "t.parquet")
    refused(("score", *table, "--split", "tets"), "its splits are test; its methods camera, paste")
    assert list(tmp_path.iterdir()) == []


def test_a_licence_that_forbids_to_measure_is_heeded(root: Path, tmp_path: Path) -> None:
    stored = Registry(root).read("few")
    forbidden = replace(stored.dataset, name="closed", uses={Use.EVALUATION: Permission.NO})
    Registry(tmp_path).write(forbidden, stored.clips)
    with pytest.raises(NotLicensed):
        read_clips("closed", tmp_path)


def test_from_a_data_set_to_figures_and_pictures(root: Path, tmp_path: Path) -> None:
    table = tmp_path / "t.parquet"
    run("score", "--data", "few", "--root", root, "--split", "test", "--out", table)
    assert len(ScoreTable.read(table)) == len(ROWS)
    told = run("measure", table, "--out", tmp_path / "m.json", "--samples", 20)
    assert "all clips" in told
    assert "StyleGAN" in told  # what the packaged comparisons ask and no clip answers
    run("generalisation", table, "--out", tmp_path / "g.json", "--samples", 20)
    run("pictures", tmp_path / "m.json", tmp_path / "g.json", "--out", tmp_path / "pictures")
    assert (tmp_path / "pictures" / "reliability.png").stat().st_size > 1000


def test_from_a_data_set_to_a_board(root: Path, tmp_path: Path) -> None:
    public, secret, board = tmp_path / "public", tmp_path / "secret", tmp_path / "board"
    run("blind", "few", "--root", root, "--out", public, "--secret", secret, "--public", 1)
    board.mkdir()
    assert "6 with open labels" in run("board", public, "--of", board)  # nobody submitted yet
    run("baselines", public, "--out", tmp_path / "baselines")
    for name in ("constant", "mix"):
        csv_file = tmp_path / "baselines" / f"{name}.csv"
        run(
            "submit", public, csv_file, "--secret", secret, "--name", name, "--what", "baseline",
            "--to", board,
        )  # fmt: skip
    page = run("board", public, "--of", board)
    assert "| constant | baseline |" in page
    assert "6 with open labels" in page
    refused(("board", public, "--of", tmp_path / "baord"), "no folder of submissions")


def test_faces_cut_out_for_a_board_lie_where_a_withdrawal_deletes_them(
    root: Path, tmp_path: Path
) -> None:
    public, secret = tmp_path / "public", tmp_path / "secret"
    run("blind", "few", "--root", root, "--out", public, "--secret", secret, "--public", 1)
    run("baselines", public, "--out", tmp_path / "baselines")
    board = ("--secret", secret, "--name", "ours", "--to", tmp_path / "board")
    run("submit", public, PACKAGED, *board)
    made = {path for suffix in ("zip", "parquet") for path in tmp_path.rglob(f"*.{suffix}")}
    assert {path.suffix for path in made} == {".zip", ".parquet"}
    known = [one.path for one in pointers(root)]
    assert [path for path in made if not any(path.is_relative_to(one) for one in known)] == []


def test_the_schema_of_results_is_printed() -> None:
    assert "Robustness" in run("schema")
