"""All questions, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from benchmarks.speed import batching, efficiency, growth, reupload, scale_out, transport, usual
from benchmarks.speed.findings import Findings
from benchmarks.speed.rounds import Bench

Ask = Callable[[Bench], Awaitable[Findings]]

QUESTIONS: dict[str, Ask] = {
    "efficiency": efficiency.ask,
    "transport": transport.ask,
    "batching": batching.ask,
    "scale-out": scale_out.ask,
    "re-upload": reupload.ask,
    "usual": usual.ask,
    "growth": growth.ask,
}
