"""A stack that is traced: one upload, one trace, from its announcement to its verdict."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.acceptance.stack import start_stack
from tests.parts.collector import Collector, Seen, collecting

SAMPLE = Path(__file__).parents[2] / "samples" / "portrait.jpg"
SENT = "POST /v1/uploads"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """The spans of one upload's trace, and what else was told of it."""

    spans: list[Seen]
    upload_id: str
    metrics: str

    @property
    def edges(self) -> set[tuple[str, str]]:
        """Names of spans with those of their parents."""
        names = {span.id: span.name for span in self.spans}
        return {(names.get(span.parent, ""), span.name) for span in self.spans}


def _until_told_of(collector: Collector, name: str) -> None:
    """A verdict is in the ledger before it is on its topic, and `check` waits for the first."""
    end = time.monotonic() + 60
    while not any(span.name == name for span in collector.spans) and time.monotonic() < end:
        time.sleep(0.1)


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Traced:
    with collecting() as collector:
        stack = start_stack(
            tmp_path_factory.mktemp("traced"),
            VERISCOPE_TRACING__ENDPOINT=f"http://{collector.address}",
        )
        try:
            said = stack.command("check", "--json", "--api", stack.api, str(SAMPLE)).stdout
            wanted = {"Accept": "application/openmetrics-text"}
            metrics = httpx.get(f"{stack.api}/metrics", headers=wanted, timeout=30).text
            _until_told_of(collector, "send veriscope.verdicts")
        finally:
            stack.stop()  # it sends what is left
    (trace,) = {span.trace for span in collector.spans if span.name == SENT}
    return Traced(
        spans=[span for span in collector.spans if span.trace == trace],
        upload_id=json.loads(said.splitlines()[0])["upload_id"],
        metrics=metrics,
    )


@pytest.mark.parametrize(
    ("parent", "span"),
    [
        ("", SENT),
        (SENT, "INSERT outbox"),
        (SENT, "send veriscope.uploads.live"),
        (SENT, "process veriscope.uploads.live"),
        ("process veriscope.uploads.live", "send veriscope.faces.live"),
        ("process veriscope.uploads.live", "process veriscope.faces.live"),
        ("process veriscope.faces.live", "inference.GRPCInferenceService/ModelInfer"),
        ("process veriscope.faces.live", "process veriscope.scores.live"),
        ("process veriscope.scores.live", "INSERT verdicts"),
        ("process veriscope.scores.live", "INSERT outbox"),
        ("process veriscope.scores.live", "send veriscope.verdicts"),
    ],
)
def test_an_upload_has_one_trace_from_its_announcement_to_its_verdict(
    traced: Traced, parent: str, span: str
) -> None:
    assert (parent, span) in traced.edges


def test_every_span_of_a_trace_hangs_on_its_first(traced: Traced) -> None:
    assert [span for parent, span in traced.edges if not parent] == [SENT]


def test_what_else_is_asked_over_the_same_connection_is_no_part_of_it(traced: Traced) -> None:
    assert not [span.name for span in traced.spans if span.name.startswith("GET")]


def test_a_trace_is_short_enough_to_be_read(traced: Traced) -> None:
    assert len(traced.spans) < 50


def test_nothing_in_a_trace_tells_whose_upload_it_was(traced: Traced) -> None:
    told = json.dumps([[span.name, span.attributes] for span in traced.spans])
    assert traced.upload_id not in told
    assert SAMPLE.stem not in told
    assert "://" not in told


def test_a_bar_of_the_end_to_end_histogram_leads_to_the_trace(traced: Traced) -> None:
    bars = [line for line in traced.metrics.splitlines() if "end_to_end_seconds_bucket" in line]
    assert any(traced.spans[0].trace in bar for bar in bars)
