"""The HTTP application: uploads, metrics and health."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from console.faults import ANSWERED, answer
from monitoring.health import Health


def build_app(health: Health, *, version: str, uploads: APIRouter | None = None) -> FastAPI:
    """Make the application; without `uploads` it only says how the process is."""
    app = FastAPI(title="Veriscope", version=version, docs_url=None, redoc_url=None)
    if uploads is not None:
        app.include_router(uploads)
    app.include_router(_operations(health))
    for error in ANSWERED:
        app.add_exception_handler(error, answer)
    return app


def _operations(health: Health) -> APIRouter:
    routes = APIRouter(tags=["operations"])

    @routes.get("/metrics")
    async def metrics() -> Response:
        """All metrics, as Prometheus reads them."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @routes.get("/healthz")
    async def healthz() -> JSONResponse:
        """Answer 503 when the process is stuck and should be restarted."""
        stuck = health.stuck()
        return JSONResponse({"stuck": stuck}, 503 if stuck else 200)

    @routes.get("/readyz")
    async def readyz() -> JSONResponse:
        """Answer 503 when a dependency does not work; each one is used once to find out."""
        missing = await health.missing()
        return JSONResponse({"missing": missing}, 503 if missing else 200)

    return routes
