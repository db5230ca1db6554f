"""The only package that names every adapter: settings in, parts out."""

from runtime.wiring.broker import (
    connection,
    intake,
    ledger_consumers,
    open_publisher,
    reconciler,
    topics,
)
from runtime.wiring.bundles import bundle_store, chosen_bundle, served_bundle
from runtime.wiring.console import lifetimes, open_console
from runtime.wiring.erasing import eraser, erasure_areas, erasures
from runtime.wiring.following import following
from runtime.wiring.golden import heartbeat
from runtime.wiring.kept import Kept, open_kept
from runtime.wiring.lookalikes import clusters_area, look_lists
from runtime.wiring.media import media_store, open_decoders, provenance_search
from runtime.wiring.moderating import leads_desk, moderators_areas, moderators_desk, search_desk
from runtime.wiring.replaying import Anew, Stage, open_replay, record_by
from runtime.wiring.retaining import (
    retainer,
    retention_page,
    retention_plan,
    retention_standings,
)
from runtime.wiring.reviews import statement_terms
from runtime.wiring.scoring import check_served, open_panel, open_scorers
from runtime.wiring.securing import UnusableFile, database_tls, tell_unencrypted
from runtime.wiring.shadow import open_shadow_scorers, shadow_bundle
from runtime.wiring.tracing import open_tracing
from runtime.wiring.worker import VERSION, open_worker

__all__ = [
    "VERSION",
    "Anew",
    "Kept",
    "Stage",
    "UnusableFile",
    "bundle_store",
    "check_served",
    "chosen_bundle",
    "clusters_area",
    "connection",
    "database_tls",
    "eraser",
    "erasure_areas",
    "erasures",
    "following",
    "heartbeat",
    "intake",
    "leads_desk",
    "ledger_consumers",
    "lifetimes",
    "look_lists",
    "media_store",
    "moderators_areas",
    "moderators_desk",
    "open_console",
    "open_decoders",
    "open_kept",
    "open_panel",
    "open_publisher",
    "open_replay",
    "open_scorers",
    "open_shadow_scorers",
    "open_tracing",
    "open_worker",
    "provenance_search",
    "reconciler",
    "record_by",
    "retainer",
    "retention_page",
    "retention_plan",
    "retention_standings",
    "search_desk",
    "served_bundle",
    "shadow_bundle",
    "statement_terms",
    "tell_unencrypted",
    "topics",
]
