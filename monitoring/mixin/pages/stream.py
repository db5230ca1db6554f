"""Every hop by rate, errors and duration; Kafka, the outbox and the scorer."""

from __future__ import annotations

from monitoring.mixin.panels import Page, Panel
from monitoring.mixin.promql import mean, quantile, rate

STREAM_PAGE = Page(
    name="stream",
    title="Veriscope: the stream",
    rows={
        "Each hop: rate, errors, duration": [
            Panel(
                title="Messages settled",
                shows="A second, by hop.",
                unit="ops",
                queries={"{{hop}}": rate("veriscope_hop_messages_total", "hop")},
            ),
            Panel(
                title="Not done",
                shows="By whose fault: the upload's, a dependency's, or ours.",
                unit="ops",
                queries={
                    "{{hop}} {{outcome}}": rate(
                        'veriscope_hop_messages_total{outcome!="done"}', "hop, outcome"
                    )
                },
            ),
            Panel(
                title="Time of a message, 95%",
                shows="Retries included.",
                unit="s",
                queries={"{{hop}}": quantile(0.95, "veriscope_hop_seconds", "hop")},
            ),
            Panel(
                title="In hand",
                shows="At its window a hop takes no more: what comes before it waits on Kafka.",
                queries={"{{hop}} {{lane}}": "sum by (hop, lane) (veriscope_hop_in_hand)"},
            ),
            Panel(
                title="Stages of extract, 95%",
                shows="Fetching, and decoding with finding faces.",
                unit="s",
                queries={"{{stage}}": quantile(0.95, "veriscope_stage_seconds", "stage")},
            ),
            Panel(
                title="Waits for a dependency",
                shows="Retries a second, by error.",
                unit="ops",
                queries={"{{hop}} {{error}}": rate("veriscope_retries_total", "hop, error")},
            ),
        ],
        "Kafka and the outbox": [
            Panel(
                title="Lag",
                shows="Messages that are not settled, by topic.",
                queries={"{{topic}}": "sum by (topic) (veriscope_consumer_lag_messages)"},
            ),
            Panel(
                title="Lag in time",
                shows="At the present rate, until all that waits is settled.",
                unit="s",
                queries={
                    "until settled": (
                        "sum(veriscope_consumer_lag_messages) "
                        "/ sum(rate(veriscope_hop_messages_total[5m]))"
                    )
                },
            ),
            Panel(
                title="Partitions that stand still",
                shows="Over five minutes somebody is paged.",
                unit="s",
                queries={"{{instance}}": "max by (instance) (veriscope_consumer_stalled_seconds)"},
                limit=300,
            ),
            Panel(
                title="Outbox",
                shows="Messages to be published, and the age of the oldest.",
                queries={
                    "messages": "max(veriscope_outbox_pending)",
                    "oldest, seconds": "max(veriscope_outbox_oldest_seconds)",
                },
            ),
            Panel(
                title="Dead letters",
                shows="In an hour, by hop and error.",
                queries={
                    "{{hop}} {{error}}": (
                        "sum by (hop, error) (increase(veriscope_dead_letters_total[1h]))"
                    )
                },
            ),
            Panel(
                title="Announced again",
                shows="Uploads that had no end in time.",
                unit="ops",
                queries={"{{lane}}": rate("veriscope_uploads_reannounced_total", "lane")},
            ),
        ],
        "Scoring": [
            Panel(
                title="Crops in a batch",
                shows="Near the largest batch a server is used best.",
                queries={
                    "mean": mean("veriscope_batch_crops"),
                    "50%": quantile(0.5, "veriscope_batch_crops"),
                },
            ),
            Panel(
                title="Time of a request to the scorer",
                shows="As the worker sees it.",
                unit="s",
                queries={
                    "50%": quantile(0.5, "veriscope_scorer_seconds"),
                    "99%": quantile(0.99, "veriscope_scorer_seconds"),
                },
            ),
            Panel(
                title="Triton: where time goes",
                shows="Seconds a second in its queue and in models: one for each busy instance.",
                queries={
                    "queue {{model}}": (
                        "sum by (model) (rate(nv_inference_queue_duration_us[5m])) / 1e6"
                    ),
                    "model {{model}}": (
                        "sum by (model) (rate(nv_inference_compute_infer_duration_us[5m])) / 1e6"
                    ),
                },
            ),
            Panel(
                title="Triton: requests",
                shows="A second; failures have a line of their own.",
                unit="ops",
                queries={
                    "{{model}}": rate("nv_inference_request_success", "model"),
                    "failed {{model}}": rate("nv_inference_request_failure", "model"),
                },
            ),
            Panel(
                title="Triton: images in an execution",
                shows="What its batcher makes of the requests.",
                queries={
                    "{{model}}": (
                        "sum by (model) (rate(nv_inference_count[5m])) "
                        "/ sum by (model) (rate(nv_inference_exec_count[5m]))"
                    )
                },
            ),
        ],
    },
)
