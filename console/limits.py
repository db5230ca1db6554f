"""How often somebody may ask: a rate for each key, in bounded memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

_KEYS = 20_000


class RateLimit:
    """Lets `burst` requests of a key pass at once and `per_second` in the long run.

    The generic cell rate algorithm (ITU-T I.371): of a key only the moment is kept at which it
    would have used up nothing. At most `keys` are kept; the one that asked longest ago goes first.
    """

    def __init__(
        self,
        *,
        per_second: float,
        burst: int,
        keys: int = _KEYS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._step = 1 / per_second
        self._slack = self._step * (burst - 1)
        self._keys = keys
        self._clock = clock
        self._free_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._free_at)

    def wait(self, key: str) -> float:
        """Count one request: 0.0 if it may pass, else the seconds until one will."""
        now = self._clock()
        free_at = max(self._free_at.pop(key, now), now)
        if free_at - now > self._slack:
            self._keep(key, free_at)
            return free_at - now - self._slack
        self._keep(key, free_at + self._step)
        return 0.0

    def _keep(self, key: str, free_at: float) -> None:
        self._free_at[key] = free_at
        if len(self._free_at) > self._keys:
            self._free_at.popitem(last=False)


def address_key(host: str) -> str:
    """What an address is counted under: an IPv6 network of /64 is one household's."""
    try:
        address = ip_address(host)
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    network = int(address) >> 64
    return f"{IPv6Address(network << 64)}/64"
