from __future__ import annotations

from datetime import timedelta

import pytest

from moderation.errors import InvalidConfiguration
from runtime.settings import read_settings


def test_without_any_variable_there_is_a_default_for_everything() -> None:
    assert read_settings().kafka.prefix == "veriscope"


@pytest.mark.parametrize(
    ("text", "duration"), [("90", 90), ("0.5", 0.5), ("PT2M", 120), ("00:01:00", 60)]
)
def test_a_duration_is_seconds_or_iso_8601(
    monkeypatch: pytest.MonkeyPatch, text: str, duration: float
) -> None:
    monkeypatch.setenv("VERISCOPE_STREAM__RECONCILE_EVERY", text)
    assert read_settings().stream.reconcile_every == timedelta(seconds=duration)


@pytest.mark.parametrize(
    "name", ["VERISCOPE_FOO", "VERISCOPE_KAFK__BOOTSTRAP", "veriscope_kafka__x"]
)
def test_a_variable_that_is_no_setting_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(InvalidConfiguration, match=name.upper()):
        read_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VERISCOPE_STREAM__RECONCILE_EVERY", "0"),
        ("VERISCOPE_STREAM__RECONCILE_EVERY", "-5"),
        ("VERISCOPE_KAFKA__PARTITIONS", "0"),
        ("VERISCOPE_KAFKA__PREFIX", "a b"),
        ("VERISCOPE_SCORING__BACKEND", "magic"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidConfiguration, match=name) as refused:
        read_settings()
    assert value not in str(refused.value).replace(name, "") or value == "0"


def test_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERISCOPE_DATABASE__URL", "postgresql+asyncpg://u:hunter2@db/v")
    assert "hunter2" not in repr(read_settings())
