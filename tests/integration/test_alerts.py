"""Each alert goes off over its threshold and is silent under it, as promtool works them out."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitoring.mixin.__main__ import FOLDER
from monitoring.mixin.alerts import ALERTS, rules
from monitoring.mixin.objectives import BURNS, OBJECTIVES
from tests.parts.missing import skip_or_fail

DAY = 24 * 6  # steps of ten minutes
SECONDS = 'veriscope_end_to_end_seconds_{}{{lane="live"{}}}'
LATE = SECONDS.format("bucket", ',le="30.0"')
ALL = SECONDS.format("count", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Series by name, a value a step in promtool's notation: over the threshold, and under it."""

    alert: str
    over: Mapping[str, str]
    under: Mapping[str, str]
    labels: str = ""
    steps: int = 60
    step: str = "1m"
    beside: Mapping[str, str] = field(default_factory=dict)


def gauge(alert: str, series: str, *, over: str, under: str) -> Case:
    return Case(alert=alert, over={series: f"{over}x60"}, under={series: f"{under}x60"})


def late(share: float) -> dict[str, str]:
    """Of 1000 live uploads a minute this share has its verdict too late."""
    return {LATE: f"0+{round(1000 * (1 - share))}x60", ALL: "0+1000x60"}


def endless(share: float) -> dict[str, str]:
    letters = 'veriscope_dead_letters_total{hop="score",fault="dependency",error="E"}'
    return {
        letters: f"0+{round(10000 * share)}x60",
        'veriscope_uploads_announced_total{lane="live",way="api"}': "0+10000x60",
    }


def burning(alert: str, shares: Any, budget: float) -> list[Case]:
    return [
        Case(
            alert=alert,
            labels=f',window="{burn.long}"',
            over=shares(1.2 * burn.rate * budget),
            under=shares(0.8 * burn.rate * budget),
        )
        for burn in BURNS
    ]


def drifts(alert: str, series: str) -> Case:
    """Of two classes, one in ten is of the second; at last 36 in 100 are, or 30."""
    grown = {"over": 36, "under": 30}
    return Case(
        alert=alert,
        steps=DAY,
        step="10m",
        **{
            side: {
                series.format(1): f"0+90x{DAY - 19} {90 * (DAY - 18)}+{100 - share}x18",
                series.format(2): f"0+10x{DAY - 19} {10 * (DAY - 18)}+{share}x18",
            }
            for side, share in grown.items()
        },
    )


WAITING = 'veriscope_uploads_announced_total{lane="live",way="api"}'
VERDICTS = 'veriscope_verdicts_total{{lane="live",label="{}"}}'
RETRIES = 'veriscope_retries_total{hop="score",error="ScorerUnavailable"}'
LETTERS = 'veriscope_dead_letters_total{hop="score",fault="ours",error="defect"}'
FAILURES = 'veriscope_http_failures_total{fault="ours"}'
GOLDEN = 'veriscope_golden_checks_total{{outcome="{}"}}'
TRITON = 'nv_inference_request_failure{model="face_blending"}'
LAG = 'veriscope_consumer_lag_messages{{topic="veriscope.faces.{}"}}'
JOBS = ("serve", "intake", "worker", "relay", "reconcile", "triton")

