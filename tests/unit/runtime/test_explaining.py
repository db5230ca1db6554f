from __future__ import annotations

from typing import Any

import pytest

from runtime.cli.explaining import kinds, origin, why
from runtime.cli.tables import verdict_table
from runtime.client import Ended


def a_track(probability: float | None, **changes: Any) -> dict[str, Any]:
    families = {"manipulated": probability, "generated": 0.02} if probability else {}
    whole = {
        "fake_probability": probability,
        "reasons": [],
        "strongest_frames": [{"at_seconds": 12.34}],
        "family_probabilities": families,
    }
    return {**whole, **changes}


def a_verdict(label: str, *tracks: dict[str, Any], **changes: Any) -> dict[str, Any]:
    chances = [track["fake_probability"] for track in tracks if track["fake_probability"]]
    whole = {
        "label": label,
        "fake_probability": max(chances, default=None),
        "reasons": [],
        "tracks": list(tracks),
        "media": {"kind": "video"},
        "rejection": None,
        "announced_at": "2026-03-01T12:00:00Z",
        "decided_at": "2026-03-01T12:00:02Z",
    }
    return {**whole, **changes}


@pytest.mark.parametrize("label", ["fake", "suspect"])
def test_of_a_suspicious_video_the_moment_is_told(label: str) -> None:
    verdict = a_verdict(label, a_track(0.97), reasons=["near_threshold"])
    assert why(verdict)[1:] == ["most at 12.3 s", "close to a threshold"]


def test_a_picture_has_no_moments() -> None:
    verdict = a_verdict("fake", a_track(0.97), media={"kind": "image"})
    assert why(verdict) == ["manipulated 0.97, generated 0.02"]


@pytest.mark.parametrize(
    ("label", "said"),
    [("fake", ["manipulated 0.90"]), ("unknown", ["manipulated 0.90"]), ("clear", [])],
)
def test_where_one_kind_only_is_looked_for_a_clear_label_says_enough(
    label: str, said: list[str]
) -> None:
    probability = None if label == "unknown" else 0.9
    track = a_track(probability, family_probabilities={"manipulated": 0.9})
    assert why(a_verdict(label, track, media={"kind": "image"})) == said


def test_reasons_are_told_in_words() -> None:
    verdict = a_verdict("unknown", a_track(None), reasons=["occluded", "few_frames"])
    assert why(verdict)[0] == "something covers the face"


def test_the_kinds_are_those_of_the_most_suspicious_face() -> None:
    verdict = a_verdict("fake", a_track(0.1), a_track(0.97), a_track(0.3))
    assert kinds(verdict) == ["manipulated 0.97", "generated 0.02"]


def test_the_kinds_of_a_face_that_was_left_open_are_told_as_well() -> None:
    open_face = a_track(None, family_probabilities={"manipulated": 0.55, "generated": 0.1})
    verdict = a_verdict("unknown", a_track(0.1), open_face, fake_probability=None)
    assert kinds(verdict) == ["manipulated 0.55", "generated 0.10"]


def test_where_nothing_was_looked_for_there_are_no_kinds() -> None:
    assert kinds(a_verdict("no_face")) == []
    assert kinds(a_verdict("unknown", a_track(None))) == []


def test_a_verdict_from_before_there_were_kinds_has_none() -> None:
    track = a_track(0.9)
    del track["family_probabilities"]
    assert kinds(a_verdict("fake", track)) == []


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (0, []),
        (1, ["1 other face could not be judged"]),
        (2, ["2 other faces could not be judged"]),
    ],
)
def test_a_clear_verdict_says_of_how_many_faces_it_does_not_speak(
    others: int, said: list[str]
) -> None:
    assert why(a_verdict("clear", a_track(0.1), *[a_track(None)] * others))[1:] == said


def test_a_rejection_is_told_by_its_detail() -> None:
    gone = {"reason": "not_found", "detail": "there is nothing at the address"}
    assert why(a_verdict("rejected", rejection=gone)) == [gone["detail"]]


def test_what_an_uploader_wrote_does_not_format_the_table() -> None:
    sly = {"reason": "damaged", "detail": "[bold]hello\x1b[2J"}
    verdict = a_verdict("rejected", rejection=sly)
    table = verdict_table([Ended(name="/m/a", upload_id="u", verdict=verdict)])
    cells = [str(next(iter(column.cells))) for column in table.columns]
    assert "[bold]hello�[2J" in cells


def test_a_condition_that_changed_the_action_is_told() -> None:
    verdict = a_verdict(
        "clear", a_track(0.02), action="review", action_because=["credentials_invalid"]
    )
    assert why(verdict)[-1] == "review by condition credentials_invalid"


SIGNED = {
    "state": "invalid",
    "credentials": {"place": "embedded", "signer": {"issuer": "Test Cameras"}},
}


@pytest.mark.parametrize(
    ("provenance", "said"),
    [
        (SIGNED, "credentials that do not hold (Test Cameras)"),
        ({"state": "unknown"}, ""),
        (None, ""),
        ({"state": "a state of a later version"}, ""),
    ],
)
def test_what_a_media_says_of_its_origin_is_one_line(provenance: Any, said: str) -> None:
    assert origin(a_verdict("clear", provenance=provenance)) == said


@pytest.mark.parametrize(("provenance", "columns"), [(SIGNED, 7), ({"state": "unknown"}, 6)])
def test_the_table_tells_of_origins_where_there_are_any(provenance: Any, columns: int) -> None:
    ended = [
        Ended(name="/m/a", upload_id="u1", verdict=a_verdict("no_face", provenance=provenance)),
        Ended(name="/m/b", upload_id="u2", verdict=None, failure="no"),
    ]
    table = verdict_table(ended)
    assert len(table.columns) == columns
    assert all(len(list(column.cells)) == 2 for column in table.columns)


def test_what_was_taken_over_is_told_from_what_looks_alike() -> None:
    again = a_verdict("clear", reasons=["matched"], matched=[{"kind": "verdict"}])
    assert "the same bytes were judged before" in why(again)
    listed = a_verdict("clear", reasons=["matched"], matched=[{"kind": "listed"}] * 2)
    assert "it looks like what a list names" in why(listed)


def test_a_match_of_a_kind_that_a_later_version_knows_is_told_all_the_same() -> None:
    (words,) = why(a_verdict("clear", reasons=["matched"], matched=[{"kind": "new"}]))
    assert words.startswith("the same or a similar upload")
