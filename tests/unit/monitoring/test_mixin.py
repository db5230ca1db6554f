"""Rules and dashboards are what the code makes, and ask for nothing that does not exist."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import fmean

import pytest
from prometheus_client import REGISTRY

import monitoring.metrics  # noqa: F401  # its metrics are registered
from monitoring.mixin.__main__ import FOLDER, files
from monitoring.mixin.alerts import ALERTS, rules
from monitoring.mixin.objectives import OBJECTIVES
from monitoring.mixin.pages import PAGES
from monitoring.mixin.panels import queries
from runtime.settings import Settings
from streams.retries import BackOff

OTHERS = {
    *("up", "process_cpu_seconds_total", "process_resident_memory_bytes"),
    *("process_open_fds", "process_max_fds"),
    *("nv_inference_request_success", "nv_inference_request_failure"),
    *("nv_inference_queue_duration_us", "nv_inference_compute_infer_duration_us"),
    *("nv_inference_count", "nv_inference_exec_count"),
}
RULES = [rule for group in rules()["groups"] for rule in group["rules"]]
ASKED = [rule["expr"] for rule in RULES] + [query for page in PAGES for query in queries(page)]
WORDS = re.compile(r'"[^"]*"|\b(?:by|ignoring|on) \([^)]*\)|\{[^}]*\}|\[[^]]*\]')
METRIC = re.compile(r"\b(?:veriscope[:_][\w:]+|nv_\w+|process_\w+|up)\b")


@pytest.mark.parametrize(
    ("file", "text"), list(files()), ids=lambda value: getattr(value, "name", "")
)
def test_what_is_committed_is_what_the_code_makes(file: Path, text: str) -> None:
    assert file.read_text() == text, "run python -m monitoring.mixin"


def test_an_alert_leads_to_its_heading_wherever_the_runbook_is_read() -> None:
    made = [
        rule for group in rules("https://wiki.test/runbook")["groups"] for rule in group["rules"]
    ]
    links = {rule["alert"]: rule["annotations"]["runbook_url"] for rule in made if "alert" in rule}
    assert links == {name: f"https://wiki.test/runbook#{name.lower()}" for name in links}
    assert {*links} == {rule["alert"] for rule in RULES if "alert" in rule}


def test_every_query_asks_for_metrics_that_are_exported() -> None:
    exported = {
        family.name + suffix
        for family in REGISTRY.collect()
        for suffix in ("", "_total", "_bucket", "_sum", "_count")
    }
    recorded = {rule["record"] for rule in RULES if "record" in rule}
    asked = {name for expr in ASKED for name in METRIC.findall(WORDS.sub(" ", expr))}
    assert asked - exported - recorded - OTHERS == set()


def test_every_alert_has_a_heading_in_the_runbook() -> None:
    headings = re.findall(r"^## (\w+)$", (FOLDER / "runbook.md").read_text(), re.MULTILINE)
    assert headings == list(
        dict.fromkeys([*(one.alert for one in OBJECTIVES), *(one.name for one in ALERTS)])
    )


def test_every_entry_of_the_runbook_says_what_to_do_and_what_not() -> None:
    entries = (FOLDER / "runbook.md").read_text().split("\n## ")[1:]
    for entry in entries:
        for part in ("**Means**", "**Confirm**", "**Do**", "**Do not**"):
            assert part in entry, entry.splitlines()[0]


def test_the_runbook_says_how_long_messages_are_tried_before_they_are_set_aside() -> None:
    attempts = Settings().stream.attempts
    back_off = BackOff(attempts=attempts)
    pauses = [fmean(back_off.pause(n) for _ in range(200)) for n in range(1, attempts)]
    assert 12 * 60 < sum(pauses) < 13 * 60
    entries = (FOLDER / "runbook.md").read_text().split("\n## ")
    for name in ("VeriscopeTritonDown", "VeriscopeDependencyAway"):
        (entry,) = (one for one in entries if one.startswith(f"{name}\n"))
        assert "12 to 13 minutes" in entry
        assert "veriscope dead-letters redrive" in entry


def test_every_panel_says_what_to_look_for() -> None:
    panels = [one for page in PAGES for row in page.rows.values() for one in row]
    assert all(one.shows.endswith(".") for one in panels)
    assert len({one.title for one in panels}) == len(panels)
