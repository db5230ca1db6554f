"""Run one command, and end it and all it started when whoever started this is gone.

Run by path, not imported: `python guard.py COMMAND…`, its standard input a pipe
whose other end only the starter holds. The pipe closes even when the starter is
killed, on every POSIX system; a parent-death signal exists on Linux alone, and
reaches one process, not the ones that it started.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from types import FrameType


def main() -> int:
    command = subprocess.Popen(  # noqa: S603 (the starter's own command, no shell)
        sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True
    )

    def forward(signum: int, frame: FrameType | None) -> None:
        command.send_signal(signum)

    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGINT, forward)
    threading.Thread(target=_end_with_starter, args=(command.pid,), daemon=True).start()
    code = command.wait()
    _end_group(command.pid)
    return code if code >= 0 else 128 - code


def _end_with_starter(group: int) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    _end_group(group)


def _end_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
