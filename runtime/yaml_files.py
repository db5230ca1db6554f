"""YAML files that operators write: what is wrong with one is told in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import yaml
from pydantic import ValidationError

from moderation.errors import InvalidConfiguration


def read_or_packaged(path: Path | None, packaged: str) -> bytes:
    """The bytes of a file, or of the one of that name that comes with Veriscope."""
    return path.read_bytes() if path else resources.files("runtime").joinpath(packaged).read_bytes()


@contextmanager
def told_in_one_line(name: str, *place: str) -> Iterator[None]:
    """Say which file is meant, and where in it; `place` is where in it values are checked.

    Raises:
        InvalidConfiguration: the file cannot be read, is no YAML, or says what it cannot.
    """
    try:
        yield
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in (*place, *fault["loc"]))
        raise InvalidConfiguration(f"{name}: {where}: {fault['msg']}") from error
    except yaml.YAMLError as error:
        raise InvalidConfiguration(f"{name}: {' '.join(str(error).split())}") from error
    except (OSError, ValueError) as error:
        raise InvalidConfiguration(f"{name}: {error}") from error
