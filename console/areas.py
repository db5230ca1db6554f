"""An area of the console: its routes, and where they stand in the navigation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter

from console.identity.callers import Caller
from moderation.people import Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An entry of the navigation and of the start page, shown to who may follow it.

    `words` name it, `purpose` says in a sentence what one does there; `key` is pressed for it.
    `waits` says what is open there now, in words, for who asks; None where nothing is.
    """

    path: str
    words: str
    purpose: str
    permission: Permission
    key: str | None = None
    waits: Callable[[Caller], Awaitable[str | None]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Pages (`include_in_schema=False`) or a part of the API, each route behind a guard.

    `filters` are the words that its templates use beside those of every page.
    """

    routes: APIRouter
    links: Sequence[Link] = ()
    filters: Mapping[str, Callable[..., object]] = field(default_factory=dict)
