"""Every setting with its default: read once, from `VERISCOPE_…` variables, where all is wired.

Nested names join with two underscores: `VERISCOPE_KAFKA__BOOTSTRAP=broker:9092`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, TypeGuard

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from moderation.errors import InvalidConfiguration
from moderation.people import Role

MEBIBYTE = 1024 * 1024
_BUNDLE = r"^([a-z0-9_-]+:[A-Za-z0-9._+-]+)?$"


def _plain_seconds(value: object) -> object:
    return timedelta(seconds=float(value)) if _is_number(value) else value


def _is_number(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value.replace(".", "", 1).isdigit()


Tenant = Annotated[str, Field(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9._-]{0,127})$")]
Duration = Annotated[timedelta, BeforeValidator(_plain_seconds), Field(gt=timedelta(0))]


def _kept(value: object) -> object:
    return None if value == "keep" else value


# None is written `keep`.
Time = Annotated[timedelta | None, BeforeValidator(_plain_seconds), BeforeValidator(_kept)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Kafka(_Section):
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


class Scoring(_Section):
    """The bundle of detectors, and where its models are served."""

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


class Shadow(_Section):
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


class Database(_Section):
    """The ledger."""

    url: SecretStr = Field(
        SecretStr("sqlite+aiosqlite:///.veriscope/ledger.sqlite"),
        description="sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/NAME",
    )


class Media(_Section):
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


class Decoding(_Section):
    """The sandboxed processes that decode media and find faces."""

    processes: int = Field(os.cpu_count() or 2, ge=1, le=256, description="at once")
    memory_bytes: int = Field(2048 * MEBIBYTE, ge=256 * MEBIBYTE, description="of one process")
    cpu: Duration = Field(timedelta(minutes=2), description="processor time for one upload")
    wall: Duration = Field(timedelta(minutes=3), description="time for one upload")
    uploads_per_process: int = Field(200, ge=1, description="before it is replaced")


class Faces(_Section):
    """How faces are found and kept."""

    frames: int = Field(32, ge=1, le=512, description="sampled over the whole length of a video")
    detector: Path | None = Field(
        None, description="a YuNet or SCRFD ONNX file; MTCNN from its package when unset"
    )
    smallest_face: int = Field(40, ge=12, le=1000, description="pixels, shorter side")
    crops_per_track: int = Field(16, ge=1, le=64, description="kept of one person")
    tracks: int = Field(8, ge=1, le=64, description="people kept of one upload")


class Provenance(_Section):
    """What media say of their own origin: who may sign it, and what of it is kept."""

    trust_list: Path | None = Field(
        None,
        description="PEM file of authorities for signers; nobody is trusted when unset",
    )
    time_stamp_list: Path | None = Field(
        None,
        description="PEM file of authorities for time stamps; any is taken at its word when unset",
    )
    keep_places: bool = Field(False, description="GPS coordinates")
    keep_serial_numbers: bool = Field(False, description="of cameras and lenses")
    cpu: Duration = Field(timedelta(seconds=20), description="processor time for one upload")
    wall: Duration = Field(
        timedelta(seconds=30), description="time for one upload; beyond it nothing is known"
    )


class Stream(_Section):
    """Windows, deadlines and patience of the hops."""

    extract_window: int = Field(8, ge=1, le=1000, description="uploads of a lane in hand")
    score_window: int = Field(32, ge=1, le=1000, description="uploads of a lane in hand")
    record_window: int = Field(16, ge=1, le=1000, description="uploads of a lane in hand")
    attempts: int = Field(40, ge=1, le=10_000, description="at a dependency, then a dead letter")
    live_deadline: Duration = Field(
        timedelta(minutes=10), description="a live upload without an end is announced again"
    )
    backfill_deadline: Duration = Field(
        timedelta(hours=24), description="a backfilled upload without an end is announced again"
    )
    announcements: int = Field(
        8, ge=1, le=100, description="of an upload; then it is given up, with a rejection"
    )
    reconcile_every: Duration = Field(timedelta(seconds=30), description="between two looks")
    stop_within: Duration = Field(timedelta(seconds=30), description="after SIGTERM")
    stuck_after: Duration = Field(
        timedelta(minutes=15),
        description="a partition with messages that does not move makes /healthz fail",
    )


class Review(_Section):
    """What people look at, and how long it may take."""

    reasons: Path | None = Field(
        None, description="file of the policy's reasons; the packaged one when unset"
    )
    flagged_within: Duration = Field(timedelta(hours=24), description="for a flagged upload")
    audited_within: Duration = Field(timedelta(days=7), description="for an audit sample")
    second_within: Duration = Field(timedelta(days=3), description="for a second review")
    appeal_within: Duration = Field(timedelta(days=7), description="for an appeal")
    lock: Duration = Field(
        timedelta(minutes=15), description="a job is with one person, until they ask again"
    )
    grace: Duration = Field(
        timedelta(minutes=1), description="a decision can be undone; then it takes effect"
    )
    audited: float = Field(0.005, ge=0, le=1, description="share of published uploads, at random")
    known: float = Field(
        0.02, ge=0, le=1, description="known items mixed in, for each flagged upload"
    )
    second: float = Field(
        0.05, ge=0, le=1, description="share of flagged uploads that a second person judges blindly"
    )
    impression_first: bool = Field(
        False, description="moderators say what they see before they are shown any score"
    )
    enact_every: Duration = Field(
        timedelta(seconds=5), description="between two looks for decisions that take effect"
    )
    countries: tuple[str, ...] = Field(
        (), description="where restrictions hold; the European Economic Area when unset"
    )
    terms_url: str = Field("", description="address of the terms, for statements of reasons")


class Erasure(_Section):
    """Erasing what somebody asks for. `docs/erasure.md` explains it."""

    every: Duration = Field(timedelta(seconds=10), description="between two looks for requests")
    settle: Duration = Field(
        timedelta(hours=1),
        description="how long something of an upload may be on its way; then all is looked for "
        "again, and the proof written",
    )


class KeptFor(_Section):
    """How long each part of an upload stays after its end."""

    media: Time = Field(timedelta(days=30), description="bytes as they were sent")
    packs: Time = Field(timedelta(days=210), description="crops, logits, embeddings")
    evidence: Time = Field(
        timedelta(days=210),
        description="names, addresses, words on the origin, looks, notes, comments, appeals' words",
    )
    verdicts: Time = Field(timedelta(days=1095), description="the upload and all its verdicts")


class Retention(KeptFor):
    """How long things stay after an upload's end; `keep`: until erased (`docs/erasure.md`)."""

    tenants: dict[str, KeptFor] = Field(
        {}, description='JSON: `{"TENANT": {"media": "P7D", "verdicts": "keep"}}`'
    )
    every: Duration = Field(timedelta(hours=1), description="between two looks for what is due")
    strays_after: Duration = Field(
        timedelta(days=8),
        description="objects of the media store that no upload has are removed at that age; "
        "longer than topics keep messages",
    )


