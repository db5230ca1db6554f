"""The HTTP application: the console, the API, metrics and health."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder

from console.areas import Area
from console.faults import ANSWERED
from console.headers import SecureHeaders
from console.identity.gate import Gate
from console.identity.guards import guarded, scopes_of, unlimited
from console.pages import Pages, answer_failure
from console.static import Assets
from console.tracing import TracedRequests
from monitoring import tracing
from monitoring.health import Health


def _named(key: str, what: str, well: str, ill: str) -> dict[int | str, dict[str, Any]]:
    """Both answers of a probe for OpenAPI: an object of `key`, empty where all is `well`."""
    return {
        code: {
            "description": description,
            "content": {"application/json": {"example": {key: example}}},
        }
        for code, description, example in ((200, well, {}), (503, ill, {what: "does not answer"}))
    }


_METRICS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/plain": {"example": 'veriscope_verdicts_total{label="clear"} 3.0'},
            "application/openmetrics-text": {},
        }
    }
}
# FastAPI's own tells paths and queries: ids, and what people look for. See `console.tracing`.
_NO_TELEMETRY: Any = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}

_STUCK = _named("stuck", "worker", "Nothing is stuck.", "It is stuck: start it anew.")
_MISSING = _named("missing", "database", "All works.", "Something that it needs does not work.")


def build_app(
    health: Health, *, version: str, gate: Gate | None = None, areas: Sequence[Area] = ()
) -> FastAPI:
    """Make the application; without a `gate` and areas it only says how the process is.

    Raises:
        LookupError: a route has no guard.
    """
    app = FastAPI(
        title="Veriscope", version=version, docs_url=None, redoc_url=None, telemetry=_NO_TELEMETRY
    )
    if gate is not None:
        assets = Assets()
        app.state.gate = gate
        app.state.pages = Pages(assets, areas)
        app.state.scopes = scopes_of(area.routes for area in areas)
        app.include_router(guarded(assets.routes()))
    for area in areas:
        app.include_router(guarded(area.routes))
    app.include_router(guarded(_operations(health)))
    app.add_middleware(SecureHeaders, https=gate is not None and gate.site.https)
    if tracing.is_on():
        app.add_middleware(TracedRequests)
    for error in ANSWERED:
        app.add_exception_handler(error, answer_failure)
    return app


def _operations(health: Health) -> APIRouter:
    routes = APIRouter(tags=["operations"], dependencies=[Depends(unlimited)])

    @routes.get("/metrics", response_class=PlainTextResponse, responses=_METRICS)
    async def metrics(request: Request) -> Response:
        """All metrics, as Prometheus reads them; as OpenMetrics, with exemplars, if it asks so."""
        generate, kind = choose_encoder(request.headers.get("accept", ""))
        return Response(generate(REGISTRY), media_type=kind)

    @routes.get("/healthz", responses=_STUCK)
    async def healthz() -> JSONResponse:
        """Answer 503 when the process is stuck and should be restarted."""
        stuck = health.stuck()
        return JSONResponse({"stuck": stuck}, 503 if stuck else 200)

    @routes.get("/readyz", responses=_MISSING)
    async def readyz() -> JSONResponse:
        """Answer 503 when a dependency does not work; each one is used once to find out."""
        missing = await health.missing()
        return JSONResponse({"missing": missing}, 503 if missing else 200)

    return routes
