"""Spans of HTTP requests: added to the application only where tracing is on."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitoring import tracing

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_UNTRACED = ("/metrics", "/healthz", "/readyz", "/assets/")


class TracedRequests:
    """Puts what a request leads to into the trace that its headers name, or into a new one.

    A span is named by its route, as in `GET /v1/uploads/{upload_id}`: paths and queries hold ids
    and what people look for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_UNTRACED):
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        came_with = {name.decode("latin-1"): value for name, value in scope["headers"]}
        said = {"http.request.method": method, "url.scheme": scope["scheme"]}
        with tracing.span(method, "server", said, came_with=came_with) as span:

            async def answering(message: Message) -> None:
                if message["type"] == "http.response.start":
                    route = getattr(scope.get("route"), "path", None)
                    told = {"http.response.status_code": message["status"]}
                    if route is None:
                        span.tell(told)
                    else:
                        span.tell({**told, "http.route": route}, name=f"{method} {route}")
                await send(message)

            await self._app(scope, receive, answering)
