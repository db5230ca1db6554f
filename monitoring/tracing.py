"""Traces of uploads on their way through the stream; off, nothing is made and nothing imported.

Spans and attributes are named by OpenTelemetry's semantic conventions. Attributes are of closed
sets: never a file's name, an address, or an id of an upload, which would outlive its erasure.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, Protocol, TypeAlias

Kind: TypeAlias = Literal["internal", "server", "client", "producer", "consumer"]
Attributes: TypeAlias = Mapping[str, str | int]

PARENT = "traceparent"  # <https://www.w3.org/TR/trace-context/>
_KEPT = 0x01  # the bit `sampled`
_NOBODY: Mapping[str, bytes] = {}


class Span(Protocol):
    def tell(self, attributes: Attributes, *, name: str | None = None) -> None:
        """Say more of what is being done, and by what name, once it is known."""
        ...


class Tracer(Protocol):
    def span(
        self, name: str, kind: Kind, attributes: Attributes, came_with: Mapping[str, bytes] | None
    ) -> AbstractContextManager[Span]:
        """A span while the block lasts.

        What came with headers has its parent in them or none: of what comes from outside nothing
        else can be known, since callbacks run in the context of whoever asked for them. All else
        is part of what is under way.
        """
        ...

    def carried(self) -> Mapping[str, bytes]:
        """Headers by which somebody else goes on with the span that is under way."""
        ...


class _Silent:
    def tell(self, attributes: Attributes, *, name: str | None = None) -> None:
        """Implement `Span`."""


_OFF: AbstractContextManager[Span] = nullcontext(_Silent())
_installed: Tracer | None = None


def install(tracer: Tracer | None) -> None:
    """Trace from now on, or no more: for the whole process, as with metrics and logs."""
    global _installed
    _installed = tracer


def is_on() -> bool:
    return _installed is not None


def span(
    name: str,
    kind: Kind = "internal",
    attributes: Attributes | None = None,
    *,
    came_with: Mapping[str, bytes] | None = None,
) -> AbstractContextManager[Span]:
    """See `Tracer.span`."""
    if _installed is None:
        return _OFF
    return _installed.span(name, kind, attributes or {}, came_with)


def carried() -> Mapping[str, bytes]:
    """See `Tracer.carried`; empty outside of any span."""
    return _NOBODY if _installed is None else _installed.carried()


def exemplar() -> dict[str, str] | None:
    """What leads from a sample of a metric to its trace; None where nobody keeps one."""
    parent = carried().get(PARENT)
    if parent is None:
        return None
    _version, trace, _span, flags = parent.decode().split("-")
    return {"trace_id": trace} if int(flags, 16) & _KEPT else None
