"""Tracing, where the settings ask for it: where spans go, and what is traced beside the hops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncEngine

from inference.ports import CropScores
from inference.scoring.panel import Asked
from moderation.errors import InvalidConfiguration
from monitoring import tracing
from runtime.settings import Settings


@asynccontextmanager
async def open_tracing(
    settings: Settings, engine: AsyncEngine, service: str
) -> AsyncIterator[None]:
    """Trace while the block lasts, then send what is left; nothing is imported where it is off.

    Raises:
        InvalidConfiguration: what it needs is not installed.
    """
    asked = settings.tracing
    if asked.endpoint is None:
        yield
        return
    try:
        from monitoring.tracing_otlp import OtlpTracer, otlp
    except ImportError as error:
        raise InvalidConfiguration(
            "VERISCOPE_TRACING__ENDPOINT needs OpenTelemetry: pip install 'veriscope[tracing]'"
        ) from error
    from monitoring.tracing_sql import trace_statements

    tracer = OtlpTracer(
        otlp(asked.endpoint), service=service, version=version("veriscope"), share=asked.share
    )
    trace_statements(engine.sync_engine)
    tracing.install(tracer)
    try:
        yield
    finally:
        tracing.install(None)
        await asyncio.to_thread(tracer.close)


class TracedScorer:
    """Tells how long an upload's crops were at a model, their wait for a request included.

    The request itself is no span: it holds crops of many uploads, and would be in one's trace.
    """

    def __init__(self, scorer: Asked, settings: Settings, model: str) -> None:
        self._scorer = scorer
        triton = settings.scoring.backend == "triton"
        self._kind: tracing.Kind = "client" if triton else "internal"
        self._name = "inference.GRPCInferenceService/ModelInfer" if triton else "score"
        self._said: dict[str, str | int] = {"veriscope.model": model}
        if triton:
            self._said |= {"rpc.system.name": "grpc", "rpc.method": self._name}

    async def score(self, crops: NDArray[np.uint8], *, urgent: bool) -> CropScores:
        said = {**self._said, "veriscope.crops": len(crops)}
        with tracing.span(self._name, self._kind, said):
            return await self._scorer.score(crops, urgent=urgent)
