"""A real PostgreSQL: the system's, or the one in the wheel `pgserver`."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import ssl
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from runtime.embedded.processes import LOOPBACK, Server, free_ports
from tests.parts.certificates import Authority
from tests.parts.missing import skip_or_fail

USER = "veriscope"


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """`url` names the database `postgres`; `server` stops, kills and restarts it.

    Its data survive all of them, and so does its address.
    """

    server: Server
    url: str


def make_folder() -> Path:
    """A folder that the server's own user can reach: pytest's are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="veriscope-postgres-"))
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return folder


def postgres_server(
    folder: Path, authority: Authority | None = None, *, settings: Sequence[str] = ("fsync=off",)
) -> Postgres:
    """Describe a server with an initialised database, reached by TCP and a password.

    With an authority it asks for TLS and for a certificate of that authority. `settings` are
    `name=value` each; without others it does not wait for the disk.
    """
    programs = _programs()
    password = secrets.token_urlsafe(16)
    data = folder / "data"
    _initialise(programs, data, password)
    port = free_ports(1)[0]

    url = f"postgresql://{USER}:{password}@{LOOPBACK}:{port}/postgres"
    options, tls = ([], None) if authority is None else _encrypted(folder, authority)

    async def ready() -> bool:
        return await _serves(url, tls)

    server = Server(
        name="postgres",
        command=[
            *_as_nobody(),
            str(programs / "postgres"),
            "-D", str(data),
            "-p", str(port),
            "-h", LOOPBACK,
            "-k", "",  # no socket file: its path may be too long
            *(part for setting in settings for part in ("-c", setting)),
            "-c", "max_connections=50",
            "-c", "shared_buffers=32MB",
            "-c", "dynamic_shared_memory_type=mmap",
            *options,
        ],
        log=folder / "postgres.log",
        ready=ready,
        # SIGTERM waits for clients to leave; SIGINT sends them away.
        stop_signal=signal.SIGINT,
    )  # fmt: skip
    return Postgres(server=server, url=url)


def _programs() -> Path:
    """The newest of the system's, else those of the wheel."""
    system = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if system:
        return system[-1].parent
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    wheel = find_spec("pgserver")  # found, not imported: importing it warns, and makes folders
    if wheel is None or wheel.origin is None:
        skip_or_fail("no PostgreSQL: neither the system's nor the package pgserver")
    return Path(wheel.origin).parent / "pginstall" / "bin"


def _as_nobody() -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    group = pwd.getpwnam("nobody").pw_gid
    return ["setpriv", "--reuid=nobody", f"--regid={group}", "--clear-groups"]


def _initialise(programs: Path, data: Path, password: str) -> None:
    secret = data.with_name("password")
    secret.write_text(password)
    secret.chmod(0o644)  # the folder around it is closed
    subprocess.run(
        [*_as_nobody(), programs / "initdb", "-D", data, "-U", USER, "--pwfile", secret,
         "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"],
        check=True, capture_output=True,
    )  # fmt: skip
    secret.unlink()


def _encrypted(folder: Path, authority: Authority) -> tuple[list[str], ssl.SSLContext]:
    """The server's options, and what a client needs: nobody is let in without."""
    server, client = authority.papers("postgres"), authority.papers("client")
    rules = folder / "hba.conf"
    rules.write_text("hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n")
    files = {
        "ssl_cert_file": server.certificate,
        "ssl_key_file": server.key,
        "ssl_ca_file": authority.ca,
        "hba_file": rules,
    }
    options = ["-c", "ssl=on"]
    for name, file in files.items():
        own = folder / file.name
        if own != file:
            shutil.copy(file, own)
        own.chmod(0o600)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(own, nobody.pw_uid, nobody.pw_gid)
        options += ["-c", f"{name}={own}"]
    tls = ssl.create_default_context(cafile=authority.ca)
    tls.load_cert_chain(client.certificate, client.key)
    return options, tls


async def _serves(url: str, tls: ssl.SSLContext | None) -> bool:
    """A port that accepts connections is not enough: it does so during recovery too."""
    try:
        connection = await asyncpg.connect(url, timeout=5, ssl=tls)
    except (OSError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True