class Http(_Section):
    """The upload endpoint, metrics and health."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8700, ge=0, le=65535, description="port to listen on")
    uploads_at_once: int = Field(
        16, ge=1, le=10_000, description="received at once; one more is asked to come again"
    )
    idle: Duration = Field(
        timedelta(seconds=30),
        description="an upload of which nothing arrives that long is given up",
    )
    proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="proxies whose X-Forwarded-For is believed"
    )


class GroupPlace(_Section):
    """What a group of the provider stands for."""

    role: Role
    tenants: frozenset[Tenant] = Field(min_length=1)


class Console(_Section):
    """Who may come in, and how. `docs/console.md` explains it."""

    url: str | None = Field(
        None, description="address that people type, https://HOST; needed behind a proxy"
    )
    uploads_without_token: bool = Field(
        True, description="from this machine itself, where it listens on loopback; never elsewhere"
    )
    passwords: bool = Field(True, description="sign-in by accounts of Veriscope's own")
    blurred: bool = Field(
        True, description="media are blurred until revealed; people may choose otherwise"
    )
    grey: bool = Field(True, description="media are grey until revealed, likewise")
    muted: bool = Field(True, description="videos start without sound, likewise")
    session_idle: Duration = Field(timedelta(hours=1), description="then one has to sign in again")
    session: Duration = Field(timedelta(hours=12), description="at most, however busy")
    invitation: Duration = Field(timedelta(days=3), description="how long a link holds")
    provider: str = Field("your organisation", description="what the sign-in page calls it")
    provider_issuer: str | None = Field(
        None, description="of an OpenID Connect provider, as its discovery document says"
    )
    provider_client: str = Field("veriscope", description="client id at the provider")
    provider_secret: SecretStr | None = Field(None, description="client secret, if it has one")
    provider_secret_file: Path | None = Field(None, description="a file that holds it, instead")
    provider_name_claim: str = Field("preferred_username", description="claim with one's name")
    provider_groups_claim: str = Field("groups", description="claim with one's groups")
    provider_groups: dict[str, GroupPlace] = Field(
        {}, description='JSON: `{"GROUP": {"role": "moderator", "tenants": ["acme"]}}`'
    )


class Logs(_Section):
    """What a process says of its work, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="at least")
    json_lines: bool = Field(False, description="one JSON object a line, for machines")


