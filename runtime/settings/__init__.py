"""Every setting with its default: read once, from `VERISCOPE_…` variables, where all is wired.

Nested names join with two underscores: `VERISCOPE_KAFKA__BOOTSTRAP=broker:9092`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from moderation.errors import InvalidConfiguration
from runtime.settings.hops import Decoding, Faces, Golden, Provenance, Stream
from runtime.settings.moderating import Erasure, KeptFor, Retention, Review
from runtime.settings.parts import Database, Kafka, Media, Scoring, Shadow
from runtime.settings.serving import Console, Http, Logs, Tracing
from runtime.settings.values import Duration, Section

__all__ = [
    "Console",
    "Database",
    "Faces",
    "Http",
    "KeptFor",
    "Media",
    "Provenance",
    "Review",
    "Scoring",
    "Settings",
    "Shadow",
    "read_settings",
    "variables",
]


class Settings(BaseSettings):
    """All of it. Frozen; unknown names are refused."""

    model_config = SettingsConfigDict(
        env_prefix="VERISCOPE_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    state: Path = Field(
        Path(".veriscope"),
        description="folder for spooled media, imported bundles and embedded parts; `veriscope up` "
        "keeps the ledger and media below it, too. The defaults of VERISCOPE_DATABASE__URL and "
        "VERISCOPE_MEDIA__STORE do not follow it: they are below the working directory",
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
    golden: Golden = Golden()
    review: Review = Review()
    erasure: Erasure = Erasure()
    retention: Retention = Retention()
    http: Http = Http()
    console: Console = Console()
    logs: Logs = Logs()
    tracing: Tracing = Tracing()


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
        if isinstance(section, type) and issubclass(section, Section):
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
