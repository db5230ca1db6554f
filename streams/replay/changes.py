"""How many verdicts come out otherwise, from what to what, with a few of each kind to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from moderation.verdict import Action, Label, Verdict

EXAMPLES_OF_A_KIND = 5


class LeftOut(StrEnum):
    """Why an upload cannot be decided again."""

    NOT_RECORDED = "not_recorded"
    PACK_GONE = "pack_gone"
    THINNED = "thinned"
    NOT_CALIBRATED = "not_calibrated"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """The part of a verdict that the platform acts on."""

    label: Label
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of change."""

    before: Conclusion
    after: Conclusion


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One upload whose verdict would change."""

    upload_id: str
    tenant: str
    kind: Kind
    probability_before: float | None
    probability_after: float | None


@dataclass(slots=True, kw_only=True)
class Changes:
    """The difference between two sets of verdicts on the same uploads.

    `current` are already of the new lineage, `same` are decided anew and say the same.
    `left_out` counts, by why, those that cannot be decided again. Its size does not grow
    with the number of uploads.
    """

    current: int = 0
    same: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    _examples: dict[Kind, list[Example]] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        return self.kinds.total()

    @property
    def decided(self) -> int:
        """How many verdicts would be superseded, those that say the same among them."""
        return self.same + self.changed

    @property
    def seen(self) -> int:
        return self.current + self.decided + self.left_out.total()

    def compare(self, before: Verdict, after: Verdict) -> None:
        """Count one upload."""
        kind = Kind(before=said_by(before), after=said_by(after))
        if kind.before == kind.after:
            self.same += 1
            return
        self.kinds[kind] += 1
        examples = self._examples.setdefault(kind, [])
        if len(examples) < EXAMPLES_OF_A_KIND:
            examples.append(
                Example(
                    upload_id=before.upload_id,
                    tenant=before.tenant,
                    kind=kind,
                    probability_before=before.fake_probability,
                    probability_after=after.fake_probability,
                )
            )

    def examples(self) -> Iterator[Example]:
        """A few of each kind, the most frequent kind first."""
        for kind, _ in self.kinds.most_common():
            yield from self._examples[kind]


def said_by(verdict: Verdict) -> Conclusion:
    return Conclusion(label=verdict.label, action=verdict.action)
