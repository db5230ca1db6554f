"""Files that must never be seen half-written."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from datasets.errors import DataSetRefused
from inference.bundles.files import sync

_RETRY_SECONDS = 0.05


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it takes the place of `path` when the block ends.

    A block that fails leaves `path` as it was.
    """
    beside = path.with_name(f".{path.name}.new")
    try:
        yield beside
        sync(beside)
        beside.replace(path)
        sync(path.parent)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def held(folder: Path, *, patience_seconds: float = 0) -> Iterator[None]:
    """Hold a registry while it is changed; the lock goes with the process, however that ends.

    `patience_seconds`: how long to wait for another command; short ones may meet.

    Raises:
        DataSetRefused: another command changes it just now, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".lock").open("a+b")
    except OSError as error:
        raise DataSetRefused(f"{folder} cannot be written: {error.strerror}") from error
    with file:
        until = time.monotonic() + patience_seconds
        while not _locked(file):
            if time.monotonic() >= until:
                raise DataSetRefused(f"another command changes {folder}: wait for its end")
            time.sleep(_RETRY_SECONDS)
        yield


def _locked(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
