"""What verdicts say, what a shadow bundle would, and what people make of them."""

from __future__ import annotations

from moderation.verdict import Label
from monitoring.mixin.alerts import DRIFT
from monitoring.mixin.panels import Page, Panel
from monitoring.mixin.promql import rate

_SAME = " + ".join(
    f'(sum(rate(veriscope_shadow_labels_total{{serving="{one}",shadow="{one}"}}[1h])) or vector(0))'
    for one in Label
)

QUALITY_PAGE = Page(
    name="quality",
    title="Veriscope: what verdicts say",
    rows={
        "Verdicts": [
            Panel(
                title="Share of labels",
                shows="A jump is a change of uploads, of a model, or of a policy.",
                unit="percentunit",
                queries={
                    "{{label}}": (
                        "sum by (label) (rate(veriscope_verdicts_total[1h])) "
                        "/ ignoring (label) group_left sum(rate(veriscope_verdicts_total[1h]))"
                    )
                },
            ),
            Panel(
                title="Abstention",
                shows="The hour beside the week.",
                unit="percentunit",
                queries={
                    "hour": "veriscope:undecided:ratio_rate1h",
                    "week": "veriscope:undecided:ratio_rate7d",
                },
            ),
            Panel(
                title="Drift",
                shows="Population stability index, hour against week; over 0.25 it is another one.",
                queries={
                    "probabilities": "veriscope:probabilities:psi",
                    "sizes of faces": "veriscope:face_sizes:psi",
                },
                limit=DRIFT,
            ),
            Panel(
                title="Probabilities",
                shows="Verdicts an hour by their first decimal.",
                queries={
                    "0.{{tenth}}": "sum by (tenth) (increase(veriscope_probabilities_total[1h]))"
                },
            ),
            Panel(
                title="Cannot be judged",
                shows="Rejected media, by reason.",
                unit="ops",
                queries={"{{reason}}": rate("veriscope_uploads_rejected_total", "reason")},
            ),
            Panel(
                title="Faces in an upload",
                shows="Kept crops for each upload: a fall says that the detector of faces fails.",
                queries={
                    "crops": (
                        "sum(rate(veriscope_faces_kept_total[1h])) "
                        '/ sum(rate(veriscope_hop_messages_total{hop="extract"}[1h]))'
                    ),
                    "frames": (
                        "sum(rate(veriscope_frames_sampled_total[1h])) "
                        '/ sum(rate(veriscope_hop_messages_total{hop="extract"}[1h]))'
                    ),
                },
            ),
            Panel(
                title="Credentials",
                shows="Media by the state of their Content Credentials.",
                unit="ops",
                queries={"{{state}}": rate("veriscope_provenance_read_total", "state")},
            ),
        ],
        "Shadow": [
            Panel(
                title="Labels that would be others",
                shows="Share of shadowed uploads that the shadow bundle labels otherwise.",
                unit="percentunit",
                queries={
                    "flips": (f"1 - ({_SAME}) / sum(rate(veriscope_shadow_labels_total[1h]))")
                },
            ),
            Panel(
                title="What became of those drawn",
                shows="Dropped ones cost nothing but evidence.",
                unit="ops",
                queries={
                    "drawn": "sum(rate(veriscope_shadow_drawn_total[5m]))",
                    "{{outcome}}": rate("veriscope_shadow_ended_total", "outcome"),
                    "in hand": "sum(veriscope_shadow_in_hand)",
                },
            ),
            Panel(
                title="Cost",
                shows="Seconds a second, of the same uploads.",
                queries={"{{bundle}}": rate("veriscope_shadow_cost_seconds_total", "bundle")},
            ),
        ],
        "People": [
            Panel(
                title="Reviews that wait",
                shows="By queue and kind.",
                queries={"{{queue}} {{kind}}": "max by (queue, kind) (veriscope_reviews_pending)"},
            ),
            Panel(
                title="Decisions",
                shows="An hour, by kind.",
                queries={
                    "{{job_kind}} {{kind}}": (
                        "sum by (job_kind, kind) (increase(veriscope_decisions_total[1h]))"
                    )
                },
            ),
            Panel(
                title="Overturned",
                shows="Share of decisions in a day that took a verdict back.",
                unit="percentunit",
                queries={
                    "share": (
                        'sum(increase(veriscope_decisions_total{kind="overturn"}[1d])) '
                        "/ sum(increase(veriscope_decisions_total[1d]))"
                    )
                },
            ),
            Panel(
                title="Erasures that wait",
                shows="How many, and since when the oldest.",
                queries={
                    "erasures": "max(veriscope_erasures_open)",
                    "oldest, seconds": "max(veriscope_oldest_erasure_seconds)",
                },
            ),
            Panel(
                title="Retention",
                shows="Uploads whose part's time was over, in an hour; and what is overdue.",
                queries={
                    "removed {{part}}": (
                        "sum by (part) (increase(veriscope_retention_removed_total[1h]))"
                    ),
                    "overdue {{part}}, seconds": (
                        "max by (part) (veriscope_retention_overdue_seconds)"
                    ),
                },
            ),
        ],
    },
)
