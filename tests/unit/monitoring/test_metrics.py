from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client import Counter, Gauge, Histogram

from monitoring import metrics

ROOT = Path(__file__).parents[3]
CODE = "\n".join(
    path.read_text()
    for folder in ("streams", "runtime", "console")
    for path in (ROOT / folder).rglob("*.py")
)
METRICS = {
    name: metric
    for name, metric in vars(metrics).items()
    if isinstance(metric, (Counter, Gauge, Histogram))
}
UNITS = (
    "_total",
    "_seconds",
    "_messages",
    "_crops",
    "_pending",
    "_open",
    "_held",
    "_in_hand",
    "_in_use",
    "_limit",
    "_waiting",
    "_bytes",
)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_set_by_the_running_system(name: str) -> None:
    assert re.search(rf"metrics\.{name}\b[^\n]*\.(inc|set|set_function|observe)\(", CODE)


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_is_named_for_what_it_counts_and_in_what_unit(name: str) -> None:
    (family,) = METRICS[name].describe()
    exported = f"{family.name}_total" if isinstance(METRICS[name], Counter) else family.name
    assert exported.startswith("veriscope_")
    assert exported.endswith(UNITS)


def test_no_label_is_an_id() -> None:
    labels = {label for metric in METRICS.values() for label in metric._labelnames}
    assert labels <= {
        "lane", "way", "reason", "state", "stage", "label", "hop", "outcome", "error", "fault",
        "topic", "queue", "kind", "job_kind", "serving", "shadow", "bundle", "tenth", "pixels",
        "part", "scope", "folder",
    }  # fmt: skip


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_a_metric_that_a_page_names_is_one_that_is_exported(page: Path) -> None:
    exported = {family.name for metric in METRICS.values() for family in metric.describe()}
    named = set(re.findall(r"`(veriscope_[a-z_]+)`", page.read_text()))
    assert {name.removesuffix("_total") for name in named} <= exported
