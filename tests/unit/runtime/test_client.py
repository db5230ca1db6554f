from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from moderation.errors import ApiUnavailable, ModerationError
from runtime.client import Client

VERDICT = {"label": "clear"}


class Desk:
    """An upload endpoint that fails in given ways first, and notes the ids it is sent."""

    def __init__(self, *failures: int | Exception) -> None:
        self.failures = list(failures)
        self.ids: list[str] = []

    def client(self) -> Client:
        return Client("http://test", tenant="acme", transport=httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"verdict": VERDICT})
        assert request.url.params["tenant"] == "acme"
        self.ids.append(request.url.params["upload_id"])
        if not self.failures:
            return httpx.Response(202, json={"upload_id": self.ids[-1]})
        failure = self.failures.pop(0)
        if isinstance(failure, Exception):
            raise failure
        return httpx.Response(failure, json={"reason": "x", "detail": "y"})


def an_address(_folder: Path) -> str:
    return "https://example.org/a.jpg"


def a_file(folder: Path) -> str:
    (folder / "a.jpg").write_bytes(b"pixels")
    return str(folder / "a.jpg")


@pytest.mark.parametrize("medium", [an_address, a_file])
async def test_a_medium_that_is_sent_again_keeps_its_id(
    tmp_path: Path, medium: Callable[[Path], str]
) -> None:
    desk = Desk(httpx.ReadTimeout("the answer was lost"), 429)

    [ended] = [one async for one in desk.client().check([medium(tmp_path)], patience=60)]

    assert ended.verdict == VERDICT
    assert len(desk.ids) == 3
    assert set(desk.ids) == {ended.upload_id}


async def test_one_that_does_not_end_in_time_is_told_with_its_id() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        told = {"verdict": None, "upload_id": "u7"}
        return httpx.Response(200 if request.method == "GET" else 202, json=told)

    client = Client("http://test", transport=httpx.MockTransport(answer))

    [ended] = [one async for one in client.check(["https://example.org/a.jpg"], patience=0.3)]

    assert (ended.upload_id, ended.verdict) == ("u7", None)


async def test_two_media_have_two_ids() -> None:
    desk = Desk()

    ended = [one async for one in desk.client().check(["x://a", "x://a"], patience=60)]

    assert len({one.upload_id for one in ended}) == 2


@pytest.mark.parametrize("status", [408, 429, 503])
async def test_what_may_pass_is_worth_another_attempt(status: int) -> None:
    with pytest.raises(ApiUnavailable):
        await Desk(status).client().submit("x://a")


@pytest.mark.parametrize("status", [409, 413, 422, 500])
async def test_a_refusal_is_final(status: int) -> None:
    with pytest.raises(ModerationError) as refused:
        await Desk(status).client().submit("x://a")

    assert not isinstance(refused.value, ApiUnavailable)
