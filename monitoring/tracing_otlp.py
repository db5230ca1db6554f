"""Traces by OpenTelemetry's SDK: imported only where tracing is on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from monitoring.tracing import PARENT, Attributes, Kind

_HEADERS = TraceContextTextMapPropagator()


class OtlpTracer:
    """Implements `monitoring.tracing.Tracer`.

    `share` (0 to 1) of the traces are kept, by their ids: so all processes keep the same ones,
    and a client's `sampled` counts for nothing; only by the id that it chooses can it have a say.
    """

    def __init__(
        self, processor: SpanProcessor, *, service: str, version: str, share: float
    ) -> None:
        resource = Resource.create({"service.name": service, "service.version": version})
        self._provider = TracerProvider(
            resource=resource, sampler=TraceIdRatioBased(share), shutdown_on_exit=False
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("veriscope", version)

    @contextmanager
    def span(
        self, name: str, kind: Kind, attributes: Attributes, came_with: Mapping[str, bytes] | None
    ) -> Iterator[_Told]:
        # An error's words and its trace may tell of media and addresses: only its type is kept.
        with self._tracer.start_as_current_span(
            name,
            context=_context(came_with),
            kind=SpanKind[kind.upper()],
            attributes=dict(attributes),
            record_exception=False,
            set_status_on_exception=False,
        ) as opened:
            try:
                yield _Told(opened)
            except BaseException as error:
                opened.set_attribute("error.type", type(error).__name__)
                opened.set_status(StatusCode.ERROR)
                raise

    def carried(self) -> Mapping[str, bytes]:
        headers: dict[str, str] = {}
        _HEADERS.inject(headers)
        return {name: value.encode() for name, value in headers.items() if name == PARENT}

    def close(self) -> None:
        """Send what is left; this may take as long as the exporter waits for an answer."""
        self._provider.shutdown()


class _Told:
    """Implements `monitoring.tracing.Span`."""

    def __init__(self, opened: Span) -> None:
        self._opened = opened

    def tell(self, attributes: Attributes, *, name: str | None = None) -> None:
        self._opened.set_attributes(dict(attributes))
        if name is not None:
            self._opened.update_name(name)


def _context(came_with: Mapping[str, bytes] | None) -> Context | None:
    """That of a parent which headers name; None is whatever is under way."""
    if came_with is None:
        return None
    parent = came_with.get(PARENT, b"")
    return _HEADERS.extract({PARENT: parent.decode("latin-1")}, Context())


def otlp(endpoint: str, *, wait_seconds: float = 3.0) -> SpanProcessor:
    """What sends spans to a collector, in batches and from a thread of its own.

    `endpoint` is http(s)://HOST:PORT of OTLP over gRPC. Headers and certificates are read from
    the library's own variables (`OTEL_EXPORTER_OTLP_…`). When nobody answers spans are dropped.
    """
    return BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=wait_seconds))
