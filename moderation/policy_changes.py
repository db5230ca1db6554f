"""What changes between two policies, for whom: by what holds, not by how it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from moderation.policy import ANY, Policy, Rule
from moderation.upload import Lane

_NAMED_BY_NO_RULE = ""
_SCOPE = ("tenant", "lane")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Uploads that one rule of a policy covers; the tenant `*` is every other."""

    tenant: str
    lane: Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """What is set otherwise; None where there is nothing on that side."""

    setting: str
    before: str | None
    after: str | None


def changes(before: Policy, after: Policy) -> dict[PolicyChange, tuple[Scope, ...]]:
    """What is set otherwise for whom, in the order of a policy's settings.

    A rule that nobody reaches, and one that was moved without effect, change nothing.
    """
    found: dict[PolicyChange, tuple[Scope, ...]] = {}
    for scope in scopes(before, after):
        ours, theirs = (_settings(_rule(policy, scope)) for policy in (before, after))
        for setting in {**ours, **theirs}:
            change = PolicyChange(
                setting=setting, before=ours.get(setting), after=theirs.get(setting)
            )
            if change.before != change.after:
                found[change] = (*found.get(change, ()), scope)
    return found


def scopes(before: Policy, after: Policy) -> list[Scope]:
    """Whom the two tell apart: each tenant that is named, and all others, by lane."""
    named = {rule.tenant for policy in (before, after) for rule in policy.rules} | {ANY}
    return [Scope(tenant=tenant, lane=lane) for tenant in sorted(named) for lane in Lane]


def _rule(policy: Policy, scope: Scope) -> Rule:
    tenant = _NAMED_BY_NO_RULE if scope.tenant == ANY else scope.tenant
    return policy.rule_for(tenant, scope.lane)


def _settings(rule: Rule) -> dict[str, str]:
    parts = ((one.name, getattr(rule, one.name)) for one in fields(rule))
    return dict(leaf for name, part in parts if name not in _SCOPE for leaf in _leaves(name, part))


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Single settings by their path; conditions go by their names, and their order counts."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _leaves(f"{path}.{key}", below)
    elif is_dataclass(value):
        for one in fields(value):
            yield from _leaves(f"{path}.{one.name}", getattr(value, one.name))
    elif isinstance(value, tuple) and any(is_dataclass(one) for one in value):
        yield f"{path} in order", ", ".join(one.name for one in value)
        for one in value:
            yield from _leaves(f"{path}.{one.name}", one)
    elif value is not None and value != ():
        yield path, ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
