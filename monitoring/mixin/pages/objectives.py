"""What users were promised, what comes, and what goes."""

from __future__ import annotations

from monitoring.mixin.objectives import OBJECTIVES
from monitoring.mixin.panels import Page, Panel
from monitoring.mixin.promql import quantile, rate

_PROMISES = [
    Panel(
        title=f"Error share: {one.says}",
        shows=f"At most {1 - one.promise:.1%} in 30 days. Over the line the budget burns too fast.",
        unit="percentunit",
        queries={window: one.recorded(window) for window in ("5m", "1h", "1d")},
        limit=round(1 - one.promise, 6),
    )
    for one in OBJECTIVES
]

OBJECTIVES_PAGE = Page(
    name="objectives",
    title="Veriscope: promises",
    rows={
        "What users were promised": [
            *_PROMISES,
            Panel(
                title="From announcement to verdict",
                shows="Live uploads. The promise is 30 s for 99 of 100.",
                unit="s",
                queries={
                    f"{share:.0%}": quantile(
                        share, "veriscope_end_to_end_seconds", only='{lane="live"}'
                    )
                    for share in (0.5, 0.95, 0.99)
                },
                limit=30,
            ),
        ],
        "What comes and what goes": [
            Panel(
                title="Golden checks",
                shows="Known media each minute, by how their verdict was; all should be the same.",
                queries={
                    "{{outcome}}": (
                        "sum by (outcome) (increase(veriscope_golden_checks_total[5m]))"
                    )
                },
            ),
            Panel(
                title="Announced",
                shows="Uploads a second, by lane and way.",
                unit="ops",
                queries={
                    "{{lane}} {{way}}": rate("veriscope_uploads_announced_total", "lane, way")
                },
            ),
            Panel(
                title="Verdicts",
                shows="A second, by label.",
                unit="ops",
                queries={"{{label}}": rate("veriscope_verdicts_total", "label")},
            ),
            Panel(
                title="Without an end",
                shows="How many uploads wait, however they wait.",
                queries={"uploads": "max(veriscope_uploads_open)"},
            ),
            Panel(
                title="Oldest without an end",
                shows="Falls to zero whenever all is done.",
                unit="s",
                queries={"age": "max(veriscope_oldest_open_seconds)"},
            ),
            Panel(
                title="Oldest review",
                shows="Jobs that nobody decided.",
                unit="s",
                queries={"age": "max(veriscope_oldest_review_seconds)"},
            ),
            Panel(
                title="Failing requests",
                shows="By whose fault: a dependency's, or ours.",
                unit="ops",
                queries={"{{fault}}": rate("veriscope_http_failures_total", "fault")},
            ),
        ],
    },
)
