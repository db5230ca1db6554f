"""How the broker is reached: encrypted or not, in whose name; and in words why it is not."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from faust.auth import Credentials, SASLCredentials, SSLCredentials

from moderation.errors import BrokerUnavailable

_PROBE_SECONDS = 5.0
_ASKED = ("ssl_context", "security_protocol", "sasl_mechanism", "sasl_plain_username",
          "sasl_plain_password")  # fmt: skip


class Password(str):
    """A password that says nothing of itself where what holds it is shown."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'**********'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who one is to the broker; `mechanism` is SASL's name of how one shows it."""

    user: str
    password: Password
    mechanism: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """Without `tls` nothing is encrypted, without `login` one is nobody in particular."""

    tls: ssl.SSLContext | None = None
    login: Login | None = None

    def options(self) -> dict[str, Any]:
        """As aiokafka's clients take it."""
        protocol = "SSL" if self.tls is not None else "PLAINTEXT"
        if self.login is None:
            return {"security_protocol": protocol, "ssl_context": self.tls}
        return {
            "security_protocol": "SASL_SSL" if self.tls is not None else "SASL_PLAINTEXT",
            "ssl_context": self.tls,
            "sasl_mechanism": self.login.mechanism,
            "sasl_plain_username": self.login.user,
            "sasl_plain_password": self.login.password,
        }

    def credentials(self) -> Credentials | None:
        """As Faust takes it."""
        if self.login is not None:
            return SASLCredentials(
                username=self.login.user,
                password=self.login.password,
                mechanism=self.login.mechanism,
                ssl_context=self.tls,
            )
        return SSLCredentials(self.tls) if self.tls is not None else None


async def unavailable(
    what: str, connection: Mapping[str, Any], error: Exception
) -> BrokerUnavailable:
    """Our error for one of aiokafka's, which says that no broker was found but never why."""
    if not isinstance(error, KafkaConnectionError):
        return BrokerUnavailable(f"{what}: {error!r}")
    address = str(connection["bootstrap_servers"]).split(",")[0]
    why = await _refusal(address, {name: connection.get(name) for name in _ASKED})
    return BrokerUnavailable(f"{what}: {why or repr(error)}")


async def _refusal(address: str, options: Mapping[str, Any]) -> str | None:
    """Knock once more; None where one is let in now."""
    given = {name: value for name, value in options.items() if value is not None}
    try:
        ((host, port, _),) = collect_hosts([address])
        async with asyncio.timeout(_PROBE_SECONDS):
            (await create_conn(host, port, **given)).close()
    except (KafkaError, OSError, TimeoutError, ValueError) as error:
        return f"{address} {_in_words(error, encrypted='ssl_context' in given)}"
    return None


def _in_words(error: Exception, *, encrypted: bool) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"shows a certificate that is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"does not agree on TLS: {error.reason or error}"
    if isinstance(error, (SaslAuthenticationFailed, AuthenticationFailedError)):
        return f"refuses the user or the password: {error}"
    if isinstance(error, UnsupportedSaslMechanismError):
        return f"has another way to sign in: {error}"
    if isinstance(error, TimeoutError):
        return f"does not answer within {_PROBE_SECONDS:g} s"
    if isinstance(error, OSError) or encrypted:
        return f"cannot be reached: {error}"
    return f"ends the connection, as a broker does that asks for TLS: {error}"
