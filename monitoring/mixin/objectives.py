"""What is promised to users, and the rules and alerts that watch the promises.

Burn rates as in Google's Site Reliability Workbook, chapter 5: an alert asks for a long window,
so that it does not go off for a blip, and for a short one, so that it ends when the trouble does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.mixin.promql import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """`promise`: the share that has to be good; `errors`: PromQL of the bad share in a window."""

    name: str
    alert: str
    says: str
    promise: float
    errors: Callable[[str], str]

    def recorded(self, window: str) -> str:
        """The recording rule that holds the share of errors in a window."""
        return f"veriscope:{self.name}:error_ratio_rate{window}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """So many times as fast as would use up the budget of 30 days, in both windows."""

    rate: float
    long: str
    short: str
    severity: str


BURNS = (
    Burn(rate=14.4, long="1h", short="5m", severity="page"),
    Burn(rate=6, long="6h", short="30m", severity="page"),
    Burn(rate=3, long="1d", short="2h", severity="ticket"),
    Burn(rate=1, long="3d", short="6h", severity="ticket"),
)
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")


def _late(window: str) -> str:
    seconds = 'veriscope_end_to_end_seconds_{}{{lane="live"{}}}'
    timely = seconds.format("bucket", ',le="30.0"')
    ended = seconds.format("count", "")
    return f"1 - sum{counted(timely, window)} / sum{counted(ended, window)}"


def _endless(window: str) -> str:
    lost = counted('veriscope_dead_letters_total{fault!="upload"}', window)
    announced = counted("veriscope_uploads_announced_total", window)
    return f"(sum{lost} or vector(0)) / sum{announced}"


OBJECTIVES = (
    Objective(
        name="live_late",
        alert="VeriscopeLiveVerdictsLate",
        says="live uploads get their verdict within 30 s",
        promise=0.99,
        errors=_late,
    ),
    Objective(
        name="endless",
        alert="VeriscopeUploadsWithoutEnd",
        says="uploads get a verdict or are said to be undecidable",
        promise=0.999,
        errors=_endless,
    ),
)


def recording_rules(objectives: Sequence[Objective] = OBJECTIVES) -> list[dict[str, Any]]:
    """A rule for each objective and window."""
    return [
        {"record": one.recorded(window), "expr": one.errors(window)}
        for one in objectives
        for window in WINDOWS
    ]


def burn_alerts(
    runbook: Callable[[str], str], objectives: Sequence[Objective] = OBJECTIVES
) -> list[dict[str, Any]]:
    """Four alerts for each objective, of the same name and with its windows as labels."""
    return [_burn_alert(one, burn, runbook(one.alert)) for one in objectives for burn in BURNS]


def _burn_alert(one: Objective, burn: Burn, runbook: str) -> dict[str, Any]:
    limit = f"{round(burn.rate * (1 - one.promise), 6):g}"
    labels: Mapping[str, str] = {"severity": burn.severity, "window": burn.long}
    return {
        "alert": one.alert,
        "expr": f"{one.recorded(burn.long)} > {limit} and {one.recorded(burn.short)} > {limit}",
        "labels": dict(labels),
        "annotations": {
            "summary": f"Fewer than {one.promise:.1%} of {one.says}",
            "description": (
                f"{{{{ $value | humanizePercentage }}}} failed in {burn.long}: "
                f"{burn.rate:g} times as fast as the budget of 30 days allows."
            ),
            "runbook_url": runbook,
        },
    }
