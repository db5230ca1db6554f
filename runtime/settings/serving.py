"""What is served, and what is said of it."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from moderation.people import Role
from runtime.settings.values import Duration, Section, Tenant


class Http(Section):
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


class GroupPlace(Section):
    """What a group of the provider stands for."""

    role: Role
    tenants: frozenset[Tenant] = Field(min_length=1)


class Console(Section):
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


class Tracing(Section):
    """Traces of uploads, for an OpenTelemetry collector. `docs/running.md` explains it."""

    endpoint: str | None = Field(
        None,
        pattern=r"^https?://[^/]+$",
        description="http(s)://HOST:PORT of OTLP over gRPC; nothing is traced when unset",
    )
    share: float = Field(
        1.0, ge=0, le=1, description="of the uploads; the same in all processes of a stream"
    )


class Logs(Section):
    """What a process says of its work, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="at least")
    json_lines: bool = Field(False, description="one JSON object a line, for machines")
