"""A policy from its YAML file. An invalid one refuses to start."""

from __future__ import annotations

import hashlib
from math import ceil
from pathlib import Path
from typing import Any

import yaml
from pydantic import ConfigDict, TypeAdapter

from moderation.errors import InvalidConfiguration
from moderation.fusion import Fusion, evidence_needed
from moderation.policy import Policy, Rule
from runtime.yaml_files import read_or_packaged, told_in_one_line

_RULES: TypeAdapter[tuple[Rule, ...]] = TypeAdapter(
    tuple[Rule, ...], config=ConfigDict(extra="forbid")
)


def load_policy(path: Path | None) -> Policy:
    """Read a policy, or the packaged one.

    The hash is that of the file's bytes: a changed comment is a changed policy.

    Raises:
        InvalidConfiguration: the file cannot be read, or says something that no policy can.
    """
    name = str(path) if path else "the packaged policy"
    with told_in_one_line(f"policy {name}", "rules"):
        return _parse(read_or_packaged(path, "default_policy.yaml"))


def check_evidence(policy: Policy, fusion: Fusion) -> None:
    """Refuse to promise a share of false flags that the bundle has too little evidence for.

    Such a policy would never flag anything as fake, and nothing would look wrong.

    Raises:
        InvalidConfiguration: a rule asks for it.
    """
    for place, rule in enumerate(policy.rules):
        asked = rule.thresholds.false_flags
        if asked is None:
            continue
        needed, there = evidence_needed(asked), len(rule.thresholds.evidence(fusion.unforged))
        if there < needed:
            raise InvalidConfiguration(
                f"policy {policy.name}: rules.{place}.thresholds.false_flags: {asked} takes "
                f"{needed} genuine uploads to go by and the bundle has {there}: nothing would "
                f"ever be called fake; ask for {_least(there)} or more, or set fake"
            )


def _least(evidence: int) -> float:
    """The smallest share that so many uploads can promise, rounded up."""
    return ceil(1000.0 / (evidence + 1)) / 1000.0


def policy_schema() -> dict[str, Any]:
    """JSON Schema of a policy file."""
    rules = _RULES.json_schema(mode="validation")
    definitions = rules.pop("$defs")
    return {
        "title": "Policy",
        "description": (Policy.__doc__ or "").splitlines()[0],
        "type": "object",
        "properties": {"name": {"type": "string"}, "rules": {**rules, "minItems": 1}},
        "required": ["name", "rules"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _parse(content: bytes) -> Policy:
    document = yaml.safe_load(content)
    if not isinstance(document, dict) or set(document) != {"name", "rules"}:
        raise ValueError("a policy has a name and rules, and nothing else")
    return Policy(
        name=str(document["name"]),
        sha256=hashlib.sha256(content).hexdigest(),
        rules=_RULES.validate_python(document["rules"]),
    )
