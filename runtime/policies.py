"""A policy from its YAML file, with the tests that stand in it. An invalid one refuses to start."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter

from moderation.errors import InvalidConfiguration
from moderation.fusion import Fusion, evidence_needed
from moderation.policy import Policy, Rule
from moderation.policy_cases import PolicyTest
from moderation.policy_testing import faults
from runtime.yaml_files import YamlFile, read_yaml

_FORBID = ConfigDict(extra="forbid", allow_inf_nan=False)
_RULES: TypeAdapter[tuple[Rule, ...]] = TypeAdapter(tuple[Rule, ...], config=_FORBID)
_TESTS: TypeAdapter[tuple[PolicyTest, ...]] = TypeAdapter(tuple[PolicyTest, ...], config=_FORBID)
_NAME = TypeAdapter(str)
_PARTS = {"name", "rules", "tests"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFile:
    """A policy, what it promises in tests of its own, and the file that both stand in."""

    policy: Policy
    tests: tuple[PolicyTest, ...]
    file: YamlFile

    def broken(self, fusion: Fusion) -> list[str]:
        """The tests that the policy does not pass with a bundle, each in one line."""
        unforged = fusion.unforged
        found = (
            (number, test, faults(self.policy, test, unforged=unforged))
            for number, test in enumerate(self.tests)
        )
        return [
            f"{self.file.name}:{self.file.line_of('tests', number)}: {test.name}: {'; '.join(said)}"
            for number, test, said in found
            if said
        ]


def read_policy(path: Path | None) -> PolicyFile:
    """Read a policy, or the packaged one.

    The hash is that of the file's bytes: a changed comment is a changed policy.

    Raises:
        InvalidConfiguration: the file cannot be read, or says something that no policy can.
    """
    file = read_yaml("policy", path, "default_policy.yaml")
    document = file.document()
    with file.checking():
        if not isinstance(document, dict) or not {"name", "rules"} <= set(document):
            raise ValueError("a policy has a name and rules")
    for part in document:
        with file.checking(str(part)):
            if part not in _PARTS:
                raise ValueError(f"a policy has a name, rules and tests, and no {part}")
    name = file.read(_NAME, document["name"], "name")
    rules = file.read(_RULES, document["rules"], "rules")
    with file.checking("rules"):
        policy = Policy(
            name=name,
            sha256=hashlib.sha256(file.content).hexdigest(),
            rules=rules,
        )
    tests = file.read(_TESTS, document.get("tests") or (), "tests")
    return PolicyFile(policy=policy, tests=tests, file=file)


def load_policy(path: Path | None) -> Policy:
    """The policy alone. Raises: InvalidConfiguration."""
    return read_policy(path).policy


def sound_policy(path: Path | None, fusion: Fusion) -> Policy:
    """Read a policy that may judge with a bundle: it keeps its promises.

    Raises:
        InvalidConfiguration: it cannot be read, promises more than the bundle has evidence
            for, or does not pass a test of its own.
    """
    read = read_policy(path)
    check_evidence(read.policy, fusion)
    broken = read.broken(fusion)
    if broken:
        more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
        raise InvalidConfiguration(f"{broken[0]}{more}")
    return read.policy


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
    tests = _TESTS.json_schema(mode="validation")
    definitions = {**rules.pop("$defs"), **tests.pop("$defs")}
    return {
        "title": "Policy",
        "description": (Policy.__doc__ or "").splitlines()[0],
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "rules": {**rules, "minItems": 1},
            "tests": tests,
        },
        "required": ["name", "rules"],
        "additionalProperties": False,
        "$defs": dict(sorted(definitions.items())),
    }
