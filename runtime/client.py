"""A client of the upload endpoint: sends files or addresses, and waits for their ends."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from moderation.errors import ApiUnavailable, InvalidConfiguration, ModerationError
from moderation.upload import Lane
from streams.retries import BackOff, patiently

_AT_ONCE = 8
_FOR_EVER = BackOff(attempts=None)  # within the patience of the whole check
_FIRST_LOOK_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0
_COME_AGAIN = frozenset({408, 429, 503})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What became of one file or address: a verdict, or why there is none."""

    name: str
    upload_id: str | None
    verdict: dict[str, Any] | None
    failure: str | None = None


class Client:
    """Talks to one Veriscope. `tenant` and `lane` hold for all that it sends.

    `token` is needed where Veriscope does not run on this machine.
    """

    def __init__(
        self,
        url: str,
        *,
        tenant: str = "default",
        lane: Lane = Lane.LIVE,
        token: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = url
        self._parameters = {"tenant": tenant, "lane": lane.value}
        self._http = httpx.AsyncClient(
            base_url=url,
            timeout=60.0,
            trust_env=False,
            transport=transport,
            headers={"Authorization": f"Bearer {token}"} if token else None,
        )
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def close(self) -> None:
        await self._http.aclose()

    async def knock(self) -> None:
        """Raises: ApiUnavailable, when nobody answers."""
        await self._send("GET", "/healthz")

    async def submit(self, medium: str, *, upload_id: str | None = None) -> str:
        """Send a file, or an address with a scheme, and return the upload's id.

        Sent again with the same `upload_id`, it is the same upload; without one it is new.

        Raises:
            ApiUnavailable: nothing answers there, or it cannot take uploads now.
            ModerationError: it refuses this one.
        """
        parameters = {**self._parameters, "upload_id": upload_id or str(uuid.uuid4())}
        if "://" in medium:
            answer = await self._send(
                "POST", "/v1/uploads", params=parameters, json={"uri": medium}
            )
        else:
            path = Path(medium)
            with path.open("rb") as content:  # noqa: ASYNC230 (httpx reads it in small pieces)
                files = {"file": (path.name, content, "application/octet-stream")}
                answer = await self._send("POST", "/v1/uploads", params=parameters, files=files)
        return str(answer["upload_id"])

    async def status(self, upload_id: str) -> dict[str, Any]:
        """Raises: ApiUnavailable; ModerationError when there is no such upload."""
        return await self._send("GET", f"/v1/uploads/{upload_id}")

    async def check(self, media: Iterable[str], *, patience: float) -> AsyncGenerator[Ended, None]:
        """Send media and yield what became of each, in the order in which they end.

        Each has `patience` seconds from when all began.
        """
        tasks = [asyncio.create_task(self._one(medium, patience)) for medium in media]
        try:
            for ended in asyncio.as_completed(tasks):
                yield await ended
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, medium: str, patience: float) -> Ended:
        own_id = str(uuid.uuid4())  # one for all attempts: an answer that was lost costs nothing
        upload_id: str | None = None
        try:
            async with asyncio.timeout(patience):
                async with self._places:
                    upload_id = await patiently(
                        lambda: self.submit(medium, upload_id=own_id), _FOR_EVER
                    )
                verdict = await self._wait(upload_id)
            return Ended(name=medium, upload_id=upload_id, verdict=verdict)
        except TimeoutError:
            failure = f"no end after {patience:.0f} s; it may still come"
        except (ModerationError, OSError) as error:
            failure = str(error)
        return Ended(name=medium, upload_id=upload_id, verdict=None, failure=failure)

    async def _wait(self, upload_id: str) -> dict[str, Any]:
        pause = _FIRST_LOOK_SECONDS
        while True:
            status = await patiently(lambda: self.status(upload_id), _FOR_EVER)
            verdict = status["verdict"]
            if verdict is not None:
                return dict(verdict)
            await asyncio.sleep(pause)
            pause = min(pause * 1.3, _LONGEST_PAUSE_SECONDS)

    async def _send(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        try:
            answer = await self._http.request(method, path, **content)
        except httpx.InvalidURL as error:
            raise InvalidConfiguration(f"{self._url} is no address: {error}") from error
        except httpx.TransportError as error:
            raise ApiUnavailable(
                f"no Veriscope answers at {self._url}: start one with `veriscope up`"
            ) from error
        if answer.is_success:
            return dict(answer.json())
        detail = _detail(answer)
        if answer.status_code in _COME_AGAIN:
            raise ApiUnavailable(f"{self._url}: {detail}")
        raise ModerationError(detail)


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"
