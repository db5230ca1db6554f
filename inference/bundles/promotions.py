"""Which bundle serves, and which did before: a log that is only added to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from inference.bundles.files import write_whole
from moderation.errors import InvalidConfiguration

FILE_NAME = "promotions.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """One entry: a bundle, NAME:VERSION and its manifest's SHA-256, was put in front.

    A rollback names the bundle that was taken back.
    """

    did: Literal["promote", "rollback"]
    bundle: str
    sha256: str
    at: datetime


_LOG: TypeAdapter[tuple[Promotion, ...]] = TypeAdapter(
    tuple[Promotion, ...], config=ConfigDict(extra="forbid")
)


def standing(log: Sequence[Promotion]) -> list[Promotion]:
    """The promotions that were not taken back, the one in force last."""
    stack: list[Promotion] = []
    for entry in log:
        if entry.did == "promote":
            stack.append(entry)
        elif stack:
            stack.pop()
    return stack


def read_log(folder: Path) -> tuple[Promotion, ...]:
    """Read a store's log, oldest first; empty where there is none.

    Raises:
        InvalidConfiguration: it is damaged.
    """
    path = folder / FILE_NAME
    try:
        return _LOG.validate_json(path.read_bytes())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise InvalidConfiguration(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        raise InvalidConfiguration(
            f"{path} is damaged: remove it, then promote a bundle again"
        ) from error


def write_log(folder: Path, log: Sequence[Promotion]) -> None:
    """Replace a store's log, whole or not at all."""
    write_whole(folder / FILE_NAME, _LOG.dump_json(tuple(log), indent=1))
