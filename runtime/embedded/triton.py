"""NVIDIA's Triton server without a container: the binary out of the wheel `nvidia-pytriton`.

It runs our own model repository with its Python backend on the CPU. The wheel
lives in an environment of its own (`requirements/triton.lock`), for its stub
returns empty outputs with status OK under numpy 2.
"""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

import httpx

from moderation.errors import PartUnavailable
from runtime.embedded.processes import LOOPBACK, Server, free_ports

_QUESTION = """
import importlib.util, json, sys, sysconfig
found = importlib.util.find_spec("pytriton")
print(json.dumps({
    "version": "%d.%d" % sys.version_info[:2],
    "shared": sysconfig.get_config_var("Py_ENABLE_SHARED") == 1,
    "library_dir": sysconfig.get_config_var("LIBDIR"),
    "pytriton": found and found.submodule_search_locations[0],
}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedTriton:
    """`grpc` is `host:port`; `http` and `metrics` are addresses without a path."""

    server: Server
    grpc: str
    http: str
    metrics: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Installation:
    """Where the wheel put the server, and the library of the Python that its stub needs."""

    binary: Path
    backend: Path
    stub: Path
    libraries: tuple[Path, Path]


def embedded_triton(
    *, environment: Path, repository: Path, state: Path, model: str = "face_blending"
) -> EmbeddedTriton:
    """Describe a server of one model, all its addresses on loopback.

    `environment` is the virtual environment that holds the wheel, `repository`
    the folder of models, `state` a folder for its log and its backend directory,
    which belongs to one server at a time.

    Raises:
        PartUnavailable: it cannot run here; the message says for what reason.
    """
    installation = _find(environment)
    grpc, http, metrics = free_ports(3)
    url = f"http://{LOOPBACK}:{http}"

    shared_memory = _shared_memory_prefix(state)

    async def ready() -> bool:
        return await _answers(f"{url}/v2/models/{model}/ready")

    server = Server(
        name="tritonserver",
        command=[
            str(installation.binary),
            f"--model-repository={repository.absolute()}",
            "--model-control-mode=explicit",  # the client may reload a model whose stub died
            f"--load-model={model}",
            "--model-config-name=cpu",
            "--disable-auto-complete-config",
            f"--backend-config=python,shm-region-prefix-name={shared_memory}",
            f"--backend-directory={_backends(installation, state).absolute()}",
            f"--http-address={LOOPBACK}",
            f"--http-port={http}",
            "--http-thread-count=1",
            f"--grpc-address={LOOPBACK}",
            f"--grpc-port={grpc}",
            f"--metrics-address={LOOPBACK}",
            f"--metrics-port={metrics}",
            "--allow-gpu-metrics=false",
            "--allow-cpu-metrics=false",
            "--log-info=false",
        ],
        log=state / "tritonserver.log",
        ready=ready,
        tidy=lambda: _remove_shared_memory(shared_memory),
        environment={
            "LD_LIBRARY_PATH": ":".join(str(folder) for folder in installation.libraries),
            # The stub finds its packages by the `python3` on the path.
            "PATH": f"{environment.absolute() / 'bin'}:/usr/bin:/bin",
            "VIRTUAL_ENV": str(environment.absolute()),
            "PYTHONDONTWRITEBYTECODE": "1",  # the repository may be read-only
        },
    )
    return EmbeddedTriton(
        server=server,
        grpc=f"{LOOPBACK}:{grpc}",
        http=url,
        metrics=f"http://{LOOPBACK}:{metrics}",
    )


async def _answers(url: str) -> bool:
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
            return (await client.get(url)).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _find(environment: Path) -> _Installation:
    if platform.system() != "Linux":
        raise PartUnavailable(f"the wheel of Triton is for Linux, this is {platform.system()}")
    python = environment / "bin" / "python"
    if not python.exists():
        raise PartUnavailable(f"no environment for Triton at {environment}")
    facts = _ask(python)
    if facts["pytriton"] is None:
        raise PartUnavailable(f"{environment} does not hold nvidia-pytriton")
    if not facts["shared"]:
        raise PartUnavailable(
            f"Python {facts['version']} of {environment} was built without a shared library, "
            "which Triton's Python backend loads"
        )
    package = Path(str(facts["pytriton"]))
    root = package / "tritonserver"
    stub = root / "python_backend_stubs" / str(facts["version"]) / "triton_python_backend_stub"
    if not stub.exists():
        raise PartUnavailable(f"nvidia-pytriton has no stub for Python {facts['version']}")
    return _Installation(
        binary=root / "bin" / "tritonserver",
        backend=root / "backends" / "python",
        stub=stub,
        libraries=(package.parent / "nvidia_pytriton.libs", Path(str(facts["library_dir"]))),
    )


def _ask(python: Path) -> dict[str, object]:
    try:
        answer = subprocess.run(  # noqa: S603 (the interpreter that was configured)
            [python, "-c", _QUESTION], capture_output=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise PartUnavailable(f"the Python of Triton's environment fails: {error}") from error
    facts: dict[str, object] = json.loads(answer.stdout)
    return facts


def _backends(installation: _Installation, state: Path) -> Path:
    """Put the Python backend together with the stub for the Python that is there."""
    folder = state / "backends"
    python = folder / "python"
    python.mkdir(parents=True, exist_ok=True)
    for part in (
        installation.backend / "libtriton_python.so",
        installation.backend / "triton_python_backend_utils.py",
        installation.stub,
    ):
        link = python / part.name
        link.unlink(missing_ok=True)
        link.symlink_to(part)
    return folder


def _shared_memory_prefix(state: Path) -> str:
    """Name the memory that server and stub share, so that its remains can be told from others'."""
    return f"veriscope_{hashlib.sha256(str(state.absolute()).encode()).hexdigest()[:12]}_"


def _remove_shared_memory(prefix: str) -> None:
    """A server or stub that was killed leaves its region, some 10 MB each time."""
    for region in Path("/dev/shm").glob(f"{prefix}*"):  # noqa: S108 (where POSIX puts it)
        region.unlink(missing_ok=True)
