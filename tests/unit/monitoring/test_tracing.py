"""What is traced, what of it is told, and that nothing is when tracing is off."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import exc, text
from sqlalchemy.ext.asyncio import AsyncEngine

from monitoring import tracing
from monitoring.tracing_otlp import OtlpTracer
from monitoring.tracing_sql import trace_statements
from storage.database import open_database, reading
from storage.ports import OutboundMessage
from streams.in_memory import delivered
from streams.messages import ANNOUNCED, UploadAnnounced
from streams.traces import processing, sending
from tests.builders import NOON, an_upload

Spans = Callable[[], tuple[ReadableSpan, ...]]
PARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"

PROGRAM = """
import asyncio, sys
from runtime.services import running
from runtime.settings import read_settings
from runtime.wiring import open_tracing
from storage.database import open_database

async def trace():
    async with open_tracing(read_settings(), open_database("sqlite:///x.db"), "veriscope"):
        pass

asyncio.run(trace())
print(any(name.startswith(("opentelemetry.sdk", "opentelemetry.exporter")) for name in sys.modules))
"""


@pytest.fixture
def spans() -> Iterator[Spans]:
    yield from _traced(share=1.0)


@pytest.fixture
def unsampled() -> Iterator[Spans]:
    yield from _traced(share=0.0)


def _traced(share: float) -> Iterator[Spans]:
    exporter = InMemorySpanExporter()
    tracer = OtlpTracer(SimpleSpanProcessor(exporter), service="s", version="1", share=share)
    tracing.install(tracer)
    yield exporter.get_finished_spans
    tracing.install(None)
    tracer.close()


@pytest.mark.parametrize(
    ("environment", "imported"),
    [({}, "False"), ({"VERISCOPE_TRACING__ENDPOINT": "http://127.0.0.1:1"}, "True")],
)
def test_off_it_imports_neither_sdk_nor_exporter(
    environment: dict[str, str], imported: str, tmp_path: Path
) -> None:
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"PYTHONPATH": str(Path(__file__).parents[3]), **environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == imported


def test_off_nothing_is_made_or_carried() -> None:
    assert tracing.span("a") is tracing.span("b")
    assert tracing.carried() == {}
    assert tracing.exemplar() is None


def test_a_message_carries_the_trace_in_which_it_was_made(spans: Spans) -> None:
    with tracing.span("POST /v1/uploads", "server"):
        message = announced()
    with processing("extract", delivered(message)):
        pass
    with sending([message]):
        pass
    first, *later = spans()
    assert {span.parent.span_id for span in later} == {first.context.span_id}
    assert {span.context.trace_id for span in later} == {first.context.trace_id}
    assert [span.name for span in later] == ["process uploads", "send uploads"]


def test_what_comes_from_outside_is_no_part_of_what_happens_to_be_under_way(spans: Spans) -> None:
    message = announced()
    with tracing.span("POST /v1/uploads"):
        with tracing.span("GET /v1/uploads", "server", came_with={"host": b"here"}):
            pass
        with processing("extract", delivered(message)):
            pass
    assert [span.parent for span in spans()] == [None, None, None]


def test_a_message_that_was_made_in_no_trace_begins_none_when_it_is_sent(spans: Spans) -> None:
    with sending([announced()]):
        pass
    assert spans() == ()


def test_an_id_is_the_same_whether_or_not_a_message_is_traced(spans: Spans) -> None:
    with tracing.span("here"):
        traced = announced()
    assert traced.headers["ce_id"] == announced().headers["ce_id"]
    assert traced.headers != announced().headers


def test_of_an_error_only_its_type_is_told(spans: Spans) -> None:
    with pytest.raises(ValueError, match="secret"), tracing.span("work"):
        raise ValueError("secret.jpg")
    (span,) = spans()
    assert span.attributes == {"error.type": "ValueError"}
    assert "secret" not in span.to_json()


def test_a_client_decides_the_trace_and_its_sampled_counts_for_nothing(spans: Spans) -> None:
    with tracing.span("POST /v1/uploads", "server", came_with={"traceparent": PARENT}):
        assert tracing.exemplar() == {"trace_id": PARENT.decode().split("-")[1]}
    assert len(spans()) == 1


def test_what_is_not_kept_is_carried_on_as_such_and_is_no_exemplar(unsampled: Spans) -> None:
    with tracing.span("POST /v1/uploads"):
        assert tracing.PARENT in tracing.carried()
        assert tracing.exemplar() is None
    assert unsampled() == ()


def test_what_is_kept_is_an_exemplar_by_the_trace_that_is_carried_on(spans: Spans) -> None:
    with tracing.span("POST /v1/uploads"):
        trace = tracing.exemplar()["trace_id"]
    assert f"{spans()[0].context.trace_id:032x}" == trace


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = open_database(f"sqlite:///{tmp_path / 'ledger.db'}")
    trace_statements(engine.sync_engine)
    yield engine
    await engine.dispose()


async def test_a_statement_is_told_by_what_it_does_and_to_which_table(
    spans: Spans, engine: AsyncEngine
) -> None:
    with tracing.span("work"):
        async with reading(engine) as connection:
            await connection.execute(text("SELECT name FROM sqlite_master WHERE name = 'secret'"))
    statement = next(span for span in spans() if span.name.startswith("SELECT"))
    assert statement.name == "SELECT sqlite_master"
    assert statement.attributes == {
        "db.system.name": "sqlite",
        "db.operation.name": "SELECT",
        "db.collection.name": "sqlite_master",
    }
    assert statement.parent.span_id == spans()[-1].context.span_id


async def test_a_statement_that_fails_ends_its_span(spans: Spans, engine: AsyncEngine) -> None:
    with tracing.span("work"):
        async with engine.connect() as connection:
            with pytest.raises(exc.OperationalError):
                await connection.execute(text("SELECT a FROM nowhere"))
        assert tracing.carried()["traceparent"].split(b"-")[2] == b"%016x" % _id_of_the_work(spans)


def _id_of_the_work(spans: Spans) -> int:
    failed = next(span for span in spans() if span.name == "SELECT nowhere")
    assert failed.attributes["error.type"] == "OperationalError"
    return failed.parent.span_id


async def test_what_is_about_no_table_is_not_told(spans: Spans, engine: AsyncEngine) -> None:
    with tracing.span("work"):
        async with reading(engine) as connection:
            await connection.execute(text("SELECT 1"))
    assert [span.name for span in spans()] == ["work"]


async def test_what_is_asked_in_no_trace_begins_none(spans: Spans, engine: AsyncEngine) -> None:
    async with reading(engine) as connection:
        await connection.execute(text("SELECT name FROM sqlite_master"))
    assert spans() == ()


def announced() -> OutboundMessage:
    message = UploadAnnounced(upload=an_upload())
    return ANNOUNCED.encode(message, topic="uploads", upload_id="u1", at=NOON)
