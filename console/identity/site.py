"""Where the console is reached, and what follows from that for cookies, origins and targets."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import Request, Response

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_TARGET = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """`origin` is the address that people type (https://moderation.example.org), if it is known.

    Without one the console is reached by the name that each request gives: over plain HTTP where
    it listens on `loopback`, else by HTTPS that a proxy adds.

    Raises:
        ValueError: the origin is none, or would send passwords in clear over a network.
    """

    origin: str | None = None
    loopback: bool = True

    def __post_init__(self) -> None:
        if self.origin is None:
            return
        parts = urlsplit(self.origin)
        if self.origin != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc:
            raise ValueError("give scheme, host and port only, without a slash behind them")
        if parts.scheme != "https" and not (
            parts.scheme == "http" and is_loopback(parts.hostname or "")
        ):
            raise ValueError("it must be https, for passwords and sessions pass through it")

    @property
    def https(self) -> bool:
        return self.origin.startswith("https:") if self.origin else not self.loopback

    @property
    def local(self) -> bool:
        """Whether nobody but this machine is meant to reach it."""
        host = urlsplit(self.origin).hostname if self.origin else None
        return self.loopback and (host is None or is_loopback(host))

    def own_origin(self, request: Request) -> str:
        scheme = "https" if self.https else "http"
        return self.origin or f"{scheme}://{request.headers.get('host', '')}"

    def comes_from_us(self, request: Request) -> bool:
        """Whether a request that changes something was not sent by another site's page.

        Programs send no Origin. Browsers do with every such request, and say beside it how the
        page that sent it and this site belong together.
        """
        if request.method in SAFE_METHODS:
            return True
        origin = request.headers.get("origin")
        if origin is not None:
            return origin == self.own_origin(request)
        return request.headers.get("sec-fetch-site") in (None, "same-origin", "none")

    def is_from_this_machine(self, request: Request) -> bool:
        """Whether a request comes straight from this machine, and not by a name made up for it.

        A page elsewhere can have its own name resolved to 127.0.0.1 (DNS rebinding): then the
        Host is that name. What a proxy hands on is not from here, whatever its address.
        """
        host = _host_name(request.headers.get("host", ""))
        client = request.client.host if request.client else ""
        handed_on = {"forwarded", "x-forwarded-for", "x-real-ip", "via"} & set(request.headers)
        return self.local and is_loopback(host) and is_loopback(client) and not handed_on

    def cookie_name(self, name: str) -> str:
        """`__Host-` makes browsers refuse one that was set by another host or over plain HTTP."""
        return f"__Host-{name}" if self.https else name

    def set_cookie(
        self, response: Response, name: str, value: str, *, max_age: int | None = None
    ) -> None:
        response.set_cookie(
            self.cookie_name(name),
            value,
            max_age=max_age,
            path="/",
            secure=self.https,
            httponly=True,
            samesite="lax",
        )

    def drop_cookie(self, response: Response, name: str) -> None:
        response.delete_cookie(
            self.cookie_name(name), path="/", secure=self.https, httponly=True, samesite="lax"
        )

    def cookie(self, request: Request, name: str) -> str | None:
        return request.cookies.get(self.cookie_name(name)) or None


def _host_name(host: str) -> str:
    """The name in a Host header, without its port; empty where it is damaged."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    if host in ("localhost", "::1"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def own_target(asked: str | None) -> str:
    """Where to go after signing in: a path of ours, or the start page for anything else.

    Browsers take `//host`, and a backslash for a slash, as another site's address.
    """
    if not asked or len(asked) > _LONGEST_TARGET:
        return "/"
    if not asked.startswith("/") or asked.startswith(("//", "/\\")) or "\\" in asked:
        return "/"
    if any(not "!" <= char <= "~" for char in asked):
        return "/"
    parts = urlsplit(asked)
    return "/" if parts.scheme or parts.netloc else asked
