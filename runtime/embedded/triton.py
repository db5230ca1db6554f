"""NVIDIA's Triton server without a container: the binary out of the wheel `nvidia-pytriton`.

It runs a bundle's models with its Python backend on the CPU. The wheel
lives in an environment of its own (`requirements/triton.lock`), for its stub
returns empty outputs with status OK under numpy 2.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import httpx

from runtime.embedded.processes import LOOPBACK, Server, free_ports
from runtime.embedded.pytriton import Installation, find_installation, link_backend

CPU = "cpu"  # the configuration, of those in a model's `configs`, that needs no GPU


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedTriton:
    """`grpc` is `host:port`; `http` and `metrics` are addresses without a path."""

    server: Server
    grpc: str
    http: str
    metrics: str


def embedded_triton(
    *,
    environment: Path,
    repository: Path,
    models: Sequence[str],
    state: Path,
    beside: Path | None = None,
) -> EmbeddedTriton:
    """Describe a server of some models of a repository, all its addresses on loopback.

    `environment` is the virtual environment that holds the wheel, `repository`
    a bundle's folder, `state` a folder for its log and its backend directory,
    which belongs to one server at a time. Of the repository `beside` it serves what a
    client has it load: a model that cannot be loaded at the start would end the server.

    Raises:
        PartUnavailable: it cannot run here; the message says for what reason.
    """
    installation = find_installation(environment)
    ports = _Ports(*free_ports(3))
    shared_memory = _shared_memory_prefix(state)
    http = f"http://{LOOPBACK}:{ports.http}"

    async def ready() -> bool:
        asked = (_answers(f"{http}/v2/models/{model}/ready") for model in models)
        return all(await asyncio.gather(*asked))

    server = Server(
        name="tritonserver",
        command=[
            str(installation.binary),
            *model_options(repository, models),
            *beside_options(beside),
            f"--model-config-name={CPU}",
            *_address_options(ports),
            f"--backend-config=python,shm-region-prefix-name={shared_memory}",
            f"--backend-directory={link_backend(installation, state).absolute()}",
            "--log-info=false",
        ],
        log=state / "tritonserver.log",
        ready=ready,
        tidy=lambda: _remove_shared_memory(shared_memory),
        environment=_variables(installation, environment),
    )
    return EmbeddedTriton(
        server=server,
        grpc=f"{LOOPBACK}:{ports.grpc}",
        http=http,
        metrics=f"http://{LOOPBACK}:{ports.metrics}",
    )


def _variables(installation: Installation, environment: Path) -> dict[str, str]:
    return {
        "LD_LIBRARY_PATH": ":".join(str(folder) for folder in installation.libraries),
        # The stub finds its packages by the `python3` on the path.
        "PATH": f"{environment.absolute() / 'bin'}:/usr/bin:/bin",
        "VIRTUAL_ENV": str(environment.absolute()),
        "PYTHONDONTWRITEBYTECODE": "1",  # the repository may be read-only
    }


class _Ports(NamedTuple):
    grpc: int
    http: int
    metrics: int


def model_options(repository: Path, models: Sequence[str]) -> list[str]:
    """Have Triton serve these models of a bundle's folder, and nothing else that lies in it.

    Without a GPU, `--model-config-name` is `CPU` besides.
    """
    return [
        f"--model-repository={repository.absolute()}",
        "--model-control-mode=explicit",  # a client may reload a model whose stub died
        *(f"--load-model={model}" for model in models),
        "--disable-auto-complete-config",
    ]


def beside_options(repository: Path | None) -> list[str]:
    """Have Triton find a second repository, of whose models it loads none by itself."""
    return [] if repository is None else [f"--model-repository={repository.absolute()}"]


def _address_options(ports: _Ports) -> list[str]:
    """By default it listens on 0.0.0.0, and samples GPU and CPU on a timer."""
    return [
        f"--http-address={LOOPBACK}",
        f"--http-port={ports.http}",
        "--http-thread-count=1",
        f"--grpc-address={LOOPBACK}",
        f"--grpc-port={ports.grpc}",
        f"--metrics-address={LOOPBACK}",
        f"--metrics-port={ports.metrics}",
        "--allow-gpu-metrics=false",
        "--allow-cpu-metrics=false",
    ]


async def _answers(url: str) -> bool:
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
            return (await client.get(url)).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _shared_memory_prefix(state: Path) -> str:
    """Name the memory that server and stub share, so that its remains can be told from others'."""
    return f"veriscope_{hashlib.sha256(str(state.absolute()).encode()).hexdigest()[:12]}_"


def _remove_shared_memory(prefix: str) -> None:
    """A server or stub that was killed leaves its region, some 10 MB each time."""
    for region in Path("/dev/shm").glob(f"{prefix}*"):  # noqa: S108 (where POSIX puts it)
        region.unlink(missing_ok=True)
