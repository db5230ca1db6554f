"""The real Kafka, PostgreSQL and Triton, started for one question and ended with it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from inference.bundles.bundle import PACKAGED, open_bundle
from runtime.embedded.triton import EmbeddedTriton, embedded_triton
from tests.parts.broker import Kafka, fetch_jars, kafka_broker
from tests.parts.postgres import Postgres, make_folder, postgres_server
from tests.parts.servers import TRITON_ENVIRONMENT

_START_SECONDS = 300.0  # on a machine that does other things besides
# Else PostgreSQL counts once a minute what is new, and a round is over by then.
_POSTGRES = ("autovacuum_naptime=5s",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    kafka: Kafka
    postgres: Postgres


def broker_logs(folder: Path) -> Path:
    """Where the broker of `real_parts(folder)` keeps its topics."""
    return folder / "kafka" / "data"


@asynccontextmanager
async def real_parts(folder: Path) -> AsyncIterator[Parts]:
    """Raises: PartUnavailable, or pytest's own skip: one of them cannot be had here."""
    state = folder / "kafka"
    state.mkdir(parents=True)
    kafka, home = kafka_broker(state, fetch_jars()), make_folder()
    try:
        postgres = postgres_server(home, settings=_POSTGRES)
        kafka.server.start_seconds = postgres.server.start_seconds = _START_SECONDS
        async with kafka.server, postgres.server:
            yield Parts(kafka=kafka, postgres=postgres)
    finally:
        shutil.rmtree(home)


@asynccontextmanager
async def real_triton(folder: Path) -> AsyncIterator[EmbeddedTriton]:
    """Triton with the packaged bundle's models.

    Raises:
        PartUnavailable: it cannot run here.
    """
    triton = embedded_triton(
        environment=TRITON_ENVIRONMENT,
        repository=PACKAGED,
        models=[detector.model for detector in open_bundle(PACKAGED).manifest.models],
        state=folder / "triton",
    )
    triton.server.start_seconds = _START_SECONDS
    async with triton.server:
        yield triton
