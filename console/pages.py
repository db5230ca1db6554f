"""Renders templates: for a whole page, a part of one, or an error in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from console.areas import Area, Link
from console.faults import answer, said
from console.identity.callers import Caller
from console.identity.guards import caller_of
from console.identity.secrets import form_token
from console.identity.site import own_target
from console.static import Assets

_TEMPLATES = Path(__file__).parent / "templates"
# What is asked by programs: their errors are JSON.
_FOR_PROGRAMS = ("/v1/", "/metrics", "/healthz", "/readyz", "/openapi.json", "/assets/")
_TITLES = {
    401: "Sign in first",
    403: "Not allowed",
    404: "Nothing here",
    410: "Used up",
    429: "Too often",
    503: "Not now",
}


class Pages:
    """Templates over one environment: everything is escaped, and a name that is not given fails.

    Areas bring their links, and filters of their own.
    """

    def __init__(self, assets: Assets, areas: Sequence[Area]) -> None:
        self._links = [link for area in areas for link in area.links]
        self.environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.globals["asset"] = assets.address
        self.environment.filters["moment"] = moment
        for area in areas:
            self.environment.filters.update(area.filters)

    def links_for(self, caller: Caller | None) -> list[Link]:
        return [link for link in self._links if caller and caller.may(link.permission)]

    def render(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        **context: Any,
    ) -> HTMLResponse:
        """Fill a template in. `caller`, `links`, `path` and `csrf` are there for every one."""
        caller = caller_of(request)
        given: dict[str, Any] = {
            "caller": caller,
            "links": self.links_for(caller),
            "path": request.url.path,
            "csrf": form_token(caller.secret) if caller and caller.secret else "",
        }
        text = self.environment.get_template(template).render(**{**given, **context})
        return HTMLResponse(text, status, headers)


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """Answer with a page, or with a part of one where HTMX asked for it. See `Pages.render`."""
    return pages_of(request).render(request, template, status=status, headers=headers, **context)


def pages_of(request: Request) -> Pages:
    return cast(Pages, request.app.state.pages)


def go_to(target: str) -> RedirectResponse:
    """After something was done: the page to look at next, so that reloading does not repeat it."""
    return RedirectResponse(target, 303)


def go_on(request: Request, target: str) -> Response:
    """As `go_to`, from a form that HTMX may have sent.

    It would follow a redirect by itself, and put the next page into the form.
    """
    if is_part(request):
        return Response(status_code=204, headers={"HX-Redirect": target})
    return go_to(target)


def is_part(request: Request) -> bool:
    """Whether HTMX asks, which puts the answer into a page that is there already."""
    return "hx-request" in request.headers


async def answer_failure(request: Request, error: Exception) -> Response:
    """Answer what failed: programs with JSON, people with a page that says it in words."""
    if request.url.path.startswith(_FOR_PROGRAMS) or not hasattr(request.app.state, "pages"):
        return await answer(request, error)
    refusal = said(request, error)
    if refusal.reason == "sign_in":
        return _to_sign_in(request)
    title = _TITLES.get(refusal.status, "That did not work")
    template = "partials/said.html" if is_part(request) else "error.html"
    return page(
        request,
        template,
        status=refusal.status,
        headers=refusal.headers,
        title=title,
        detail=refusal.detail,
    )


def _to_sign_in(request: Request) -> Response:
    if is_part(request):  # a redirect would be followed into the part of the page
        return Response(status_code=401, headers={"HX-Redirect": "/sign-in"})
    if request.method != "GET":
        return go_to("/sign-in")
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return go_to(sign_in_path(target))


def sign_in_path(target: str) -> str:
    own = own_target(target)
    return "/sign-in" if own == "/" else f"/sign-in?to={quote(own, safe='/')}"


def moment(at: datetime | None) -> str:
    """A moment as pages show it, in UTC; a dash for none."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if at else "-"
