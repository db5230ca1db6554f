"""The only package that names every adapter: settings in, parts out."""

from runtime.wiring.broker import (
    connection,
    deadlines,
    intake,
    ledger_consumers,
    open_publisher,
    topics,
)
from runtime.wiring.bundles import bundle_store, chosen_bundle, served_bundle
from runtime.wiring.kept import Kept, open_kept
from runtime.wiring.media import media_store, open_decoders
from runtime.wiring.scoring import check_served, open_panel, open_scorers
from runtime.wiring.worker import VERSION, open_worker

__all__ = [
    "VERSION",
    "Kept",
    "bundle_store",
    "check_served",
    "chosen_bundle",
    "connection",
    "deadlines",
    "intake",
    "ledger_consumers",
    "media_store",
    "open_decoders",
    "open_kept",
    "open_panel",
    "open_publisher",
    "open_scorers",
    "open_worker",
    "served_bundle",
    "topics",
]
