"""What the hops need of the broker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from storage.ports import OutboundMessage


class Publisher(Protocol):
    async def publish(self, messages: Sequence[OutboundMessage]) -> None:
        """Return when the broker has acknowledged all of them; some may be there when it fails.

        Raises:
            BrokerUnavailable: not all were acknowledged.
            UnpublishableMessage: one of them will never be.
        """
        ...
