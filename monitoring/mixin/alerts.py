"""Alerts on single conditions: what is stuck, away, overdue or suddenly different."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from monitoring.mixin.objectives import burn_alerts, recording_rules
from monitoring.mixin.promql import counted

RUNBOOK = "monitoring/runbook.md"  # from the root of the repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """`holds_for`: how long `expr` has to be true, as Prometheus writes durations."""

    name: str
    expr: str
    says: str
    severity: str = "ticket"
    holds_for: str = "5m"


# Of the population stability index; from there on a population counts as changed (Siddiqi, Credit
# Risk Scorecards, 2006).
DRIFT = 0.25
_LEAST_SHARE = 0.001  # of a class that has nobody: its logarithm has to be something

FREE = 0.1  # of a disk: below it somebody should look

_GOLDEN_LATE = 'veriscope_golden_checks_total{outcome="late"}'
_LETTERS = 'veriscope_dead_letters_total{fault!="upload"}'

LIVE_WAITING = "veriscope:live_waiting:messages"
_LEAST_WAITING = 100  # messages; fewer are seconds of work, whichever way they go

SERVICES = "serve|intake|worker|relay|reconcile"

ALERTS = (
    Alert(
        name="VeriscopeInstanceDown",
        expr=f'up{{job=~"{SERVICES}"}} == 0',
        says="{{ $labels.job }} at {{ $labels.instance }} does not answer",
        severity="page",
    ),
    Alert(
        name="VeriscopeTritonDown",
        expr='up{job="triton"} == 0',
        says="Triton at {{ $labels.instance }} does not answer",
        severity="page",
    ),
    # A container that stopped leaves the DNS, and its target goes with it: nothing is left to be 0.
    Alert(
        name="VeriscopeServiceGone",
        expr=" or ".join(f'absent(up{{job="{job}"}})' for job in (*SERVICES.split("|"), "triton")),
        says="Prometheus knows no {{ $labels.job }} at all",
        severity="page",
    ),
    Alert(
        name="VeriscopeNoVerdicts",
        expr=(
            f"sum{counted('veriscope_uploads_announced_total', '10m')} > 0 "
            f"unless sum{counted('veriscope_verdicts_total', '10m')} > 0"
        ),
        says="Uploads are announced and no verdict is reached",
        severity="page",
        holds_for="10m",
    ),
    Alert(
        name="VeriscopeConsumerStalled",
        expr="max(veriscope_consumer_stalled_seconds) > 300",
        says="A partition has had messages and not moved for {{ $value | humanizeDuration }}",
        severity="page",
        holds_for="2m",
    ),
    Alert(
        name="VeriscopeLiveLagGrows",
        expr=f"{LIVE_WAITING} > {_LEAST_WAITING} and deriv({LIVE_WAITING}[15m]) > 0",
        says="{{ $value }} live messages wait for a worker, and they become more",
        severity="page",
        holds_for="10m",
    ),
    Alert(
        name="VeriscopeOutboxStuck",
        expr="max(veriscope_outbox_oldest_seconds) > 120",
        says="A verdict has waited for {{ $value | humanizeDuration }} to be published",
        severity="page",
    ),
    Alert(
        name="VeriscopeGoldenMoved",
        expr=counted('veriscope_golden_checks_total{outcome="moved"}', "15m") + " > 0",
        says="A known medium got another verdict than before, by the same model and policy",
        severity="page",
        holds_for="0m",
    ),
    Alert(
        name="VeriscopeGoldenLate",
        expr=f"sum{counted(_GOLDEN_LATE, '15m')} > 3",
        says="Known media sent through the stream get no verdict in time",
        severity="page",
        holds_for="0m",
    ),
    Alert(
        name="VeriscopeDependencyAway",
        expr=f"sum by (error) {counted('veriscope_retries_total', '5m')} > 60",
        says="Messages wait for a dependency: {{ $labels.error }}",
    ),
    Alert(
        name="VeriscopeServerErrors",
        expr=f"sum by (fault) {counted('veriscope_http_failures_total', '5m')} > 15",
        says="The API fails, by the fault of: {{ $labels.fault }}",
    ),
    Alert(
        name="VeriscopeDeadLetters",
        expr=f"sum by (hop, error) {counted(_LETTERS, '1h')} > 0",
        says="{{ $labels.hop }} set messages aside: {{ $labels.error }}",
        holds_for="0m",
    ),
    Alert(
        name="VeriscopeTritonFailing",
        expr=f"sum by (model) {counted('nv_inference_request_failure', '5m')} > 0",
        says="Triton fails requests to {{ $labels.model }}",
    ),
    Alert(
        name="VeriscopeOldUpload",
        expr="max(veriscope_oldest_open_seconds) > 90000",
        says="An upload has had no end for {{ $value | humanizeDuration }}",
    ),
    Alert(
        name="VeriscopeAbstainsMore",
        expr=(
            "veriscope:undecided:ratio_rate1h > 2 * veriscope:undecided:ratio_rate7d "
            "and veriscope:undecided:ratio_rate1h > 0.2"
        ),
        says="{{ $value | humanizePercentage }} of verdicts abstain: twice the week's share",
        holds_for="30m",
    ),
    Alert(
        name="VeriscopeScoresDrift",
        expr=f"veriscope:probabilities:psi > {DRIFT}",
        says="Probabilities of the hour lie elsewhere than those of the week",
        holds_for="1h",
    ),
    Alert(
        name="VeriscopeFacesDrift",
        expr=f"veriscope:face_sizes:psi > {DRIFT}",
        says="Faces of the hour are of other sizes than those of the week",
        holds_for="1h",
    ),
    Alert(
        name="VeriscopeReviewsLate",
        expr="max(veriscope_oldest_review_seconds) > 172800",
        says="A review has waited for {{ $value | humanizeDuration }}",
    ),
    Alert(
        name="VeriscopeErasureLate",
        expr="max(veriscope_oldest_erasure_seconds) > 86400",
        says="An erasure was asked for {{ $value | humanizeDuration }} ago and is not done",
        severity="page",
    ),
    Alert(
        name="VeriscopeRetentionOverdue",
        expr="max by (part) (veriscope_retention_overdue_seconds) > 86400",
        says="{{ $labels.part }} is {{ $value | humanizeDuration }} past its retention",
    ),
    Alert(
        name="VeriscopePolicyRefused",
        expr="max(veriscope_policy_refused_seconds) > 300",
        says="The policy file has been refused for {{ $value | humanizeDuration }}",
    ),
    Alert(
        name="VeriscopeDatabaseCrowded",
        expr="veriscope_database_waiting > 0",
        says="{{ $labels.instance }} always has work that waits for a connection to the database",
        holds_for="10m",
    ),
    Alert(
        name="VeriscopeDiskFilling",
        expr=f"veriscope_disk_free_bytes / veriscope_disk_size_bytes < {FREE}",
        says="{{ $value | humanizePercentage }} are free for {{ $labels.folder }}",
    ),
)


def _live_waiting() -> dict[str, str]:
    """Live messages that nobody has in hand: full windows alone are no queue."""
    behind = 'sum(veriscope_consumer_lag_messages{topic=~".+[.]live"})'
    in_hand = 'sum(veriscope_hop_in_hand{lane="live"})'
    return {"record": LIVE_WAITING, "expr": f"{behind} - ({in_hand} or vector(0))"}


def _undecided(window: str) -> dict[str, str]:
    of = "sum(rate(veriscope_verdicts_total{}[{}]))"
    abstained = of.format('{label="unknown"}', window)
    return {
        "record": f"veriscope:undecided:ratio_rate{window}",
        "expr": f"({abstained} or vector(0)) / {of.format('', window)}",
    }


def _drift(what: str, by: str) -> dict[str, str]:
    """The population stability index of a counter's classes: the hour against the week."""

    def share(window: str) -> str:
        counted = f"increase(veriscope_{what}_total[{window}])"
        parts = f"sum by ({by}) ({counted}) / ignoring ({by}) group_left sum({counted})"
        return f"clamp_min({parts}, {_LEAST_SHARE})"

    hour, week = share("1h"), share("7d")
    return {
        "record": f"veriscope:{what}:psi",
        "expr": f"sum(({hour} - {week}) * ln({hour} / {week}))",
    }


def rules(runbook: str = RUNBOOK) -> dict[str, Any]:
    """The whole rules file, as Prometheus reads it: the rules of a group one after the other.

    `runbook`: where it is read, for whoever is paged; each alert adds its heading.
    """

    def heading(alert: str) -> str:
        return f"{runbook}#{alert.lower()}"

    recorded = [
        _live_waiting(),
        _undecided("1h"),
        _undecided("7d"),
        _drift("probabilities", "tenth"),
        _drift("face_sizes", "pixels"),
    ]
    return {
        "groups": [
            {"name": "veriscope-objectives", "rules": recording_rules()},
            {"name": "veriscope-burn", "rules": burn_alerts(heading)},
            {
                "name": "veriscope-alerts",
                "rules": [*recorded, *(_rule(one, heading(one.name)) for one in ALERTS)],
            },
        ]
    }


def _rule(alert: Alert, runbook: str) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.expr,
        "for": alert.holds_for,
        "labels": {"severity": alert.severity},
        "annotations": {"summary": alert.says, "runbook_url": runbook},
    }
