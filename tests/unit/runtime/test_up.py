"""A stack that cannot come up leaves nothing running, and says why in one error."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from moderation.errors import PartUnavailable
from runtime import up
from runtime.settings import Settings


async def test_a_broker_that_cannot_start_ends_the_start_of_what_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = []

    async def no_broker(*_: object) -> dict[str, object]:
        await asyncio.sleep(0)
        raise PartUnavailable("no broker")

    async def starts(*_: object) -> dict[str, object]:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("scoring")
        return {}

    monkeypatch.setattr(up, "_broker", no_broker)
    monkeypatch.setattr(up, "_scoring", starts)
    settings = Settings(state=tmp_path, http={"port": 0})

    with pytest.raises(PartUnavailable, match="no broker"):
        async with up.up(settings, up.Given(), triton_environment=tmp_path, say=print, warn=print):
            pass
    assert ended == ["scoring"]
