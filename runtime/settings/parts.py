"""The parts that are used: broker, scorer, database, media store."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from runtime.settings.securing import Secured, SignedIn
from runtime.settings.values import MEBIBYTE, Duration, Section

_BUNDLE = r"^([a-z0-9_-]+:[A-Za-z0-9._+-]+)?$"


class Kafka(SignedIn):
    """The broker, and how topics are made on it."""

    bootstrap: str = Field("127.0.0.1:9092", description="HOST:PORT, several with commas")
    prefix: str = Field(
        "veriscope", pattern=r"^[A-Za-z0-9._-]{1,100}$", description="what all topics begin with"
    )
    partitions: int = Field(12, ge=1, le=1000, description="of each topic that is created")
    replication: int = Field(1, ge=1, le=9, description="of each topic that is created")
    group: str = Field("veriscope", description="prefix of the consumer groups")
    session: Duration = Field(
        timedelta(seconds=20), description="a worker that is silent that long is taken for dead"
    )
    fetch_wait: Duration = Field(
        timedelta(seconds=1), description="how long a fetch waits for messages at the broker"
    )
    idempotent: bool = Field(True, description="idempotent producer; the embedded broker has none")


class Scoring(Secured):
    """The bundle of detectors, and where its models are served. TLS is for Triton's gRPC."""

    backend: Literal["triton", "in_process"] = Field(
        "triton", description="in_process runs the models in the worker itself"
    )
    triton: str = Field("127.0.0.1:8001", description="HOST:PORT of Triton's gRPC endpoint")
    bundle: str = Field(
        "",
        pattern=_BUNDLE,
        description="NAME:VERSION; the promoted one when empty, else the packaged one",
    )
    bundles: Path | None = Field(
        None, description="folder of imported bundles; `bundles` below the state folder when unset"
    )
    requests_in_flight: int = Field(4, ge=1, le=64, description="to each model at once")
    deadline: Duration = Field(timedelta(seconds=10), description="for one request to Triton")
    threads: int = Field(0, ge=0, le=64, description="of each in-process model; 0: one a core")


class Shadow(Section):
    """A second bundle that looks at live uploads without effect. `docs/shadow.md` explains it."""

    bundle: str = Field("", pattern=_BUNDLE, description="NAME:VERSION; no shadow when empty")
    share: float = Field(0.05, ge=0, le=1, description="of the live uploads that have a face")
    triton: str = Field(
        "", description="HOST:PORT of a Triton of its own; the one of the other when empty"
    )
    within: Duration = Field(
        timedelta(minutes=1), description="what is not scored that soon after the other is dropped"
    )
    room_bytes: int = Field(
        64 * MEBIBYTE, ge=MEBIBYTE, description="for crops that wait; then the next is dropped"
    )


class Database(Secured):
    """The ledger. TLS is for PostgreSQL."""

    url: SecretStr = Field(
        SecretStr("sqlite+aiosqlite:///.veriscope/ledger.sqlite"),
        description="sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/NAME",
    )


class Media(Section):
    """Where media are kept, and where they may be fetched from."""

    store: str = Field(
        ".veriscope/media", description="a folder, or s3://…, gs://…, az://… of the media store"
    )
    allowed_roots: tuple[Path, ...] = Field((), description="folders that file: may name")
    allowed_buckets: tuple[str, ...] = Field((), description="buckets that s3:, gs:, az: may name")
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="private networks that http: may reach all the same"
    )
    fetch_within: Duration = Field(timedelta(minutes=5), description="for one upload's bytes")
    max_bytes: int = Field(2048 * MEBIBYTE, ge=1, description="of one upload")
    max_pixels: int = Field(100_000_000, ge=1, description="of one frame")
    max_duration: Duration = Field(timedelta(hours=4), description="of one video")
