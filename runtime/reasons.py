"""The policy's reasons from their YAML file. An invalid one refuses to start."""

from __future__ import annotations

from pathlib import Path

from pydantic import ConfigDict, TypeAdapter

from moderation.errors import InvalidConfiguration
from moderation.reasons import PolicyReason
from runtime.yaml_files import read_yaml

_REASONS: TypeAdapter[list[PolicyReason]] = TypeAdapter(
    list[PolicyReason], config=ConfigDict(extra="forbid")
)


def load_reasons(path: Path | None) -> dict[str, PolicyReason]:
    """Read the reasons that moderators may give, by key and in the file's order.

    Raises:
        InvalidConfiguration: the file cannot be read, or says something that no reason can;
            or there is none to restrict, or none to publish.
    """
    file = read_yaml("reasons", path, "default_reasons.yaml")
    document = file.document()
    reasons = file.read(_REASONS, document)
    by_key = {reason.key: reason for reason in reasons}
    if len(by_key) < len(reasons):
        raise InvalidConfiguration(f"{file.name}: two reasons have one key")
    if {reason.restricts for reason in reasons} != {True, False}:
        raise InvalidConfiguration(
            f"{file.name}: reasons to restrict and reasons to publish are needed"
        )
    return by_key
