"""Veriscope as operators run it: each service a process of its own, on given real parts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from runtime.embedded.processes import free_ports
from tests.parts.postgres import Postgres


@dataclass
class Process:
    """One service. It writes its log to a file, and can be killed, stopped and started again."""

    command: list[str]
    environment: dict[str, str]
    log: Path
    module: str = "runtime.cli"
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.module, *self.command],
                env={**os.environ, **self.environment},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def signal(self, number: signal.Signals) -> None:
        if self.running:
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> int:
        """Raises: subprocess.TimeoutExpired."""
        assert self._process is not None
        return self._process.wait(seconds)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()


class Deployment:
    """All services with one configuration, in `folder`. Topics and database are its own."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = {f"VERISCOPE_{name}": value for name, value in settings.items()}
        self.processes: dict[str, Process] = {}

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, as an operator would."""
        return subprocess.run(
            [sys.executable, "-m", "runtime.cli", *arguments],
            env={**os.environ, **self.environment},
            check=check,
            capture_output=True,
            text=True,
            timeout=600,
        )

    def start(self, name: str, service: str, **settings: str) -> Process:
        """Start a service under a name; `settings` are those it has alone."""
        own = {f"VERISCOPE_{key}": value for key, value in settings.items()}
        (port,) = free_ports(1)
        process = Process(
            command=[service],
            environment={**self.environment, "VERISCOPE_HTTP__PORT": str(port), **own},
            log=self.folder / f"{name}.log",
        )
        process.start()
        self.processes[name] = process
        return process

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.processes[name].environment['VERISCOPE_HTTP__PORT']}"

    def close(self) -> None:
        for process in self.processes.values():
            process.signal(signal.SIGCONT)
            process.kill()


def settings_of(
    folder: Path, *, kafka: str, prefix: str, partitions: int, database: str
) -> dict[str, str]:
    """Defaults, but for where things are; the topics' prefix is the group's name, too."""
    return {
        "STATE": str(folder / "state"),
        "KAFKA__BOOTSTRAP": kafka,
        "KAFKA__PREFIX": prefix,
        "KAFKA__GROUP": prefix,
        "KAFKA__PARTITIONS": str(partitions),
        "DATABASE__URL": database,
        "MEDIA__STORE": str(folder / "media"),
    }


async def fresh_database(postgres: Postgres) -> str:
    """Create an empty database, and return its address."""
    name = f"v_{uuid.uuid4().hex}"
    connection = await asyncpg.connect(postgres.url)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    return postgres.url.rsplit("/", 1)[0] + f"/{name}"
