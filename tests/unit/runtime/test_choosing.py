"""What --since and --where mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import typer

from moderation.verdict import Label
from runtime.cli.choosing import chosen

NOW = datetime(2026, 3, 8, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "moment"),
    [
        ("7d", NOW - timedelta(days=7)),
        ("12h", NOW - timedelta(hours=12)),
        ("30m", NOW - timedelta(minutes=30)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T12:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00+02:00", datetime(2026, 3, 1, 10, tzinfo=UTC)),
    ],
)
def test_a_moment_is_said_by_day_by_time_or_by_how_long_ago(since: str, moment: datetime) -> None:
    assert chosen(since, None, now=NOW).since == moment


def test_verdicts_are_named_in_the_words_of_the_console() -> None:
    which = chosen(None, ["label=fake&label=suspect&from=0.6", "model=faces:2"], now=NOW)
    assert which.labels == (Label.FAKE, Label.SUSPECT)
    assert (which.at_least, which.model, which.model_version) == (0.6, "faces", "2")


def test_what_comes_after_now_is_never_meant() -> None:
    assert chosen("7d", None, now=NOW).until == NOW
    assert chosen(None, ["until=2027-01-01"], now=NOW).until == NOW
    assert chosen(None, ["until=2026-01-01"], now=NOW).until == datetime(2026, 1, 1, tzinfo=UTC)


def test_the_later_of_two_beginnings_counts() -> None:
    assert chosen("7d", ["since=2026-03-05"], now=NOW).since == datetime(2026, 3, 5, tzinfo=UTC)
    assert chosen("1d", ["since=2026-03-05"], now=NOW).since == NOW - timedelta(days=1)


@pytest.mark.parametrize(
    ("since", "where"),
    [
        (None, None),
        (None, ["label="]),
        ("yesterday", None),
        (None, ["labl=fake"]),
        (None, ["label=forged"]),
        (None, ["from=2"]),
    ],
)
def test_what_cannot_be_meant_is_refused(since: str | None, where: list[str] | None) -> None:
    """A word that is misspelt would widen the choice to everything."""
    with pytest.raises(typer.BadParameter):
        chosen(since, where, now=NOW)
