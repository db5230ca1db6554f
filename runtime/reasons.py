"""The policy's reasons from their YAML file. An invalid one refuses to start."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ConfigDict, TypeAdapter

from moderation.errors import InvalidConfiguration
from moderation.reasons import PolicyReason
from runtime.yaml_files import read_or_packaged, told_in_one_line

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
    with told_in_one_line(name):
        content = read_or_packaged(path, "default_reasons.yaml")
        reasons = _REASONS.validate_python(yaml.safe_load(content))
    by_key = {reason.key: reason for reason in reasons}
    if len(by_key) < len(reasons):
        raise InvalidConfiguration(f"{name}: two reasons have one key")
    if {reason.restricts for reason in reasons} != {True, False}:
        raise InvalidConfiguration(f"{name}: reasons to restrict and reasons to publish are needed")
    return by_key
