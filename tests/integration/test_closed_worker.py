"""What runs as the worker's user, a decoder above all, cannot read the worker's secrets."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.parts.missing import skip_or_fail

# A root's Python may lie where no one else may look: hence a capability that opens every file
# to reading, and yet not another process, which is the kernel's to guard.
NO_ONE = (
    "setpriv",
    *("--reuid=65534", "--regid=65534", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
)
SECRET = "do-not-tell"

# Says whether it can read its parent's environment and memory.
CHILD = """
import json, os
def readable(name):
    try:
        with open(f"/proc/{os.getppid()}/{name}", "rb") as file:
            return name == "mem" or b"do-not-tell" in file.read()
    except PermissionError:
        return False
print(json.dumps([readable("environ"), readable("mem")]))
"""

# A worker that asks such a child before and after it has started decoders.
WORKER = """
import asyncio, json, os, subprocess, sys
from contextlib import suppress
from inference.decoding.decoders import DecoderPool
from moderation.errors import DecoderUnavailable

def child():
    return json.loads(subprocess.check_output([sys.executable, "-c", sys.argv[1]]))

async def main():
    before = child()
    pool = DecoderPool(processes=1)
    with suppress(DecoderUnavailable):  # in its user namespace the capability counts no more
        await pool.warm()
    own_files = len(os.listdir(f"/proc/{os.getpid()}/fd"))
    print(json.dumps({"before": before, "after": child(), "own_files": own_files}))
    await pool.close()

asyncio.run(main())
"""


def without_privileges(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python as no one in particular, or as oneself where one is not root."""
    as_whom = NO_ONE if os.getuid() == 0 else ()
    return subprocess.run(
        [*as_whom, sys.executable, *arguments],
        env={**os.environ, "VERISCOPE_DATABASE__URL": SECRET},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
def test_a_process_of_the_same_user_reads_neither_environment_nor_memory() -> None:
    try:
        tried = without_privileges("-c", "import inference.decoding.decoders")
    except OSError as error:
        skip_or_fail(f"no other user can be had: {error}")
    if tried.returncode:
        skip_or_fail(f"another user cannot run this Python: {tried.stderr[-300:]}")

    worker = without_privileges("-c", WORKER, CHILD)

    assert worker.returncode == 0, worker.stderr
    seen = json.loads(worker.stdout)
    if seen["before"][0] is False:
        skip_or_fail("on this system no process reads another's environment anyhow")
    assert seen["after"] == [False, False]
    assert seen["own_files"]  # which the metrics count
