"""Where a policy acts otherwise because of what a media says of its origin.

Only the action: the label and the probability are what the pixels say.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass

from moderation.origins import Origin
from moderation.provenance import Provenance, ProvenanceState
from moderation.verdict import Action, Label

_NAME = frozenset(string.ascii_lowercase + string.digits + "_")
LONGEST_NAME = 64

# From the lightest to the gravest.
_GRAVITY = (Action.PUBLISH, Action.LABEL, Action.REVIEW, Action.WITHHOLD)


def gravity(action: Action) -> int:
    """Actions in order: what is graver has the larger number."""
    return _GRAVITY.index(action)


def check_name(name: str) -> None:
    """Raises: ValueError: it is no name of a condition."""
    if not 0 < len(name) <= LONGEST_NAME or not _NAME.issuperset(name):
        raise ValueError(f"a condition's name is up to {LONGEST_NAME} of a-z, 0-9 and _")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What holds where every part that is given holds; of a list, any entry is enough.

    `declares`: what the media says it is (`moderation.provenance.Provenance.declared`).
    `generator_marked`: whether a generator is named in it. `conflicting`: whether it
    contradicts itself. `action` stands in place of the label's action, `at_least` only
    of a lighter one. `name` is what the verdict says.

    Raises:
        ValueError: the name is none, nothing is asked of the provenance, not one of
            `action` and `at_least` is given, or it is about rejected media, which have
            no provenance.
    """

    name: str
    states: tuple[ProvenanceState, ...] = ()
    declares: tuple[Origin, ...] = ()
    generator_marked: bool | None = None
    conflicting: bool | None = None
    labels: tuple[Label, ...] = ()
    action: Action | None = None
    at_least: Action | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        asked = (self.generator_marked, self.conflicting)
        if not self.states and not self.declares and asked == (None, None):
            raise ValueError(f"condition {self.name} asks nothing of the provenance")
        if (self.action is None) == (self.at_least is None):
            raise ValueError(f"condition {self.name} takes action or at_least, and not both")
        if Label.REJECTED in self.labels:
            raise ValueError(f"condition {self.name}: rejected media have no provenance")

    def holds(self, label: Label, provenance: Provenance) -> bool:
        marked, conflicting = bool(provenance.generator_marks), bool(provenance.conflicts)
        return (
            (not self.labels or label in self.labels)
            and (not self.states or provenance.state in self.states)
            and (not self.declares or not provenance.declared.isdisjoint(self.declares))
            and self.generator_marked in (None, marked)
            and self.conflicting in (None, conflicting)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What is asked of the platform, and the conditions that made it so."""

    action: Action
    because: tuple[str, ...] = ()


def settle(
    action: Action, label: Label, provenance: Provenance | None, conditions: Sequence[Condition]
) -> Settled:
    """Start from the label's action, `action`, and name the conditions that change it.

    The first that holds and replaces it does so; then the gravest `at_least` raises it.
    """
    if provenance is None:
        return Settled(action=action)
    holding = [one for one in conditions if one.holds(label, provenance)]
    replacing = [(one.action, one.name) for one in holding if one.action is not None]
    raising = [(one.at_least, one.name) for one in holding if one.at_least is not None]
    because = []
    if replacing and replacing[0][0] is not action:
        action = replacing[0][0]
        because.append(replacing[0][1])
    gravest = max(raising, key=lambda one: gravity(one[0]), default=None)
    if gravest is not None and gravity(gravest[0]) > gravity(action):
        action = gravest[0]
        because.append(gravest[1])
    return Settled(action=action, because=tuple(because))
