"""The only package that names every adapter: settings in, parts out."""

from runtime.wiring.broker import (
    connection,
    deadlines,
    intake,
    ledger_consumers,
    open_publisher,
    topics,
)
from runtime.wiring.kept import Kept, open_kept
from runtime.wiring.media import media_store, open_decoders
from runtime.wiring.scoring import open_scorer, served_model
from runtime.wiring.worker import VERSION, open_worker

__all__ = [
    "VERSION",
    "Kept",
    "connection",
    "deadlines",
    "intake",
    "ledger_consumers",
    "media_store",
    "open_decoders",
    "open_kept",
    "open_publisher",
    "open_scorer",
    "open_worker",
    "served_model",
    "topics",
]
