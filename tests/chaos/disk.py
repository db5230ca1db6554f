"""A small disk in memory that can be filled, where this process may mount one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_CHUNK = bytes(64 * 1024)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """`folder` is where it is mounted."""

    folder: Path

    def fill(self) -> None:
        """Leave no byte; what is being written meanwhile fails."""
        try:
            with self._ballast.open("wb", buffering=0) as file:
                while file.write(_CHUNK) == len(_CHUNK):
                    pass
        except OSError:
            return  # it is full

    def empty(self) -> None:
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


@contextmanager
def small_disk(folder: Path, *, mebibytes: int) -> Iterator[Disk | None]:
    """Mount a tmpfs while the block lasts; None where that is not allowed."""
    folder.mkdir()
    mounted = _run("mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder))
    try:
        yield Disk(folder=folder) if mounted else None
    finally:
        if mounted:
            _run("umount", "--lazy", str(folder))


def _run(*command: str) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False
