"""Runs at the start of every interpreter that has this folder on its path: its clock is movable.

The wall clock of the process follows the file that `MOVED_CLOCK` names, which holds seconds to
add; it looks every half second. A child that is forked keeps what was set when it began.
"""

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

_LOOK_EVERY_SECONDS = 0.5


def _follow(file: Path) -> None:
    travel, seconds = None, 0
    while True:
        try:
            wanted = int(file.read_text())
        except OSError:  # a sandbox may read nothing: its clock stays as it is
            return
        if wanted != seconds:
            if travel is not None:
                travel.stop()
            travel, seconds = _off_by(wanted), wanted
            travel.start()
        time.sleep(_LOOK_EVERY_SECONDS)


def _off_by(seconds: int) -> time_machine.travel:
    """Called while the clock is right."""
    return time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds), tick=True)


if file := os.environ.get("MOVED_CLOCK"):  # decoders are not told of it
    threading.Thread(target=_follow, args=[Path(file)], daemon=True).start()
