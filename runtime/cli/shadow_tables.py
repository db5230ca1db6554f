"""A shadow's comparison as people and machines read it on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from moderation.figures import Share
from moderation.lineage import ModelIdentity
from moderation.shadow import Comparison, ShadowOutcome, ShadowScore
from moderation.wording import two_digits
from runtime.cli.columns import table_of


def described(comparisons: Sequence[Comparison], flipped: Sequence[ShadowScore]) -> dict[str, Any]:
    """All of it, for machines; shares with their 95% intervals."""
    return {
        "comparisons": [_comparison(one) for one in comparisons],
        "flipped": [_flip(one) for one in flipped],
    }


def page(
    comparisons: Sequence[Comparison], flipped: Sequence[ShadowScore]
) -> Iterator[RenderableType]:
    """The same for people."""
    if not comparisons:
        yield "no shadow looked at anything in that time"
    for one in comparisons:
        yield Text(f"{_title(one.shadow)} beside {_title(one.serving)}", style="bold")
        yield _figures(one)
        if one.changes:
            yield _changes(one)
    if flipped:
        yield _sample(flipped)


def _figures(one: Comparison) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    scored = one.outcomes.get(ShadowOutcome.SCORED, 0)
    table.add_row(
        "uploads compared", f"{scored} of {sum(one.outcomes.values())} drawn{_losses(one)}"
    )
    table.add_row("other labels", _share(one.flips))
    table.add_row("other actions", _share(one.actions))
    table.add_row("agreement", _agreement(one))
    table.add_row("cost", _cost(one, scored))
    return table


def _losses(one: Comparison) -> str:
    lost = {name: n for name, n in one.outcomes.items() if name is not ShadowOutcome.SCORED}
    return (
        "; " + ", ".join(f"{count} {name}" for name, count in sorted(lost.items())) if lost else ""
    )


def _share(share: Share) -> str:
    if share.share is None or share.low is None or share.high is None:
        return "nothing to compare"
    return (
        f"{share.count} of {share.of}: {share.share:.1%} "
        f"(95% interval {share.low:.1%} to {share.high:.1%})"
    )


def _agreement(one: Comparison) -> str:
    found = one.agreement
    if found.observed is None:
        return "nothing to compare"
    if found.kappa is None or found.low is None or found.high is None:
        return f"{found.observed:.1%} the same; both always say one thing"
    return (
        f"{found.observed:.1%} the same; Cohen's kappa {found.kappa:.2f} "
        f"({found.low:.2f} to {found.high:.2f})"
    )


def _cost(one: Comparison, scored: int) -> str:
    if one.cost_ratio is None or not scored:
        return "not measured"
    return (
        f"{one.cost_ratio:.2f} times as much: {one.shadow_seconds / scored:.3f} s an upload, "
        f"not {one.serving_seconds / scored:.3f} s"
    )


def _changes(one: Comparison) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("from", "to"):
        table.add_column(name)
    table.add_column("uploads", justify="right")
    for (before, after), count in one.changes.items():
        table.add_row(before, after, str(count))
    return table


def _sample(flipped: Sequence[ShadowScore]) -> Table:
    rows = []
    for score in flipped:
        before, after = score.by_serving, score.by_shadow
        if before is not None and after is not None:
            odds = (
                f"{_probability(before.fake_probability)} → {_probability(after.fake_probability)}"
            )
            rows.append((score.upload_id, score.tenant, before.label, after.label, odds))
    columns = ("upload", "tenant", "from", "to", "probability")
    return table_of(columns, rows, title="Other labels, newest first")


def _probability(value: float | None) -> str:
    return "none" if value is None else two_digits(value)


def _title(identity: ModelIdentity) -> str:
    return f"{identity.name}:{identity.version} ({identity.sha256[:12]})"


def _comparison(one: Comparison) -> dict[str, Any]:
    return {
        "serving": asdict(one.serving),
        "shadow": asdict(one.shadow),
        "outcomes": {name.value: count for name, count in sorted(one.outcomes.items())},
        "flips": asdict(one.flips),
        "actions": asdict(one.actions),
        "agreement": asdict(one.agreement),
        "changes": [
            {"from": before.value, "to": after.value, "uploads": count}
            for (before, after), count in one.changes.items()
        ],
        "serving_seconds": one.serving_seconds,
        "shadow_seconds": one.shadow_seconds,
        "cost_ratio": one.cost_ratio,
    }


def _flip(score: ShadowScore) -> dict[str, Any]:
    return {
        "upload_id": score.upload_id,
        "tenant": score.tenant,
        "verdict_id": score.verdict_id,
        "drawn_at": score.drawn_at.isoformat(),
        "serving": asdict(score.by_serving) if score.by_serving else None,
        "shadow": asdict(score.by_shadow) if score.by_shadow else None,
    }
