from __future__ import annotations

import dataclasses
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from datasets.description import uses_of
from datasets.errors import DataSetRefused, UnknownDataSet
from datasets.paths import confined
from datasets.records import Clip, DataSet, Family, Label, Permission, Region, Split, Use
from datasets.registry import Registry
from datasets.schema import SCHEMA
from tests.datasets import fake, real, stored

EVERYTHING = Clip(
    path="a/b.mp4",
    label=Label.FAKE,
    sha256="00",
    method="simswap",
    family=Family.SWAP,
    subjects=("p1", "p2"),
    original="a/a.mp4",
    group="g",
    split=Split.TEST,
    official_split="test",
    compression="c23",
    region=Region.LEFT,
    licence="CC-BY-4.0",
    source="s",
    place="kitchen",
    background="plain",
    light="daylight",
    device="phone",
    camera_motion="still",
    age_band="25-34",
    gender="female",
    skin_tone=7,
)


def test_a_clip_comes_back_from_the_table_as_it_was(tmp_path: Path) -> None:
    clips = [real("z.png"), EVERYTHING]
    registry = stored(tmp_path, tmp_path, clips)
    assert registry.read("faces").clips == [EVERYTHING, clips[0]]  # by clip id


def test_the_table_says_its_format_and_has_a_column_for_each_field(tmp_path: Path) -> None:
    stored(tmp_path, tmp_path, [EVERYTHING])
    found = pq.read_schema(tmp_path / "faces/1/clips.parquet")
    assert found.metadata == SCHEMA.metadata
    fields = {field.name for field in dataclasses.fields(Clip)}
    assert set(found.names) == fields | {"clip_id"}


def test_a_description_comes_back_as_it_was(tmp_path: Path) -> None:
    uses = {Use.TRAINING: Permission.NO, Use.EVALUATION: Permission.YES}
    dataset = DataSet(
        name="phones",
        version="2024-05",
        media_root=tmp_path,
        licence="forms",
        consent="signed",
        source="us",
        contact="data@example.org",
        layout="recordings",
        created="2024-05-01",
        uses=uses,
        licences={"CC-BY-4.0": uses},
    )
    Registry(tmp_path / "r").write(dataset, [real("a.png")])
    assert Registry(tmp_path / "r").read("phones").dataset == dataset


def test_the_newest_version_is_meant_where_none_is_named(tmp_path: Path) -> None:
    for version in ("9", "10"):
        registry = stored(tmp_path, tmp_path, [real("a.png")], version=version)
    assert registry.resolve("faces") == "faces:10"
    assert registry.resolve("faces:9") == "faces:9"
    with pytest.raises(UnknownDataSet, match="faces:9, faces:10"):
        registry.resolve("faces:1")


def test_a_table_that_was_exchanged_is_refused(tmp_path: Path) -> None:
    registry = stored(tmp_path, tmp_path, [real("a.png")])
    stored(tmp_path / "other", tmp_path, [real("b.png")])
    table = "faces/1/clips.parquet"
    (tmp_path / "other" / table).replace(tmp_path / table)
    with pytest.raises(DataSetRefused, match="not the table"):
        registry.read("faces")


def interrupted(root: Path) -> Registry:
    """A registry in which `b.png` took the place of `a.png`, but for the last renaming."""
    registry = stored(root, root, [real("a.png")])
    folder = root / "faces/1"
    old = (folder / "dataset.yaml").read_bytes()
    stored(root, root, [real("b.png")])
    (folder / "dataset.yaml").rename(folder / ".dataset.yaml.new")
    (folder / "dataset.yaml").write_bytes(old)
    return registry


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_write_that_ended_between_its_two_files_is_read_as_whole(tmp_path: Path) -> None:
    registry = interrupted(tmp_path)
    before = contents(tmp_path / "faces/1")
    assert [clip.path for clip in registry.read("faces").clips] == ["b.png"]
    assert contents(tmp_path / "faces/1") == before  # a reader holds no lock


def test_the_next_write_after_one_that_ended_early_leaves_nothing_behind(tmp_path: Path) -> None:
    registry = interrupted(tmp_path)
    stored(tmp_path, tmp_path, [real("c.png")])
    assert [clip.path for clip in registry.read("faces").clips] == ["c.png"]
    assert set(contents(tmp_path / "faces/1")) == {"dataset.yaml", "clips.parquet"}


def test_one_clip_cannot_be_listed_twice(tmp_path: Path) -> None:
    with pytest.raises(DataSetRefused, match="twice"):
        stored(tmp_path, tmp_path, [real("a.png"), fake("a.png")])


@pytest.mark.parametrize("name", ["../up", "A", "", "a/b", "a b", "." * 3])
def test_names_that_are_no_plain_folder_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataSetRefused):
        DataSet(name=name, version="1", media_root=tmp_path)


@pytest.mark.parametrize("tone", [0, 11])
def test_skin_tones_are_on_the_monk_scale(tone: int) -> None:
    with pytest.raises(DataSetRefused, match="Monk"):
        real("a.png", skin_tone=tone)
    assert real("a.png", skin_tone=1).skin_tone == 1
    assert real("a.png", skin_tone=10).skin_tone == 10


def test_a_real_clip_is_of_no_family_of_forgeries() -> None:
    with pytest.raises(DataSetRefused):
        Clip(path="a", label=Label.REAL, family=Family.SWAP)
    with pytest.raises(DataSetRefused):
        Clip(path="a", label=Label.FAKE, family=Family.NONE)


def test_an_unquoted_yes_or_no_in_yaml_is_a_permission() -> None:
    written = {"training": False, "evaluation": True}
    assert uses_of(written) == {Use.TRAINING: Permission.NO, Use.EVALUATION: Permission.YES}
    with pytest.raises(DataSetRefused, match="research"):
        uses_of({"training": "perhaps"})


@pytest.mark.parametrize(
    "path",
    [
        "/a",
        "../a",
        "a/../../b",
        "C:\\a",
        "\\\\host\\a",
        "a\x00b",
        "a\nb",
        "",
        ".",
        " ",
        "a/" * 1000,
    ],
)
def test_paths_that_leave_or_are_none_are_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(DataSetRefused):
        confined(tmp_path, path)


def test_links_within_the_root_are_followed_and_others_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "there").mkdir(parents=True)
    (root / "inner").symlink_to(root / "there")
    (root / "outer").symlink_to(tmp_path)
    assert confined(root, "inner/a.png") == "inner/a.png"
    with pytest.raises(DataSetRefused, match="leaves"):
        confined(root, "outer/a.png")
