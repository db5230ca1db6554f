"""Where a policy acts otherwise because something of the same bytes, or alike, is known.

Only the action: a verdict keeps its own label and probability, and says what it matched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from moderation.conditions import Settled, check_name, gravity
from moderation.looks import LARGEST_DISTANCE
from moderation.verdict import Action, Label, Match, MatchKind, Reason, Verdict

# Of one verdict: some say enough, and messages stay small.
MOST_MATCHES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchCondition:
    """What holds where a match has every part that is given; of a list, any entry is enough.

    `kind`: a decision, or a listed look. `same_bytes`: whether the very bytes are known, or
    only something that looks alike; of look-alikes, those up to `distance` bits apart.
    `decided`: what people decided about it. `lists`: the names of lists. `labels`: the
    upload's own label. `adopt` takes what was decided; where decisions that match contradict
    each other, people are to look. `at_least` stands in place of a lighter action.

    Raises:
        ValueError: the name is none, not one of `adopt` and `at_least` is given, a part does
            not belong to the kind, or the distance is none.
    """

    name: str
    kind: MatchKind
    same_bytes: bool | None = None
    distance: int = LARGEST_DISTANCE
    decided: tuple[Action, ...] = ()
    lists: tuple[str, ...] = ()
    labels: tuple[Label, ...] = ()
    adopt: bool = False
    at_least: Action | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.adopt == (self.at_least is not None):
            raise ValueError(f"condition {self.name} takes adopt or at_least, and not both")
        if self.kind is MatchKind.VERDICT:
            raise ValueError(f"condition {self.name}: a verdict that holds again changes no action")
        if self.kind is MatchKind.LISTED and (self.adopt or self.decided or self.same_bytes):
            raise ValueError(f"condition {self.name}: lists hold looks, and decide nothing")
        if self.kind is MatchKind.DECISION and self.lists:
            raise ValueError(f"condition {self.name}: decisions stand on no list")
        if not 0 <= self.distance <= LARGEST_DISTANCE:
            raise ValueError(f"condition {self.name}: distance must lie in [0, {LARGEST_DISTANCE}]")

    def holds(self, label: Label, match: Match) -> bool:
        return (
            match.kind is self.kind
            and (match.distance or 0) <= self.distance
            and self.same_bytes in (None, match.same_bytes)
            and (not self.decided or match.action in self.decided)
            and (not self.lists or match.list_name in self.lists)
            and (not self.labels or label in self.labels)
        )


# What people decided about the very bytes holds for them again. What merely looks like something
# that was restricted goes to people: an original and its forgery often look alike, so alike
# never restricts by itself, and never publishes.
DEFAULTS = (
    MatchCondition(name="same_bytes_decided", kind=MatchKind.DECISION, same_bytes=True, adopt=True),
    MatchCondition(
        name="looks_like_restricted",
        kind=MatchKind.DECISION,
        same_bytes=False,
        decided=(Action.LABEL, Action.WITHHOLD),
        at_least=Action.REVIEW,
    ),
    MatchCondition(name="listed", kind=MatchKind.LISTED, at_least=Action.REVIEW),
)


def with_matches(
    verdict: Verdict, matches: Sequence[Match], conditions: Sequence[MatchCondition]
) -> Verdict:
    """The verdict as it is when that is known before; without a match, as it was."""
    if not matches:
        return verdict
    settled = settle_matches(verdict.action, verdict.label, matches, conditions)
    because = settled.because
    return replace(
        verdict,
        action=settled.action,
        action_because=(*verdict.action_because, *because),
        reasons=(*verdict.reasons, Reason.MATCHED),
        matched=_told(matches, verdict.label, [one for one in conditions if one.name in because]),
    )


def _told(
    matches: Sequence[Match], label: Label, acting: Sequence[MatchCondition]
) -> tuple[Match, ...]:
    """MOST_MATCHES of them, in their order: first of all those by which the action changed."""
    behind = [one for one in matches if any(each.holds(label, one) for each in acting)]
    told = [*behind, *(one for one in matches if one not in behind)][:MOST_MATCHES]
    return tuple(sorted(told, key=matches.index))


def settle_matches(
    action: Action, label: Label, matches: Sequence[Match], conditions: Sequence[MatchCondition]
) -> Settled:
    """Start from `action`, and name the conditions that change it.

    The first that adopts does so; then the gravest `at_least` raises it.
    """
    because = []
    for condition in conditions:
        decided = _decided(condition, label, matches) if condition.adopt else None
        if decided is not None:
            if decided is not action:
                because.append(condition.name)
            action = decided
            break
    for condition in sorted(conditions, key=_rank, reverse=True):
        least = condition.at_least
        if least is None or gravity(least) <= gravity(action):
            continue
        if any(condition.holds(label, match) for match in matches):
            return Settled(action=least, because=(*because, condition.name))
    return Settled(action=action, because=tuple(because))


def _decided(condition: MatchCondition, label: Label, matches: Sequence[Match]) -> Action | None:
    """What was decided, the gravest; None where nothing was."""
    actions = [match.action for match in matches if match.action and condition.holds(label, match)]
    if len({action.restricts for action in actions}) > 1:
        return Action.REVIEW
    return max(actions, key=gravity, default=None)


def _rank(condition: MatchCondition) -> int:
    return gravity(condition.at_least) if condition.at_least else -1
