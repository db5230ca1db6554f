"""Every metric, in pipeline order: `veriscope_<what>_<unit>`, base units, closed label sets."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_STAGE_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_END_TO_END_BUCKETS = (0.25, 0.5, 1, 2, 5, 10, 15, 20, 30, 45, 60, 120, 300, 900, 3600, 86400)
_BATCH_BUCKETS = (1, 2, 4, 8, 12, 16, 20, 24, 28, 32)

# intake

HTTP_FAILURES = Counter(
    "veriscope_http_failures_total",
    "Requests that no client's mistake made fail, by whose fault it was: dependency or ours.",
    ["fault"],
)
UPLOADS_ANNOUNCED = Counter(
    "veriscope_uploads_announced_total", "Uploads that became known.", ["lane", "way"]
)
UPLOADS_REANNOUNCED = Counter(
    "veriscope_uploads_reannounced_total", "Uploads announced again after a deadline.", ["lane"]
)
UPLOADS_OPEN = Gauge("veriscope_uploads_open", "Uploads without an end.")
OLDEST_OPEN_SECONDS = Gauge(
    "veriscope_oldest_open_seconds", "Age of the oldest upload without an end."
)

# extract

UPLOADS_REJECTED = Counter(
    "veriscope_uploads_rejected_total", "Uploads that cannot be judged.", ["reason"]
)
FRAMES_SAMPLED = Counter("veriscope_frames_sampled_total", "Frames that were decoded and searched.")
FACES_KEPT = Counter("veriscope_faces_kept_total", "Aligned crops put into face packs.")
FACE_SIZES = Counter(
    "veriscope_face_sizes_total",
    "Kept faces by their shorter side: pixels, down to a power of two.",
    ["pixels"],
)
PROVENANCE_READ = Counter(
    "veriscope_provenance_read_total",
    "Media whose provenance was read, by the state of their credentials.",
    ["state"],
)
STAGE_SECONDS = Histogram(
    "veriscope_stage_seconds", "Time of a stage for one upload.", ["stage"], buckets=_STAGE_BUCKETS
)

# score

BATCH_CROPS = Histogram(
    "veriscope_batch_crops", "Crops in one request to the scorer.", buckets=_BATCH_BUCKETS
)
SCORER_SECONDS = Histogram(
    "veriscope_scorer_seconds", "Time of one request to the scorer.", buckets=_STAGE_BUCKETS
)

# shadow

SHADOW_DRAWN = Counter("veriscope_shadow_drawn_total", "Live uploads drawn for the shadow bundle.")
SHADOW_ENDED = Counter(
    "veriscope_shadow_ended_total",
    "What became of those drawn; a process that died leaves some without an end.",
    ["outcome"],
)
SHADOW_LABELS = Counter(
    "veriscope_shadow_labels_total",
    "Uploads by the label that the serving bundle led to, and the shadow's.",
    ["serving", "shadow"],
)
SHADOW_COST_SECONDS = Counter(
    "veriscope_shadow_cost_seconds_total", "What the same uploads cost each bundle.", ["bundle"]
)
SHADOW_IN_HAND = Gauge("veriscope_shadow_in_hand", "Uploads that wait for the shadow.")

# record

VERDICTS = Counter("veriscope_verdicts_total", "Verdicts reached.", ["lane", "label"])
VERDICTS_MATCHED = Counter(
    "veriscope_verdicts_matched_total",
    "Verdicts that matched what was known: a verdict taken over, a decision, an entry of a list.",
    ["kind"],
)
PROBABILITIES = Counter(
    "veriscope_probabilities_total",
    "Verdicts that have a probability of being forged, by its first decimal.",
    ["tenth"],
)
END_TO_END_SECONDS = Histogram(
    "veriscope_end_to_end_seconds",
    "From the announcement of an upload to its verdict.",
    ["lane"],
    buckets=_END_TO_END_BUCKETS,
)

# relay

OUTBOX_PENDING = Gauge("veriscope_outbox_pending", "Messages that wait to be published.")
OUTBOX_OLDEST_SECONDS = Gauge(
    "veriscope_outbox_oldest_seconds", "Age of the oldest message that waits to be published."
)
OUTBOX_PUBLISHED = Counter("veriscope_outbox_published_total", "Messages the relay published.")

# review

REVIEWS_WAITING = Gauge(
    "veriscope_reviews_pending", "Review jobs that nobody decided, by queue.", ["queue", "kind"]
)
OLDEST_REVIEW_SECONDS = Gauge(
    "veriscope_oldest_review_seconds", "Age of the oldest review job that nobody decided."
)
DECISIONS = Counter(
    "veriscope_decisions_total", "Decisions that took effect.", ["job_kind", "kind"]
)

# erasure and retention

ERASURES = Counter("veriscope_erasures_total", "Erasures that were done.", ["scope"])
ERASURES_OPEN = Gauge("veriscope_erasures_open", "Erasures that were asked for and are not done.")
OLDEST_ERASURE_SECONDS = Gauge(
    "veriscope_oldest_erasure_seconds", "Age of the oldest erasure that is not done."
)
RETENTION_REMOVED = Counter(
    "veriscope_retention_removed_total", "Uploads of which a part's time was over.", ["part"]
)
RETENTION_OVERDUE_SECONDS = Gauge(
    "veriscope_retention_overdue_seconds",
    "How long the oldest part that should be gone is overdue.",
    ["part"],
)
RETENTION_HELD = Gauge(
    "veriscope_retention_held", "Uploads kept longer since somebody decides about them.", ["part"]
)

RETENTION_STRAYS = Counter(
    "veriscope_retention_strays_total",
    "Objects of the media store that were removed since no upload had them.",
)

# policy

POLICY_REFUSED_SECONDS = Gauge(
    "veriscope_policy_refused_seconds",
    "How long the policy's file has been one that is refused; the policy before stays in force.",
)

# database and disks

DATABASE_IN_USE = Gauge(
    "veriscope_database_connections_in_use", "Connections to the database that are worked with."
)
DATABASE_LIMIT = Gauge(
    "veriscope_database_connections_limit", "Connections to the database that there may be."
)
DATABASE_WAITING = Gauge(
    "veriscope_database_waiting", "How many wait for a connection to the database."
)
DISK_FREE_BYTES = Gauge(
    "veriscope_disk_free_bytes", "What is free where a folder of ours lies.", ["folder"]
)
DISK_SIZE_BYTES = Gauge(
    "veriscope_disk_size_bytes", "What there is in all where a folder of ours lies.", ["folder"]
)

# the stream as a whole

GOLDEN_CHECKS = Counter(
    "veriscope_golden_checks_total",
    "Known media that were sent through the stream, by how their verdict was.",
    ["outcome"],
)

# every hop

IN_HAND = Gauge("veriscope_hop_in_hand", "Messages a hop is working on.", ["hop", "lane"])
HOP_MESSAGES = Counter(
    "veriscope_hop_messages_total",
    "Messages a hop settled, by whose fault a failure was.",
    ["hop", "outcome"],
)
HOP_SECONDS = Histogram(
    "veriscope_hop_seconds",
    "Time a hop took for one message, retries included.",
    ["hop"],
    buckets=_STAGE_BUCKETS,
)
RETRIES = Counter("veriscope_retries_total", "Waits for a dependency, by error.", ["hop", "error"])
DEAD_LETTERS = Counter(
    "veriscope_dead_letters_total",
    "Messages set aside, by whose fault it was and by error; a defect has no error of ours.",
    ["hop", "fault", "error"],
)
LAG = Gauge("veriscope_consumer_lag_messages", "Messages not settled yet.", ["topic"])
STALLED_SECONDS = Gauge(
    "veriscope_consumer_stalled_seconds",
    "How long a partition of this worker has had messages and not moved.",
)
