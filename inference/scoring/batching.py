"""Fills requests to a scorer with the crops of many uploads.

A request for each face costs more than its network, and one for each upload
leaves most half empty. There is no timer: while fewer than `in_flight` requests
are under way the next leaves at once with what is there; else what arrives
fills it. An idle system answers at once, a busy one sends full requests.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inference.ports import CropScorer, CropScores
from moderation.errors import ScorerUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequest:
    """How one request went: for metrics."""

    crops: int
    uploads: int
    seconds: float
    succeeded: bool


@dataclass(eq=False, slots=True, kw_only=True)
class _Upload:
    """The crops of one upload; the first `sent` are in requests already."""

    crops: NDArray[np.uint8]
    answer: asyncio.Future[CropScores]
    sent: int = 0
    parts: dict[int, CropScores] = field(default_factory=dict)

    @property
    def left(self) -> int:
        return len(self.crops) - self.sent


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """What one upload has in one request: its crops from `start` to before `stop`."""

    upload: _Upload
    start: int
    stop: int


class Batcher:
    """Scores the crops of an upload in requests shared with others; one for each event loop.

    At most `in_flight` requests of at most `largest` crops are under way. Urgent
    uploads go before all others. Within their kind uploads take turns, one request
    each, so that a long video does not hold up the images behind it. What waits
    is held by callers that wait with it: whoever bounds their number bounds this.
    """

    def __init__(
        self,
        scorer: CropScorer,
        *,
        largest: int = 32,
        in_flight: int = 4,
        observe: Callable[[SentRequest], None] = lambda sent: None,
    ) -> None:
        self._scorer = scorer
        self._largest = largest
        self._in_flight = in_flight
        self._observe = observe
        self._urgent: deque[_Upload] = deque()
        self._others: deque[_Upload] = deque()
        self._requests: set[asyncio.Task[CropScores]] = set()

    async def score(self, crops: NDArray[np.uint8], *, urgent: bool) -> CropScores:
        """Score an upload's crops (N H W C, uint8, 0 to 255, RGB), N being 1 or more.

        What a request cost is divided among its crops.

        Raises:
            ScorerUnavailable, ScorerMismatch: a request with some of its crops failed;
                the other uploads in that request fail with it, and no more.
            ValueError: there are no crops.
        """
        if not len(crops):
            raise ValueError("an upload without crops has nothing to score")
        loop = asyncio.get_running_loop()
        upload = _Upload(crops=crops, answer=loop.create_future())
        queue = self._urgent if urgent else self._others
        queue.append(upload)
        loop.call_soon(self._send)  # not at once: what arrives together leaves together
        try:
            return await upload.answer
        finally:
            if upload in queue:  # it failed, or its caller left
                queue.remove(upload)

    async def close(self) -> None:
        """Give up what waits and what is under way; the scorer is its owner's to close.

        Their callers get ScorerUnavailable.
        """
        for upload in (*self._urgent, *self._others):
            _fail(upload, ScorerUnavailable("scoring was ended"))
        self._urgent.clear()
        self._others.clear()
        for request in self._requests:
            request.cancel()
        await asyncio.gather(*self._requests, return_exceptions=True)

    def _send(self) -> None:
        while len(self._requests) < self._in_flight and (self._urgent or self._others):
            shares = self._fill()
            if not shares:
                return
            request = asyncio.create_task(self._scorer.score(_crops_of(shares)))
            self._requests.add(request)
            request.add_done_callback(self._settler(shares, time.perf_counter()))

    def _fill(self) -> list[_Share]:
        """Take crops for one request; an upload with more left goes to the end of its queue."""
        shares: list[_Share] = []
        free = self._largest
        while free and (queue := self._urgent or self._others):
            upload = queue.popleft()
            if upload.answer.done():  # a part of it failed: the rest is of no use
                continue
            stop = upload.sent + min(free, upload.left)
            shares.append(_Share(upload=upload, start=upload.sent, stop=stop))
            free -= stop - upload.sent
            upload.sent = stop
            if upload.left:
                queue.append(upload)
        return shares

    def _settler(
        self, shares: list[_Share], sent_at: float
    ) -> Callable[[asyncio.Task[CropScores]], None]:
        def settle(request: asyncio.Task[CropScores]) -> None:
            self._requests.discard(request)
            error = _error_of(request)
            self._observe(
                SentRequest(
                    crops=sum(share.stop - share.start for share in shares),
                    uploads=len(shares),
                    seconds=time.perf_counter() - sent_at,
                    succeeded=error is None,
                )
            )
            if error is None:
                _distribute(shares, request.result())
            else:
                for share in shares:
                    _fail(share.upload, error)
            self._send()

        return settle


def _crops_of(shares: list[_Share]) -> NDArray[np.uint8]:
    parts = [share.upload.crops[share.start : share.stop] for share in shares]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)  # N H W C, uint8


def _error_of(request: asyncio.Task[CropScores]) -> BaseException | None:
    if request.cancelled():
        return ScorerUnavailable("scoring was ended")
    return request.exception()


def _distribute(shares: list[_Share], scores: CropScores) -> None:
    begin = 0
    for share in shares:
        end = begin + share.stop - share.start
        share.upload.parts[share.start] = CropScores(
            logits=scores.logits[begin:end],
            embeddings=scores.embeddings[begin:end],
            seconds=scores.seconds * (end - begin) / len(scores.logits),
        )
        begin = end
        _answer_if_whole(share.upload)


def _answer_if_whole(upload: _Upload) -> None:
    if upload.answer.done():
        return
    if sum(len(part.logits) for part in upload.parts.values()) < len(upload.crops):
        return
    parts = [upload.parts[start] for start in sorted(upload.parts)]
    upload.answer.set_result(joined(parts))


def joined(parts: Sequence[CropScores]) -> CropScores:
    """The answers for several runs of crops as one, in their order."""
    return CropScores(
        logits=np.concatenate([part.logits for part in parts]),
        embeddings=np.concatenate([part.embeddings for part in parts]),
        seconds=sum(part.seconds for part in parts),
    )


def _fail(upload: _Upload, error: BaseException) -> None:
    if not upload.answer.done():
        upload.answer.set_exception(error)
