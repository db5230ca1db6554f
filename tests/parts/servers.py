"""Fixtures of the real servers, each started once for a run and ended with it.

A test that stops or kills one starts it again before it ends.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from inference.bundles.bundle import PACKAGED, open_bundle
from moderation.errors import PartUnavailable
from runtime.embedded.broker import EmbeddedBroker, embedded_broker
from runtime.embedded.triton import EmbeddedTriton, embedded_triton
from tests.parts.broker import Kafka, fetch_jars, kafka_broker
from tests.parts.loops import run
from tests.parts.missing import skip_or_fail
from tests.parts.postgres import Postgres, make_folder, postgres_server

TRITON_ENVIRONMENT = Path(
    os.environ.get("VERISCOPE_TEST_TRITON", Path(__file__).parents[2] / ".venv-triton")
)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    broker = kafka_broker(tmp_path_factory.mktemp("kafka"), fetch_jars())
    run(broker.server.start())
    yield broker
    run(broker.server.stop())


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    folder = make_folder()
    database = postgres_server(folder)
    run(database.server.start())
    yield database
    run(database.server.stop())
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def triton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedTriton]:
    try:
        server = embedded_triton(
            environment=TRITON_ENVIRONMENT,
            repository=PACKAGED,
            models=[detector.model for detector in open_bundle(PACKAGED).manifest.models],
            state=tmp_path_factory.mktemp("triton"),
        )
    except PartUnavailable as missing:
        skip_or_fail(missing.detail)
    run(server.server.start())
    yield server
    run(server.server.stop())


@pytest.fixture(scope="session")
def tansu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    try:
        broker = embedded_broker(state=tmp_path_factory.mktemp("tansu"))
    except PartUnavailable as missing:
        skip_or_fail(missing.detail)
    run(broker.server.start())
    yield broker
    run(broker.server.stop())


def stubs_of(triton: EmbeddedTriton) -> list[int]:
    """The Python processes of a server: their program lies in its state folder."""
    program = str(triton.server.log.parent / "backends")
    return [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if path.read_bytes().startswith(program.encode())
    ]
