"""A folder for media while they are worked on; one that was killed leaves nothing behind."""

from __future__ import annotations

import fcntl
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from moderation.errors import MediaStoreUnavailable


@contextmanager
def open_spool(folder: Path) -> Iterator[Path]:
    """Make a sub-folder for this process, and remove those of processes that are gone.

    Each holds a lock on its own while it lives; the system lets go of it however
    the process ends. Workers of one machine may share a folder.

    Raises:
        MediaStoreUnavailable: nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sweep(folder)
        own = folder / uuid.uuid4().hex
        lock = (folder / f"{own.name}.lock").open("wb")
        fcntl.flock(lock, fcntl.LOCK_EX)
        own.mkdir(mode=0o700)
    except OSError as error:
        raise MediaStoreUnavailable(f"the spool {folder} cannot be used: {error}") from error
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)
        Path(lock.name).unlink(missing_ok=True)
        lock.close()


def _sweep(folder: Path) -> None:
    for path in folder.glob("*.lock"):
        with suppress(OSError), path.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held: its process lives
            shutil.rmtree(path.with_suffix(""), ignore_errors=True)
            path.unlink()
