from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from monitoring.logs import configure


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root, timers = logging.getLogger(), logging.getLogger("mode.timers")
    before = root.handlers[:], root.level, timers.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    timers.setLevel(before[2])


@pytest.mark.parametrize(("level", "told"), [("warning", False), ("info", False), ("debug", True)])
def test_a_late_timer_of_the_library_is_news_to_developers_alone(level: str, told: bool) -> None:
    stream = io.StringIO()
    configure(level="info", json=False, stream=stream)
    configure(level=level, json=False, stream=stream)

    logging.getLogger("mode.timers").warning("Timer livelock is overlapping")
    logging.getLogger("streams").warning("ours")

    assert ("livelock" in stream.getvalue()) is told
    assert "ours" in stream.getvalue()