class Settings(BaseSettings):
    """All of it. Frozen; unknown names are refused."""

    model_config = SettingsConfigDict(
        env_prefix="VERISCOPE_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    state: Annotated[Path, Field(description="folder for spooled media and embedded parts")] = Path(
        ".veriscope"
    )
    policy: Path | None = Field(None, description="policy file; the packaged one when unset")
    policy_every: Duration = Field(
        timedelta(seconds=10),
        description="how often the policy file is looked at; a sound change is taken without a "
        "restart, another one is said and changes nothing",
    )
    kafka: Kafka = Kafka()
    scoring: Scoring = Scoring()
    shadow: Shadow = Shadow()
    database: Database = Database()
    media: Media = Media()
    decoding: Decoding = Decoding()
    faces: Faces = Faces()
    provenance: Provenance = Provenance()
    stream: Stream = Stream()
    review: Review = Review()
    erasure: Erasure = Erasure()
    retention: Retention = Retention()
    http: Http = Http()
    console: Console = Console()
    logs: Logs = Logs()


def read_settings() -> Settings:
    """Read the environment.

    Raises:
        InvalidConfiguration: a variable is unknown or its value is not allowed;
            the value is not repeated, since it may be a secret.
    """
    unknown = sorted(_named(os.environ) - set(variables()) - COMMAND_VARIABLES)
    if unknown:
        raise InvalidConfiguration(f"{unknown[0]} is no setting: docs/settings.md lists them")
    try:
        return Settings()
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        name = "VERISCOPE_" + "__".join(str(part) for part in fault["loc"]).upper()
        raise InvalidConfiguration(f"{name}: {fault['msg']}") from error


def variables() -> Iterator[str]:
    """Name the variable of every setting."""
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, _Section):
            yield from (f"VERISCOPE_{name}__{inner}".upper() for inner in section.model_fields)
        else:
            yield f"VERISCOPE_{name}".upper()


def _named(environment: Iterable[str]) -> set[str]:
    return {name.upper() for name in environment if name.upper().startswith("VERISCOPE_")}


# Read by single commands and by the tests, not by services.
COMMAND_VARIABLES = frozenset(
    {
        "VERISCOPE_API",
        "VERISCOPE_API_TOKEN",
        "VERISCOPE_TRITON_ENVIRONMENT",
        "VERISCOPE_TEST_TRITON",
    }
)
