"""What somebody is told who stops what runs."""

from __future__ import annotations

import asyncio
import io
from datetime import timedelta

from rich.console import Console

from runtime.cli.services import _judge, stopping
from runtime.settings import Settings
from runtime.up import Stack


async def test_who_stops_it_while_it_judges_is_told_what_is_left() -> None:
    stop, told = asyncio.Event(), io.StringIO()
    stop.set()
    nobody = Stack(url="http://127.0.0.1:9", settings=Settings())

    complete = await _judge(nobody, ["a.jpg", "b.jpg"], stop, Console(file=told))

    assert not complete
    assert "2 of 2 are still to be judged" in told.getvalue()


def test_who_stops_it_is_told_how_long_that_may_take() -> None:
    assert "up to 30 s for what is in hand" in stopping(Settings().stream.stop_within)
    assert "up to 1.5 s" in stopping(timedelta(seconds=1.5))
