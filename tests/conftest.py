"""What every test may ask for: the real servers of `tests.parts`."""

from __future__ import annotations

import signal
import threading

from tests.parts.servers import kafka, postgres, tansu, triton

__all__ = ["kafka", "postgres", "tansu", "triton"]


def pytest_configure() -> None:
    """Let a run that is told to end go through its fixtures' ends, as when it is interrupted:
    services under test have sessions of their own, and would outlive it.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
