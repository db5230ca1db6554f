from __future__ import annotations

from pathlib import Path

import pytest

from datasets.errors import NotLicensed
from datasets.licences import (
    Material,
    check_faces,
    check_learned,
    permission,
    permitted,
    read_used,
    write_used,
)
from datasets.records import Permission, Use
from inference.bundles.manifest import DataSet


def of(licence: str, name: str = "faces", said: Permission | None = None) -> Material:
    uses = {} if said is None else {Use.TRAINING: said, Use.EVALUATION: said}
    return Material(name=name, version="1", licence=licence, uses=uses)


@pytest.mark.parametrize("said", [Permission.RESEARCH, Permission.NO, Permission.UNKNOWN])
def test_training_refuses_all_but_a_plain_yes(said: Permission) -> None:
    with pytest.raises(NotLicensed, match="--allow-licence"):
        permitted([of("Their terms", said=said)], Use.TRAINING)
    assert permitted([of("Their terms", said=Permission.YES)], Use.TRAINING)


def test_measuring_is_refused_only_where_it_is_forbidden() -> None:
    assert permitted([of("Their terms", said=Permission.UNKNOWN)], Use.EVALUATION)
    with pytest.raises(NotLicensed):
        permitted([of("Their terms", said=Permission.NO)], Use.EVALUATION)


@pytest.mark.parametrize("allow", ["Their terms", "their TERMS", "faces", "Their*", "*"])
def test_what_is_allowed_by_name_is_used_and_marked(allow: str) -> None:
    (used,) = permitted([of("Their terms")] * 3, Use.TRAINING, [allow])
    assert (used.faces, used.permission, used.allowed_by_name) == (3, "unknown", True)


def test_a_name_allows_nothing_else() -> None:
    with pytest.raises(NotLicensed, match="Other") as refused:
        permitted([of("Their terms"), of("Other", name="b")], Use.TRAINING, ["Their terms"])
    assert "Their terms" not in str(refused.value)


def test_what_is_permitted_anyway_is_not_marked() -> None:
    (used,) = permitted([of("CC-BY-4.0")], Use.TRAINING, ["*"])
    assert not used.allowed_by_name


@pytest.mark.parametrize(
    ("licence", "found"),
    [
        ("CC-BY-4.0", Permission.YES),
        ("cc0-1.0", Permission.YES),
        ("CC-BY-NC-4.0", Permission.RESEARCH),
        ("repo MIT", Permission.UNKNOWN),
        ("", Permission.UNKNOWN),
    ],
)
def test_only_an_spdx_identifier_speaks_for_itself(licence: str, found: Permission) -> None:
    assert permission(of(licence), Use.TRAINING) is found


def test_the_description_is_heard_before_the_identifier() -> None:
    assert permission(of("CC-BY-4.0", said=Permission.NO), Use.TRAINING) is Permission.NO


def test_what_was_used_is_read_again_and_counts_by_data_set_and_licence(tmp_path: Path) -> None:
    used = permitted([of("MIT"), of("MIT"), of("CC0-1.0"), of("MIT", name="b")], Use.TRAINING)
    write_used(tmp_path, used)
    assert read_used(tmp_path) == used
    assert [(one.name, one.licence, one.faces) for one in used] == [
        ("b", "MIT", 1),
        ("faces", "CC0-1.0", 1),
        ("faces", "MIT", 2),
    ]
    assert check_faces(tmp_path) == used


def test_what_was_used_is_a_line_of_a_bundles_manifest() -> None:
    (used,) = permitted([of("CC-BY-NC-4.0")] * 2, Use.EVALUATION)
    entry = DataSet(**used.entry())
    assert (entry.allows_training, entry.faces, entry.used_for) == ("research", 2, "evaluation")


def test_training_refuses_faces_that_were_made_to_measure_on(tmp_path: Path) -> None:
    write_used(tmp_path, permitted([of("MIT")], Use.EVALUATION))
    with pytest.raises(NotLicensed, match="made for evaluation"):
        check_faces(tmp_path, Use.TRAINING, ["*"])


def test_faces_that_tell_no_licence_are_refused_unless_their_folder_is_named(
    tmp_path: Path,
) -> None:
    with pytest.raises(NotLicensed, match=f"--allow-licence {tmp_path.name}"):
        check_faces(tmp_path)
    assert check_faces(tmp_path, Use.TRAINING, [tmp_path.name]) == []


@pytest.mark.parametrize("written", ["{}", '{"format": 2, "used": []}', '{"format": 1}'])
def test_a_damaged_list_of_licences_allows_nothing(tmp_path: Path, written: str) -> None:
    (tmp_path / "licences.json").write_text(written)
    with pytest.raises(NotLicensed):
        check_faces(tmp_path, Use.TRAINING, ["*"])


def test_of_faces_made_to_measure_on_only_what_is_learned_from_has_to_permit_it(
    tmp_path: Path,
) -> None:
    made = [of("MIT", name="free")] * 2 + [of("Their terms", name="closed")]
    write_used(tmp_path, permitted(made, Use.EVALUATION))
    (used,) = check_learned(tmp_path, {"free"})
    assert (used.name, used.used_for, used.faces) == ("free", "training", 2)
    with pytest.raises(NotLicensed, match="Their terms"):
        check_learned(tmp_path, {"free", "closed"})
    (closed,) = check_learned(tmp_path, {"closed"}, ["Their *"])
    assert closed.allowed_by_name


def test_faces_that_tell_no_licence_are_learned_from_only_where_their_folder_is_named(
    tmp_path: Path,
) -> None:
    with pytest.raises(NotLicensed, match=f"--allow-licence {tmp_path.name}"):
        check_learned(tmp_path, {"free"})
    assert check_learned(tmp_path, {"free"}, [tmp_path.name]) == []
