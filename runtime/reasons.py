"""The policy's reasons from their YAML file. An invalid one refuses to start."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from moderation.errors import InvalidConfiguration
from moderation.reasons import PolicyReason

_REASONS: TypeAdapter[list[PolicyReason]] = TypeAdapter(
    list[PolicyReason], config=ConfigDict(extra="forbid")
)


def load_reasons(path: Path | None) -> dict[str, PolicyReason]:
    """Read the reasons that moderators may give, by key and in the file's order.

    Raises:
        InvalidConfiguration: the file cannot be read, or says something that no reason can;
            or there is none to restrict, or none to publish.
    """
    name = str(path) if path else "the packaged reasons"
    try:
        content = path.read_bytes() if path else _packaged()
        reasons = _REASONS.validate_python(yaml.safe_load(content))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise InvalidConfiguration(f"{name}: {place}: {fault['msg']}") from error
    except yaml.YAMLError as error:
        raise InvalidConfiguration(f"{name}: {' '.join(str(error).split())}") from error
    except (OSError, ValueError) as error:
        raise InvalidConfiguration(f"{name}: {error}") from error
    by_key = {reason.key: reason for reason in reasons}
    if len(by_key) < len(reasons):
        raise InvalidConfiguration(f"{name}: two reasons have one key")
    if {reason.restricts for reason in reasons} != {True, False}:
        raise InvalidConfiguration(f"{name}: reasons to restrict and reasons to publish are needed")
    return by_key


def _packaged() -> bytes:
    return resources.files("runtime").joinpath("default_reasons.yaml").read_bytes()
