"""What a second bundle would have said of an upload, beside what the one that serves said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from moderation.agreement import Agreement, agreement
from moderation.figures import Share, share_of
from moderation.lineage import ModelIdentity
from moderation.verdict import Action, Label


class ShadowOutcome(StrEnum):
    """What became of an upload that was drawn; only the first one says anything of it.

    `overloaded`: too much waited already. `late`: it was not scored in time. `unavailable`:
    models did not answer. `failed`: they answered nonsense, or the shadow is broken.
    `stopped`: the worker ended. `lost`: it was scored, and could not be written.
    """

    SCORED = "scored"
    OVERLOADED = "overloaded"
    LATE = "late"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"
    STOPPED = "stopped"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a bundle's scores come to by the policy, and what they cost in seconds."""

    label: Label
    action: Action
    fake_probability: float | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowScore:
    """One upload, judged from the same crops by the same policy.

    `verdict_id` and `lineage_digest` are those of the verdict that `serving` leads to, whatever
    superseded it since; they stand where both bundles said something.

    Raises:
        ValueError: it was scored and something of that is missing, or the other way about.
    """

    upload_id: str
    tenant: str
    shadow: ModelIdentity
    serving: ModelIdentity
    drawn_at: datetime
    outcome: ShadowOutcome
    verdict_id: str | None = None
    lineage_digest: str | None = None
    by_serving: Opinion | None = None
    by_shadow: Opinion | None = None

    def __post_init__(self) -> None:
        scored = self.outcome is ShadowOutcome.SCORED
        said = (self.verdict_id, self.lineage_digest, self.by_serving, self.by_shadow)
        if any((one is not None) != scored for one in said):
            raise ValueError(f"{self.outcome} does not go together with what was said")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """So many uploads with the same end; labels and actions are of serving and shadow, in turn."""

    serving: ModelIdentity
    shadow: ModelIdentity
    outcome: ShadowOutcome
    labels: tuple[Label, Label] | None
    actions: tuple[Action, Action] | None
    uploads: int
    serving_seconds: float = 0.0
    shadow_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A shadow beside the bundle that served, over the uploads that were drawn.

    `flips` are other labels, `changes` which ones; `actions` are other actions. `cost_ratio`
    is None where nothing was measured. `outcomes` holds all that were drawn: where many are
    missing, the others may not be like them.
    """

    serving: ModelIdentity
    shadow: ModelIdentity
    outcomes: Mapping[ShadowOutcome, int]
    flips: Share
    actions: Share
    agreement: Agreement
    changes: Mapping[tuple[Label, Label], int]
    serving_seconds: float
    shadow_seconds: float

    @property
    def cost_ratio(self) -> float | None:
        return self.shadow_seconds / self.serving_seconds if self.serving_seconds else None


def compare(tallies: Iterable[Tally]) -> list[Comparison]:
    """Compare each shadow with each bundle that served beside it, by their names."""
    pairs: dict[tuple[ModelIdentity, ModelIdentity], list[Tally]] = {}
    for tally in tallies:
        pairs.setdefault((tally.serving, tally.shadow), []).append(tally)
    return [_comparison(*pair, pairs[pair]) for pair in sorted(pairs, key=_in_order)]


def _in_order(pair: tuple[ModelIdentity, ModelIdentity]) -> list[tuple[str, str, str]]:
    return [(one.name, one.version, one.sha256) for one in pair]


def _comparison(serving: ModelIdentity, shadow: ModelIdentity, tallies: list[Tally]) -> Comparison:
    outcomes: Counter[ShadowOutcome] = Counter()
    labels: Counter[tuple[Label, Label]] = Counter()
    actions: Counter[tuple[Action, Action]] = Counter()
    for tally in tallies:
        outcomes[tally.outcome] += tally.uploads
        if tally.labels and tally.actions:
            labels[tally.labels] += tally.uploads
            actions[tally.actions] += tally.uploads
    changes = {pair: count for pair, count in labels.most_common() if pair[0] is not pair[1]}
    others = sum(count for (first, second), count in actions.items() if first is not second)
    return Comparison(
        serving=serving,
        shadow=shadow,
        outcomes=dict(outcomes),
        flips=share_of(sum(changes.values()), labels.total()),
        actions=share_of(others, actions.total()),
        agreement=agreement(list(labels.elements())),
        changes=changes,
        serving_seconds=sum(tally.serving_seconds for tally in tallies),
        shadow_seconds=sum(tally.shadow_seconds for tally in tallies),
    )
