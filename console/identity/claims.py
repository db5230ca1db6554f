"""Whether an id_token is for us and this sign-in, and what the groups in it stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from console.faults import Refused
from moderation.errors import ProviderUnavailable
from moderation.people import Role, Tenants, strongest
from storage.accounts.records import Identity

log = structlog.get_logger()

# Asymmetric ones only: with a shared secret, or none, anybody who knows it could sign.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
_LEEWAY_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a token says, once it is known to be true."""

    identity: Identity
    claims: Mapping[str, Any]

    def named_by(self, claim: str) -> str:
        """The name that a claim gives, or the subject where it gives none."""
        given = self.claims.get(claim)
        return given if isinstance(given, str) and given else self.identity.subject

    def groups(self, claim: str) -> frozenset[str]:
        given = self.claims.get(claim, [])
        several = [given] if isinstance(given, str) else given
        return (
            frozenset(str(each) for each in several) if isinstance(several, list) else frozenset()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMeaning:
    """What a provider's group stands for here."""

    role: Role
    tenants: Tenants


def check_id_token(
    token: str,
    keys: dict[str, Any],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    access_token: str,
) -> Checked | None:
    """Read an id_token; None when it is signed with a key that is not among these.

    Raises:
        Refused: it is forged, expired, of another provider, or for another client or sign-in.
        ProviderUnavailable: the keys are none.
    """
    try:
        key_set = KeySet.import_key_set(keys)  # type: ignore[arg-type]
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise ProviderUnavailable("the provider's keys cannot be read") from error
    try:
        read = jwt.decode(token, key_set, algorithms=_ALGORITHMS)
        claims = CodeIDToken(
            read.claims,
            read.header,
            {
                "iss": {"essential": True, "value": issuer},
                "aud": {"essential": True, "value": client_id},
                "nonce": {"essential": True, "value": nonce},
            },
            {"nonce": nonce, "client_id": client_id, "access_token": access_token},
        )
        claims.validate(leeway=_LEEWAY_SECONDS)
    except InvalidKeyIdError:
        return None
    except (JoseError, ValueError) as error:
        log.warning("provider.token_refused", error=type(error).__name__)
        detail = "the provider's token is not valid for this sign-in"
        raise Refused(401, "not_signed_in", detail) from error
    identity = Identity(issuer=issuer, subject=str(claims["sub"]))
    return Checked(identity=identity, claims=dict(claims))


def meaning_of(groups: frozenset[str], table: Mapping[str, GroupMeaning]) -> GroupMeaning | None:
    """What somebody in those groups is; None when no group means anything.

    The strongest role counts, for the tenants of the groups that give it: a lead of one tenant
    who is a viewer of another must not become a lead of both.
    """
    meanings = [table[group] for group in groups if group in table]
    role = strongest(meaning.role for meaning in meanings)
    if role is None:
        return None
    names = (meaning.tenants.names for meaning in meanings if meaning.role is role)
    return GroupMeaning(role=role, tenants=Tenants(frozenset().union(*names)))
