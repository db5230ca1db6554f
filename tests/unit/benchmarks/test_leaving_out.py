"""What was fitted on is left out alike wherever figures are made."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.clips import Clip, choose
from benchmarks.leaving_out import listed
from moderation.errors import InvalidConfiguration
from tests.unit.benchmarks.builders import a_row, a_table

NAMED_BY = ["person", "a.png", "made/a.png", "method:gan"]


@pytest.mark.parametrize("name", NAMED_BY)
def test_a_group_a_clip_or_a_method_takes_the_whole_group_out_of_a_table(name: str) -> None:
    table = a_table(
        a_row("a.png", group="person", method="gan"), a_row("b.png", group="person"), a_row("c.png")
    )
    assert table.without({name}).texts("clip_id").tolist() == ["c.png"]


@pytest.mark.parametrize("name", NAMED_BY)
def test_the_same_names_keep_clips_from_being_chosen(name: str) -> None:
    clips = [
        Clip(clip_id="a.png", path=Path("a.png"), data_set="made", group="person", method="gan"),
        Clip(clip_id="b.png", path=Path("b.png"), data_set="made", group="person"),
        Clip(clip_id="c.png", path=Path("c.png"), data_set="made", group="other"),
    ]
    assert [clip.clip_id for clip in choose(clips, without={name})] == ["c.png"]


def test_a_clip_of_another_data_set_stays() -> None:
    assert len(a_table(a_row("a.png")).without({"other/a.png"})) == 1


def test_empty_lines_and_spaces_name_nothing(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("person \r\n\n  \n")
    assert listed(tmp_path / "list.txt") == {"person"}
    assert listed(None) == frozenset()


def test_a_list_that_is_missing_ends_it_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="cannot be read"):
        listed(tmp_path / "list.txt")