CASES = [
    *burning("VeriscopeLiveVerdictsLate", late, 0.01),
    *burning("VeriscopeUploadsWithoutEnd", endless, 0.001),
    gauge("VeriscopeInstanceDown", 'up{job="worker",instance="a"}', over="0", under="1"),
    gauge("VeriscopeTritonDown", 'up{job="triton",instance="a"}', over="0", under="1"),
    *(
        Case(
            alert="VeriscopeServiceGone",
            labels=f',job="{gone}"',
            beside={f'up{{job="{job}",instance="a"}}': "1x60" for job in JOBS if job != gone},
            over={f'up{{job="{gone}",instance="a"}}': "1x49 stale"},
            under={f'up{{job="{gone}",instance="a"}}': "1x60"},
        )
        for gone in JOBS
    ),
    Case(
        alert="VeriscopeNoVerdicts",
        beside={WAITING: "0+60x60"},
        over={VERDICTS.format("clear"): "5x60"},
        under={VERDICTS.format("clear"): "0+1x60"},
    ),
    gauge(
        "VeriscopeConsumerStalled", "veriscope_consumer_stalled_seconds", over="301", under="300"
    ),
    *(
        Case(
            alert="VeriscopeLiveLagGrows",
            beside={'veriscope_hop_in_hand{hop="score",lane="live"}': "32x60"},
            over={LAG.format("live"): "0+3x60"},
            under={topic: f"{waiting}x60"},
        )
        for topic, waiting in (
            (LAG.format("live"), "0+2"),  # 120 at last, of which 32 are in hand
            (LAG.format("live"), "9000+0"),
            (LAG.format("live"), "9000-9"),
            (LAG.format("backfill"), "0+100"),
        )
    ),
    gauge("VeriscopeOutboxStuck", "veriscope_outbox_oldest_seconds", over="121", under="120"),
    gauge("VeriscopeGoldenMoved", GOLDEN.format("moved"), over="0+1", under="7"),
    gauge("VeriscopeGoldenLate", GOLDEN.format("late"), over="0+1", under="0+0.2"),
    gauge("VeriscopeDependencyAway", RETRIES, over="0+13", under="0+11"),
    gauge("VeriscopeServerErrors", FAILURES, over="0+4", under="0+2"),
    gauge("VeriscopeDeadLetters", LETTERS, over="0+1", under="7"),
    gauge("VeriscopeTritonFailing", TRITON, over="0+1", under="7"),
    gauge("VeriscopeOldUpload", "veriscope_oldest_open_seconds", over="90001", under="90000"),
    Case(
        alert="VeriscopeAbstainsMore",
        steps=DAY,
        step="10m",
        beside={VERDICTS.format("clear"): f"0+100x{DAY}"},
        over={VERDICTS.format("unknown"): f"0+5x{DAY - 19} {5 * (DAY - 18)}+27x18"},
        under={VERDICTS.format("unknown"): f"0+5x{DAY - 19} {5 * (DAY - 18)}+24x18"},
    ),
    drifts("VeriscopeScoresDrift", 'veriscope_probabilities_total{{tenth="{}"}}'),
    drifts("VeriscopeFacesDrift", 'veriscope_face_sizes_total{{pixels="{}"}}'),
    gauge("VeriscopeReviewsLate", "veriscope_oldest_review_seconds", over="172801", under="172800"),
    gauge("VeriscopeErasureLate", "veriscope_oldest_erasure_seconds", over="86401", under="86400"),
    gauge(
        "VeriscopeRetentionOverdue",
        'veriscope_retention_overdue_seconds{part="media"}',
        over="86401",
        under="86400",
    ),
    gauge("VeriscopePolicyRefused", "veriscope_policy_refused_seconds", over="301", under="300"),
    gauge("VeriscopeDatabaseCrowded", "veriscope_database_waiting", over="1", under="0"),
    Case(
        alert="VeriscopeDiskFilling",
        beside={'veriscope_disk_size_bytes{folder="state"}': "100x60"},
        over={'veriscope_disk_free_bytes{folder="state"}': "9x60"},
        under={'veriscope_disk_free_bytes{folder="state"}': "10x60"},
    ),
]


def begun(minute: int, value: int) -> str:
    """A series that has no value up to that minute, and begins with this one."""
    return f"_x{minute} {value}x200"


def each_minute(series: str, value: int) -> dict[str, str]:
    """Each minute another process begins, counts so many at once, and no more."""
    return {f'{series[:-1]},instance="{n}"}}': begun(n, value) for n in range(1, 70)}


