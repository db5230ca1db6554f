"""Finds Triton in the wheel `nvidia-pytriton`, or says why it cannot run here."""

from __future__ import annotations

import json
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

from moderation.errors import PartUnavailable

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
class Installation:
    """Where the wheel put the server, and the library of the Python that its stub needs."""

    binary: Path
    backend: Path
    stub: Path
    libraries: tuple[Path, Path]


def find_installation(environment: Path) -> Installation:
    """Look into a virtual environment, by its own Python.

    Raises:
        PartUnavailable: there is none, or its Python cannot run Triton's backend.
    """
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
    return Installation(
        binary=root / "bin" / "tritonserver",
        backend=root / "backends" / "python",
        stub=stub,
        libraries=(package.parent / "nvidia_pytriton.libs", Path(str(facts["library_dir"]))),
    )


def _ask(python: Path) -> dict[str, object]:
    try:
        answer = subprocess.run(  # noqa: S603 (the interpreter that was configured)
            [python, "-c", _QUESTION],
            capture_output=True,
            check=True,
            timeout=30,
            start_new_session=True,  # a Ctrl-C in the terminal is Veriscope's alone
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise PartUnavailable(f"the Python of Triton's environment fails: {error}") from error
    facts: dict[str, object] = json.loads(answer.stdout)
    return facts


def link_backend(installation: Installation, state: Path) -> Path:
    """Put the Python backend together with the stub for the Python that is there.

    Returns the directory of backends, inside `state`.
    """
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
