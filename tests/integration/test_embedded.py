"""Whatever is started beside Veriscope is ended with it, however that ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from moderation.errors import PartUnavailable
from runtime.embedded.processes import Server, accepts_connections, free_ports, watched
from runtime.embedded.triton import embedded_triton

# A parent that starts a child of its own and says who both are.
FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open(sys.argv[1] + ".part", "w") as file:
    file.write(f"{os.getpid()} {child.pid}")
os.rename(sys.argv[1] + ".part", sys.argv[1])
time.sleep(600)
"""

STARTER = """
import asyncio, sys, time
from pathlib import Path
from runtime.embedded.processes import Server

async def ready():
    return Path(sys.argv[2]).exists()

server = Server(name="family", command=sys.argv[1:2] + ["-c", sys.argv[3], sys.argv[2]],
                log=Path(sys.argv[2] + ".log"), ready=ready)
asyncio.run(server.start())
print("started", flush=True)
time.sleep(600)
"""


def family(tmp_path: Path) -> tuple[Server, Path]:
    pids = tmp_path / "pids"

    async def ready() -> bool:
        return pids.exists()

    server = Server(
        name="family",
        command=[sys.executable, "-c", FAMILY, str(pids)],
        log=tmp_path / "family.log",
        ready=ready,
    )
    return server, pids


async def test_stopping_ends_what_the_command_started_too(tmp_path: Path) -> None:
    server, pids = family(tmp_path)
    await server.start()
    assert server.running
    await server.stop()
    assert not server.running
    all_gone(pids)


async def test_killing_ends_what_the_command_started_too(tmp_path: Path) -> None:
    server, pids = family(tmp_path)
    await server.start()
    await server.kill()
    all_gone(pids)


def test_nothing_is_left_when_the_starter_is_killed(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, sys.executable, str(pids), FAMILY],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"started\n"
        starter.send_signal(signal.SIGKILL)
        starter.wait()
    all_gone(pids)


async def test_a_server_can_be_started_again(tmp_path: Path) -> None:
    port = free_ports(1)[0]

    async def ready() -> bool:
        return await accepts_connections(port)

    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    async with Server(name="web", command=command, log=tmp_path / "log", ready=ready) as server:
        assert await ready()
        await server.restart()
        assert await ready()
    assert not await ready()


async def test_a_server_that_ends_by_itself_is_told_of_with_its_exit_code(tmp_path: Path) -> None:
    server, pids = family(tmp_path)
    told: asyncio.Queue[int] = asyncio.Queue()
    async with watched(server, told.put_nowait):
        os.kill(int(pids.read_text().split()[0]), signal.SIGKILL)
        async with asyncio.timeout(10):
            assert await told.get() == 137


async def test_a_server_that_was_asked_to_end_is_not_told_of(tmp_path: Path) -> None:
    server, pids = family(tmp_path)
    told: list[int] = []
    async with watched(server, told.append):
        await asyncio.sleep(0)  # it is being watched
    all_gone(pids)
    await asyncio.sleep(0.6)  # longer than it is looked away from
    assert told == []


async def test_a_server_that_died_can_be_started_again(tmp_path: Path) -> None:
    server, pids = family(tmp_path)
    await server.start()
    os.kill(int(pids.read_text().split()[0]), signal.SIGKILL)
    all_gone(pids)
    await server.stop()
    pids.unlink()
    await server.start()
    assert server.running
    await server.stop()
    all_gone(pids)


async def test_a_command_that_ends_at_once_is_reported_with_its_last_words(tmp_path: Path) -> None:
    server = failing(tmp_path, "print('no such option'); raise SystemExit(3)")
    with pytest.raises(PartUnavailable, match="no such option"):
        await server.start()
    assert not server.running


async def test_a_command_that_never_serves_is_not_left_running(tmp_path: Path) -> None:
    server = failing(tmp_path, "import time; time.sleep(600)", start_seconds=0.2)
    with pytest.raises(PartUnavailable, match=r"not ready after 0\.2 s"):
        await server.start()
    assert not server.running


async def test_a_program_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    server = Server(name="ghost", command=["/no/such/program"], log=tmp_path / "log", ready=never)
    with pytest.raises(PartUnavailable, match="/no/such/program"):
        await server.start()


async def test_its_remains_are_tidied_before_and_after_it_runs(tmp_path: Path) -> None:
    tidied: list[bool] = []
    server, _ = family(tmp_path)
    server.tidy = lambda: tidied.append(server.running)
    await server.start()
    await server.kill()
    assert tidied == [False, False]


def test_free_ports_are_all_different() -> None:
    assert len(set(free_ports(20))) == 20


def test_triton_without_its_environment_says_so(tmp_path: Path) -> None:
    with pytest.raises(PartUnavailable, match="no environment for Triton"):
        describe_triton(tmp_path, environment=tmp_path / "nowhere")


def test_an_environment_without_the_wheel_says_so(tmp_path: Path) -> None:
    with pytest.raises(PartUnavailable, match="does not hold nvidia-pytriton"):
        describe_triton(tmp_path, environment=Path(sys.prefix))


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ('{"version": "3.11", "shared": false, "pytriton": "/x", "library_dir": "/y"}', "shared"),
        ('{"version": "3.99", "shared": true, "pytriton": "/x", "library_dir": "/y"}', "3.99"),
    ],
)
def test_a_python_that_triton_cannot_load_says_so(tmp_path: Path, facts: str, reason: str) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f"#!/bin/sh\necho '{facts}'\n")
    python.chmod(0o755)
    with pytest.raises(PartUnavailable, match=reason):
        describe_triton(tmp_path, environment=tmp_path)


def describe_triton(tmp_path: Path, *, environment: Path) -> None:
    embedded_triton(
        environment=environment, repository=tmp_path, models=["m"], state=tmp_path / "state"
    )


def failing(tmp_path: Path, program: str, *, start_seconds: float = 30.0) -> Server:
    async def never() -> bool:
        return False

    return Server(
        name="failing",
        command=[sys.executable, "-c", program],
        log=tmp_path / "failing.log",
        ready=never,
        start_seconds=start_seconds,
    )


def all_gone(pids: Path) -> None:
    """Wait for the processes to be gone; the test's own time limit ends it when they stay."""
    for pid in pids.read_text().split():
        while _state(pid) not in (None, "Z"):
            time.sleep(0.02)


def _state(pid: str) -> str | None:
    try:
        os.kill(int(pid), 0)
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return None