BORN = [
    Case(
        alert="VeriscopeGoldenMoved",
        over={GOLDEN.format("moved"): begun(50, 1)},
        under={GOLDEN.format("moved"): begun(40, 1)},
    ),
    Case(
        alert="VeriscopeGoldenLate",
        over={GOLDEN.format("late"): begun(50, 4)},
        under={GOLDEN.format("late"): begun(50, 3)},
    ),
    Case(
        alert="VeriscopeDeadLetters",
        steps=100,
        over={LETTERS: begun(50, 3)},
        under={LETTERS: begun(30, 3)},
    ),
    *(
        Case(alert=alert, over=each_minute(series, over), under=each_minute(series, under))
        for alert, series, over, under in (
            ("VeriscopeDependencyAway", RETRIES, 13, 9),
            ("VeriscopeServerErrors", FAILURES, 4, 2),
            ("VeriscopeTritonFailing", TRITON, 1, 0),
            ("VeriscopeNoVerdicts", WAITING, 1, 0),
        )
    ),
    *(
        Case(
            alert="VeriscopeLiveVerdictsLate",
            labels=f',window="{burn.long}"',
            beside={ALL: begun(58, 100)},
            over={LATE: begun(58, 0)},
            under={LATE: begun(58, 100)},
        )
        for burn in BURNS
    ),
    *(
        Case(
            alert="VeriscopeUploadsWithoutEnd",
            labels=f',window="{burn.long}"',
            beside={WAITING: begun(58, 100)},
            over={LETTERS: begun(58, 3)},
            under={LETTERS: begun(58, 0)},
        )
        for burn in BURNS
    ),
]
# Shares of a week's verdicts: one event more or less of thousands is nothing to them.
SHARES = {"VeriscopeAbstainsMore", "VeriscopeScoresDrift", "VeriscopeFacesDrift"}


def alerts_that_count_events() -> set[str]:
    """Those that ask how much a counter grew, by themselves or by a rule that is recorded."""
    every = [rule for group in rules()["groups"] for rule in group["rules"]]
    counting = re.compile(r"\b(?:rate|increase)\(")
    grown = {one["record"] for one in every if "record" in one and counting.search(one["expr"])}
    return {
        one["alert"]
        for one in every
        if "alert" in one
        and (counting.search(one["expr"]) or any(name in one["expr"] for name in grown))
    }


def test_prometheus_is_told_of_every_job_that_must_not_be_gone() -> None:
    told = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    assert {*JOBS} <= {one["job_name"] for one in told["scrape_configs"]}


def test_every_alert_that_counts_events_has_a_case_of_a_series_that_begins_over_0() -> None:
    assert {case.alert for case in BORN} == alerts_that_count_events() - SHARES


def test_every_alert_has_a_case_on_both_sides() -> None:
    named = {one.alert for one in OBJECTIVES} | {one.name for one in ALERTS}
    assert {case.alert for case in CASES} == named


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert}{case.labels}")
def test_an_alert_goes_off_over_its_threshold_and_not_under_it(case: Case, tmp_path: Path) -> None:
    _tell(case, tmp_path)


@pytest.mark.parametrize("case", BORN, ids=lambda case: f"{case.alert}{case.labels}")
def test_the_first_events_of_a_series_count(case: Case, tmp_path: Path) -> None:
    """`increase()` alone is blind to what a series begins with: the first dead letter."""
    _tell(case, tmp_path)


def _tell(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "tests.yml"
    sides = [_side(case, case.over, fires=True), _side(case, case.under, fires=False)]
    rules = str(FOLDER / "rules" / "veriscope.yml")
    file.write_text(
        yaml.safe_dump({"rule_files": [rules], "evaluation_interval": case.step, "tests": sides})
    )
    told = subprocess.run(
        [_promtool(), "test", "rules", str(file)], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr


def _side(case: Case, series: Mapping[str, str], *, fires: bool) -> dict[str, Any]:
    states = f'ALERTS{{alertname="{case.alert}",alertstate="firing"{case.labels}}}'
    return {
        "interval": case.step,
        "input_series": [
            {"series": name, "values": values} for name, values in {**case.beside, **series}.items()
        ],
        "promql_expr_test": [
            {
                "expr": f"count({states})",
                "eval_time": f"{case.steps * int(case.step[:-1])}m",
                "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
            }
        ],
    }


def _promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        skip_or_fail("promtool is not installed: it comes with the package prometheus")
    return found
