"""The stack that runs in a state folder: one at a time, and found by the commands beside it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from moderation.errors import InvalidConfiguration
from runtime.settings import Settings

_FILE = "up.json"


@contextmanager
def only_instance(state: Path) -> Iterator[Path]:
    """Hold a state folder while the block lasts, and yield the file to write addresses to.

    The lock is the system's: it goes with the process, however that ends.

    Raises:
        InvalidConfiguration: another stack holds it.
    """
    path = state / _FILE
    with path.open("a+b") as held:
        path.chmod(0o600)  # it may hold the database's password
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InvalidConfiguration(
                f"another stack runs in {state}: set VERISCOPE_STATE to another folder, and "
                "VERISCOPE_HTTP__PORT to another port"
            ) from error
        yield path
        path.write_text("")


def write_addresses(path: Path, settings: Settings, api: str) -> None:
    """Note where the parts of a running stack are, as the variables that name them."""
    path.write_text(
        json.dumps(
            {
                "VERISCOPE_API": api,
                "VERISCOPE_KAFKA__BOOTSTRAP": settings.kafka.bootstrap,
                "VERISCOPE_KAFKA__IDEMPOTENT": str(settings.kafka.idempotent).lower(),
                "VERISCOPE_SCORING__BACKEND": settings.scoring.backend,
                "VERISCOPE_SCORING__TRITON": settings.scoring.triton,
                "VERISCOPE_MEDIA__STORE": settings.media.store,
                "VERISCOPE_DATABASE__URL": settings.database.url.get_secret_value(),
            }
        )
    )


def find_instance() -> None:
    """Let a command use the stack that runs in the state folder, where nothing else was said.

    Variables that are set already are left as they are.
    """
    path = Path(os.environ.get("VERISCOPE_STATE", ".veriscope")) / _FILE
    with suppress(OSError, ValueError), path.open("rb") as held:
        if _is_held(held):
            for name, value in json.load(held).items():
                os.environ.setdefault(name, value)


def _is_held(file: BinaryIO) -> bool:
    """Whether the stack that wrote the file still runs."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    return False
