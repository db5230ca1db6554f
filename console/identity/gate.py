"""Recognises who asks, by cookie or token, and bounds how often."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fastapi import Request

from console.faults import Refused
from console.identity.callers import THIS_MACHINE, Caller, in_browser, with_token
from console.identity.site import Site
from console.limits import RateLimit, address_key
from storage.accounts.ports import ApiTokens, Sessions
from storage.accounts.records import digest

SESSION = "veriscope"
_LONGEST_SECRET = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many requests a second, by who asks; `strangers` are counted by address."""

    people: RateLimit = field(default_factory=lambda: RateLimit(per_second=30, burst=300))
    tokens: RateLimit = field(default_factory=lambda: RateLimit(per_second=100, burst=500))
    strangers: RateLimit = field(default_factory=lambda: RateLimit(per_second=10, burst=200))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What the guard of every route asks.

    `machine_uploads` lets this machine's own user send and look up uploads without a name.
    """

    site: Site
    sessions: Sessions
    tokens: ApiTokens
    now: Callable[[], datetime]
    idle: timedelta
    machine_uploads: bool = False
    limits: Limits = field(default_factory=Limits)

    async def recognise(self, request: Request) -> Caller | None:
        """Who asks; None for a stranger. A token that does not hold is not overlooked.

        Raises:
            Refused: the token does not hold.
        """
        offered = request.headers.get("authorization")
        if offered is not None:
            caller = await self._by_token(offered)
            if caller is None:
                self.count_stranger(request)
                raise Refused(
                    401,
                    "bad_token",
                    "this token does not hold: it is unknown, expired or revoked",
                    headers={"WWW-Authenticate": "Bearer"},
                )
            return caller
        return await self._by_cookie(request)

    def machine(self, request: Request) -> Caller | None:
        """This machine's own user, who needs no name where that is allowed."""
        if self.machine_uploads and self.site.is_from_this_machine(request):
            return THIS_MACHINE
        return None

    def count(self, caller: Caller) -> None:
        """Raises: Refused, when the caller asks too often."""
        limit = self.limits.tokens if caller.token else self.limits.people
        _pass(limit.wait(caller.key))

    def count_stranger(self, request: Request) -> None:
        """Raises: Refused, when too much comes from that address without a name."""
        _pass(self.limits.strangers.wait(address_of(request)))

    async def _by_token(self, offered: str) -> Caller | None:
        scheme, _, token = offered.partition(" ")
        if scheme.lower() != "bearer" or not 0 < len(token) <= _LONGEST_SECRET:
            return None
        presented = await self.tokens.use(digest(token.strip()), now=self.now())
        return None if presented is None else with_token(presented)

    async def _by_cookie(self, request: Request) -> Caller | None:
        secret = self.site.cookie(request, SESSION)
        if secret is None or len(secret) > _LONGEST_SECRET:
            return None
        signed_in = await self.sessions.use(digest(secret), now=self.now(), idle=self.idle)
        return None if signed_in is None else in_browser(signed_in, secret)


def address_of(request: Request) -> str:
    return address_key(request.client.host if request.client else "")


def _pass(wait_seconds: float) -> None:
    if wait_seconds:
        raise too_often(wait_seconds)


def too_often(wait_seconds: float) -> Refused:
    seconds = max(1, math.ceil(wait_seconds))
    return Refused(
        429,
        "too_often",
        f"too many requests: try again in {seconds} s",
        headers={"Retry-After": str(seconds)},
    )
