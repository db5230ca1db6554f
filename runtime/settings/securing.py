"""How the way to a part is secured."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from runtime.settings.values import Section


class Secured(Section):
    """A connection that may be encrypted."""

    tls: bool = Field(
        False, description="encrypt the connection, and ask the server for its certificate"
    )
    ca: Path | None = Field(
        None, description="PEM file of who may sign its certificate; public authorities when unset"
    )
    certificate: Path | None = Field(
        None, description="PEM file of a certificate of our own, for a server that asks for one"
    )
    key: Path | None = Field(None, description="PEM file of its key, without a password")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.tls and (self.ca or self.certificate or self.key):
            raise _wrong("CA, CERTIFICATE and KEY are for TLS, which is off: set TLS=true")
        if (self.certificate is None) != (self.key is None):
            raise _wrong("CERTIFICATE and KEY go together")
        return self


class SignedIn(Secured):
    """A connection that may be encrypted, and on which one may have to say who one is."""

    user: str | None = Field(None, description="for SASL; nobody in particular when unset")
    password: SecretStr | None = Field(None, description="for SASL")
    mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = Field(
        "SCRAM-SHA-512", description="of SASL; PLAIN gives the password away and needs TLS"
    )

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise _wrong("USER and PASSWORD go together")
        if self.user is not None and self.mechanism == "PLAIN" and not self.tls:
            raise _wrong("PLAIN gives the password to whoever listens: set TLS=true")
        return self


def _wrong(why: str) -> PydanticCustomError:
    return PydanticCustomError("connection", why)
