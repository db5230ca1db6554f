"""How the ways to Kafka, Triton and PostgreSQL are secured, and which of them are not."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import structlog

from console.identity.site import is_loopback
from inference.scoring.triton import Tls
from moderation.errors import InvalidConfiguration
from runtime.settings import Settings
from runtime.settings.securing import Secured
from storage.database import database_url
from streams.connections import Login, Password, Security

log = structlog.get_logger()

_ENCRYPTED = ("require", "verify-ca", "verify-full")  # `?ssl=` in an address, as asyncpg takes it


class UnusableFile(InvalidConfiguration):
    """A file that TLS needs cannot be read, or is none that it should be."""


def kafka_security(settings: Settings) -> Security:
    """Raises: UnusableFile: see `tls_context`."""
    kafka = settings.kafka
    login = None
    if kafka.user is not None and kafka.password is not None:
        password = Password(kafka.password.get_secret_value())
        login = Login(user=kafka.user, password=password, mechanism=kafka.mechanism)
    return Security(tls=tls_context("KAFKA", kafka), login=login)


def database_tls(settings: Settings) -> ssl.SSLContext | None:
    """Raises: UnusableFile: see `tls_context`."""
    return tls_context("DATABASE", settings.database)


def triton_tls(settings: Settings) -> Tls | None:
    """Raises: UnusableFile: see `tls_context`."""
    secured = settings.scoring
    if tls_context("SCORING", secured) is None:  # it tells what gRPC would not: which file is wrong
        return None
    return Tls(
        authorities=_content(secured.ca),
        certificate=_content(secured.certificate),
        key=_content(secured.key),
    )


def tls_context(section: str, secured: Secured) -> ssl.SSLContext | None:
    """What verifies a server by its name, and shows our own certificate where there is one.

    Raises:
        UnusableFile: a file cannot be read, or is none that it should be.
    """
    if not secured.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=secured.ca)
    except OSError as error:
        raise _unusable(f"VERISCOPE_{section}__CA: {secured.ca}", error) from error
    if secured.certificate is not None:
        try:
            # A key with a password is refused: OpenSSL would ask for it at the terminal.
            context.load_cert_chain(secured.certificate, secured.key, password="")
        except OSError as error:
            # Unnamed: who gave the key itself instead of its file would see it in a log.
            raise _unusable(f"VERISCOPE_{section}__CERTIFICATE or __KEY", error) from error
    return context


def tell_unencrypted(settings: Settings) -> None:
    """Say in one line which parts on other machines are spoken to without TLS."""
    if parts := list(_unencrypted(settings)):
        log.warning("connections.not_encrypted", to=parts, see="docs/running.md")


def _unencrypted(settings: Settings) -> Iterator[str]:
    kafka, scoring = settings.kafka, settings.scoring
    if not kafka.tls and not all(_is_near(one) for one in kafka.bootstrap.split(",")):
        yield f"kafka {kafka.bootstrap}"
    if scoring.backend == "triton" and not scoring.tls:
        tritons = dict.fromkeys((scoring.triton, settings.shadow.triton or scoring.triton))
        yield from (f"triton {one}" for one in tritons if not _is_near(one))
    url = database_url(settings.database.url.get_secret_value())
    encrypted = settings.database.tls or url.query.get("ssl") in _ENCRYPTED
    if not encrypted and url.host and not is_loopback(url.host):
        yield f"database {url.host}"


def _is_near(address: str) -> bool:
    return is_loopback(address.strip().rpartition(":")[0].strip("[]"))


def _content(file: Path | None) -> bytes | None:
    return None if file is None else file.read_bytes()


def _unusable(which: str, error: OSError) -> UnusableFile:
    why = getattr(error, "reason", None) or error.strerror or "it cannot be read"
    return UnusableFile(f"{which}: {why}")
