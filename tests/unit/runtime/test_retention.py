from __future__ import annotations

from datetime import timedelta

import pytest

from moderation.errors import InvalidConfiguration
from moderation.retention import Retention
from moderation.upload import GOLDEN
from runtime.settings import read_settings
from runtime.wiring import retention_plan
from streams.topics import WEEK

DAY = timedelta(days=1)


def test_the_settings_default_is_the_domains():
    assert retention_plan(read_settings()).of("acme") == Retention()


def test_a_tenant_has_what_all_have_where_it_says_nothing(monkeypatch):
    monkeypatch.setenv("VERISCOPE_RETENTION__PACKS", "P40D")
    monkeypatch.setenv("VERISCOPE_RETENTION__TENANTS", '{"acme": {"media": "P7D"}}')

    plan = retention_plan(read_settings())

    assert plan.of("acme") == Retention(media=7 * DAY, packs=40 * DAY)
    assert plan.of("other") == Retention(packs=40 * DAY)


def test_known_media_go_after_a_day_unless_another_time_is_said(monkeypatch):
    assert retention_plan(read_settings()).of(GOLDEN).verdicts == DAY
    monkeypatch.setenv("VERISCOPE_RETENTION__TENANTS", '{"golden": {"verdicts": "keep"}}')
    assert retention_plan(read_settings()).of(GOLDEN).verdicts is None


def test_what_is_to_be_kept_says_so(monkeypatch):
    monkeypatch.setenv("VERISCOPE_RETENTION__VERDICTS", "keep")

    assert retention_plan(read_settings()).of("acme") == Retention(verdicts=None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MEDIA", "never"),
        ("MEDIA", "60"),
        ("PACKS", "keep"),
        ("TENANTS", '{"acme": {"media": "P300D"}}'),
        ("TENANTS", '{"acme": {"bytes": "P1D"}}'),
        ("STRAYS_AFTER", "P7D"),
    ],
)
def test_times_that_make_no_sense_are_refused(monkeypatch, name, value):
    monkeypatch.setenv(f"VERISCOPE_RETENTION__{name}", value)

    with pytest.raises(InvalidConfiguration, match="VERISCOPE_RETENTION"):
        retention_plan(read_settings())


def test_what_a_topic_may_still_refer_to_is_no_stray(monkeypatch):
    monkeypatch.setenv("VERISCOPE_RETENTION__STRAYS_AFTER", "P7DT1S")

    assert read_settings().retention.strays_after > WEEK
