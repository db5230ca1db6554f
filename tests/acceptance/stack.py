"""`veriscope up` as a user starts it, in a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.parts.servers import TRITON_ENVIRONMENT

_LISTENING = re.compile(r"uploads at (http://\S+)/v1/uploads")
_BROKER = re.compile(r"broker ready at (\S+)")
_UP = re.compile(r"Ctrl-C ends it")


@dataclass
class Stack:
    """A running stack; `api` is where uploads go."""

    process: subprocess.Popen[bytes]
    log: Path
    state: Path
    api: str = ""
    broker: str = ""

    def command(
        self, *arguments: str, check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run another command beside it, which finds its parts by the state folder."""
        return veriscope(*arguments, check=check, VERISCOPE_STATE=str(self.state), **environment)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """End it as Ctrl-C does, and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(60)


def veriscope(
    *arguments: str, check: bool = True, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "runtime.cli", *arguments],
        env={**os.environ, **environment},
        check=check,
        capture_output=True,
        text=True,
        timeout=600,
    )


def start_stack(folder: Path, *arguments: str, **environment: str) -> Stack:
    """Start `veriscope up` and return once it is up."""
    log, state = folder / "up.log", folder / "state"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "runtime.cli", "up", "--port", "0", *arguments],
            env={
                **os.environ,
                "VERISCOPE_STATE": str(state),
                "VERISCOPE_TRITON_ENVIRONMENT": str(TRITON_ENVIRONMENT),
                "COLUMNS": "200",
                **environment,
            },
            stdout=output,
            stderr=output,
        )
    stack = Stack(process=process, log=log, state=state)
    for _ in range(1800):
        text = log.read_text()
        if _UP.search(text):
            stack.api = _LISTENING.search(text)[1]
            stack.broker = _BROKER.search(text)[1]
            return stack
        if process.poll() is not None:
            break
        time.sleep(0.1)
    process.kill()
    raise AssertionError(f"the stack did not come up:\n{log.read_text()}")
