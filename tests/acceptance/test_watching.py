"""A real Prometheus beside a running stack: it can ask all that rules and dashboards ask."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitoring.mixin.pages import PAGES
from monitoring.mixin.panels import queries
from runtime.embedded.triton import EmbeddedTriton
from tests.acceptance.stack import Stack, start_stack
from tests.parts.loops import run
from tests.parts.prometheus import Prometheus, prometheus_server

SAMPLES = Path(__file__).parents[2] / "samples"
ASKED = sorted({query for page in PAGES for query in queries(page)})


@pytest.fixture(scope="module")
def prometheus(
    tmp_path_factory: pytest.TempPathFactory, triton: EmbeddedTriton
) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("watched")
    stack = start_stack(
        folder, VERISCOPE_SCORING__BACKEND="triton", VERISCOPE_SCORING__TRITON=triton.grpc
    )
    jobs = {"serve": stack.api, "triton": triton.metrics}
    watched = prometheus_server(
        folder, {job: address.removeprefix("http://") for job, address in jobs.items()}
    )
    try:
        run(watched.server.start())
        _check_until_it_counts(stack, watched)
        yield watched
    finally:
        run(watched.server.stop())
        stack.stop()


def _check_until_it_counts(stack: Stack, prometheus: Prometheus) -> None:
    """Check the samples until a rate is seen.

    A counter's first scrape has no rate, and one scrape may hold all verdicts of a round.
    """
    for _ in range(20):
        stack.command("check", "--api", stack.api, str(SAMPLES))
        if prometheus.get("query", query="sum(rate(veriscope_verdicts_total[1m])) > 0")["result"]:
            return
        time.sleep(1)
    raise AssertionError("Prometheus has seen no verdict in 20 rounds of samples")


@pytest.mark.parametrize("query", ASKED)
def test_every_panel_can_be_asked_for(prometheus: Prometheus, query: str) -> None:
    prometheus.get("query", query=query)


def test_every_rule_is_worked_out_without_an_error(prometheus: Prometheus) -> None:
    for _ in range(60):
        groups = prometheus.get("rules")["groups"]
        health = {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}
        if "unknown" not in health.values():
            break
        time.sleep(0.5)
    assert set(health.values()) == {"ok"}, health


@pytest.mark.parametrize(
    "query",
    [
        "sum(veriscope_verdicts_total)",
        "sum(veriscope_faces_kept_total)",
        "sum(nv_inference_request_success)",
        "veriscope:live_late:error_ratio_rate5m",
        "veriscope:undecided:ratio_rate1h",
    ],
)
def test_what_the_samples_did_is_seen(prometheus: Prometheus, query: str) -> None:
    for _ in range(60):
        if prometheus.get("query", query=query)["result"]:
            return
        time.sleep(0.5)
    raise AssertionError(f"no answer to {query}")
