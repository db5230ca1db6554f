"""What a replay would change, for people and for machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from moderation.wording import two_digits
from runtime.cli.columns import table_of
from streams.replay.changes import Changes, Conclusion, Example, LeftOut

Link = Callable[[str], str]

_WHY = {
    LeftOut.NOT_RECORDED: "nothing was recorded to decide from; `--stage score` has it scored",
    LeftOut.PACK_GONE: "the face pack is gone or damaged",
    LeftOut.THINNED: "what they were derived from is past its retention",
    LeftOut.NOT_CALIBRATED: "scored by a bundle that is not installed here",
    LeftOut.ERASED: "erased meanwhile",
}


def shown(changes: Changes, link: Link) -> RenderableType:
    """Tables of what changes, and of a few uploads of each kind."""
    parts: list[RenderableType] = [*map(Text, _sums(changes))]
    if changes.changed:
        parts += [Text(""), _kinds(changes), Text(""), _examples(changes, link)]
    return Group(*parts)


def as_json(changes: Changes, link: Link) -> dict[str, Any]:
    """The same as one JSON object."""
    return {
        "seen": changes.seen,
        "changed": changes.changed,
        "same": changes.same,
        "current": changes.current,
        "left_out": {why.value: count for why, count in changes.left_out.items()},
        "changes": [
            {"from": _pair(kind.before), "to": _pair(kind.after), "uploads": count}
            for kind, count in changes.kinds.most_common()
        ],
        "sample": [
            {
                "upload_id": one.upload_id,
                "tenant": one.tenant,
                "from": _pair(one.kind.before),
                "to": _pair(one.kind.after),
                "fake_probability": [one.probability_before, one.probability_after],
                "url": link(one.upload_id),
            }
            for one in changes.examples()
        ],
    }


def _sums(changes: Changes) -> Iterator[str]:
    share = f" ({changes.changed / changes.seen:.1%})" if changes.seen else ""
    yield f"{changes.seen} uploads: {changes.changed} would change{share}"
    if changes.same:
        yield f"  {changes.same} would say the same"
    if changes.current:
        yield f"  {changes.current} are of this lineage already"
    for why, count in changes.left_out.most_common():
        yield f"  {count} left as they are: {_WHY[why]}"


def _kinds(changes: Changes) -> Table:
    rows = [
        (count, _words(kind.before), _words(kind.after))
        for kind, count in changes.kinds.most_common()
    ]
    return table_of(("uploads", "from", "to"), rows)


def _examples(changes: Changes, link: Link) -> Table:
    rows = [(_move(one), _probabilities(one), link(one.upload_id)) for one in changes.examples()]
    return table_of(("for example", "fake probability", ""), rows)


def _move(one: Example) -> str:
    return f"{one.kind.before.label.value} → {one.kind.after.label.value}"


def _probabilities(one: Example) -> str:
    sides = (one.probability_before, one.probability_after)
    return " → ".join("none" if side is None else two_digits(side) for side in sides)


def _words(said: Conclusion) -> str:
    return f"{said.label.value}, {said.action.value}"


def _pair(said: Conclusion) -> dict[str, str]:
    return {"label": said.label.value, "action": said.action.value}
