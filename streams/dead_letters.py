"""Messages that could not be handled: how they travel, how they are kept, how they come back.

A hop writes a dead letter to its topic, since the database may be what failed;
from there it goes into the ledger, where an operator finds and redrives it.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from moderation.errors import UnparsableMessage
from monitoring import metrics
from monitoring.health import Pulse
from storage.ports import DeadLetter, DeadLetters, KeptDeadLetter, OutboundMessage
from streams.retries import FOR_EVER, Origin, fault_of, note, patiently

log = structlog.get_logger()

_HEADER = "veriscope-dead-letter"
_CUT_BYTES = 256 * 1024


def to_message(letter: DeadLetter, *, topic: str) -> OutboundMessage:
    """The letter as it travels: value and headers as they came, all else in one header more."""
    facts = {
        "origin": [letter.origin_topic, letter.origin_partition, letter.origin_offset],
        "key": None if letter.key is None else base64.b64encode(letter.key).decode(),
        "has_value": letter.value is not None,
        "fault": letter.fault,
        "reason": letter.reason,
        "detail": letter.detail,
        "attempts": letter.attempts,
        "trace": letter.trace,
        "failed_at": letter.failed_at.isoformat(),
    }
    return OutboundMessage(
        topic=topic,
        key=f"{letter.origin_topic}/{letter.origin_partition}/{letter.origin_offset}",
        value=letter.value or b"",
        headers={**letter.headers, _HEADER: json.dumps(facts).encode()},
    )


def shortened(message: OutboundMessage) -> OutboundMessage:
    """A dead letter that the broker will take: its value is cut, and the letter says so."""
    facts = json.loads(message.headers[_HEADER])
    facts["detail"] = f"value of {len(message.value)} bytes cut; {facts['detail']}"
    headers = {_HEADER: json.dumps(facts).encode()}
    return replace(message, value=message.value[:_CUT_BYTES], headers=headers)


def from_message(value: bytes | None, headers: dict[str, bytes]) -> DeadLetter:
    """Raises: UnparsableMessage."""
    try:
        facts = json.loads(headers[_HEADER])
        topic, partition, offset = facts["origin"]
        key = facts["key"]
        return DeadLetter(
            origin_topic=topic,
            origin_partition=partition,
            origin_offset=offset,
            key=None if key is None else base64.b64decode(key),
            value=value if facts["has_value"] else None,
            headers={name: content for name, content in headers.items() if name != _HEADER},
            fault=facts["fault"],
            reason=facts["reason"],
            detail=facts["detail"],
            attempts=facts["attempts"],
            trace=facts["trace"],
            failed_at=datetime.fromisoformat(facts["failed_at"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnparsableMessage(f"not a dead letter: {error!r}") from error


class KeepDeadLetters:
    """Moves dead letters from their topic into the ledger."""

    def __init__(self, dead_letters: DeadLetters, *, pulse: Pulse | None = None) -> None:
        self._dead_letters = dead_letters
        self._note = note("dead-letters", pulse)

    async def settle(self, origin: Origin) -> None:
        """Keep one message.

        What cannot be kept is logged, never written to the topic again: it would
        come back here without end. It stays on the topic for as long as that keeps it.
        """
        try:
            letter = from_message(origin.value, origin.headers)
            await patiently(
                lambda: self._dead_letters.keep(letter), FOR_EVER, on_failure=self._note
            )
        except Exception as error:
            metrics.DEAD_LETTERS.labels("dead-letters", fault_of(error), "unkept").inc()
            log.exception("dead_letter.unkept", offset=origin.offset, partition=origin.partition)


async def redrive(dead_letters: DeadLetters, kept: KeptDeadLetter) -> bool:
    """Send a dead letter to the topic it came from; False when somebody did before."""
    letter = kept.letter
    return await dead_letters.redrive(
        kept.dead_letter_id,
        now=datetime.now(UTC),
        publish=OutboundMessage(
            topic=letter.origin_topic,
            key=(letter.key or b"").decode(errors="replace"),
            value=letter.value or b"",
            headers=letter.headers,
        ),
    )
