"""What hops tell of themselves in traces: one span for each message that is settled or sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager

from monitoring import tracing
from storage.ports import OutboundMessage
from streams.retries import Origin

_SYSTEM = "messaging.system"
_TOPIC = "messaging.destination.name"


def processing(hop: str, origin: Origin) -> AbstractContextManager[tracing.Span]:
    """A hop's work on a message, as part of the trace that the message came with."""
    if not tracing.is_on():
        return tracing.span("")
    return tracing.span(
        f"process {origin.topic}",
        "consumer",
        {
            _SYSTEM: "kafka",
            _TOPIC: origin.topic,
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.partition.id": str(origin.partition),
            "veriscope.hop": hop,
        },
        came_with=origin.headers,
    )


@contextmanager
def sending(messages: Sequence[OutboundMessage]) -> Iterator[None]:
    """Messages on their way to the broker, each in the trace in which it was made.

    A message that was made in no trace begins none: a relay that sends many would begin as many.
    """
    if not tracing.is_on():
        yield
        return
    with ExitStack() as stack:
        for message in messages:
            if tracing.PARENT in message.headers:
                stack.enter_context(_send(message))
        yield


def _send(message: OutboundMessage) -> AbstractContextManager[tracing.Span]:
    return tracing.span(
        f"send {message.topic}",
        "producer",
        {
            _SYSTEM: "kafka",
            _TOPIC: message.topic,
            "messaging.operation.name": "send",
            "messaging.operation.type": "send",
        },
        came_with=message.headers,
    )
