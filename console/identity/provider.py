"""OpenID Connect: the code flow with PKCE, state and nonce, against one provider."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

import httpx
import structlog
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url

from console.faults import Refused
from console.identity.claims import Checked, check_id_token
from moderation.errors import ProviderUnavailable

log = structlog.get_logger()

_METADATA_SECONDS = 3600.0
_LONGEST_ANSWER = 1024 * 1024
_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What the provider knows Veriscope by. The secret is in no log and no repr."""

    issuer: str
    client_id: str
    secret: str | None = field(default=None, repr=False)
    scope: str = "openid profile email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A sign-in that is under way. Kept in a cookie: only the browser that began it can end it."""

    state: str
    nonce: str
    verifier: str
    target: str


class Provider:
    """Sends people to their provider, and reads from what it answers who they are."""

    def __init__(
        self,
        client: Client,
        http: httpx.AsyncClient,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._http = http
        self._clock = clock
        self._known: tuple[float, OpenIDProviderMetadata] | None = None
        self._keys: dict[str, Any] | None = None

    async def begin(self, *, redirect_uri: str, target: str) -> tuple[str, Flow]:
        """Where to send the browser, and what it is to bring back.

        Raises:
            ProviderUnavailable: it does not answer, or not as a provider does.
        """
        metadata = await self._metadata()
        flow = Flow(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(64),
            target=target,
        )
        address = add_params_to_uri(
            metadata["authorization_endpoint"],
            {
                "response_type": "code",
                "client_id": self._client.client_id,
                "redirect_uri": redirect_uri,
                "scope": self._client.scope,
                "state": flow.state,
                "nonce": flow.nonce,
                "code_challenge": create_s256_code_challenge(flow.verifier),
                "code_challenge_method": "S256",
            },
        )
        return str(address), flow

    async def finish(self, code: str, flow: Flow, *, redirect_uri: str) -> Checked:
        """Exchange a code for who it is.

        Raises:
            Refused: the provider does not know the code, or its token is not for us (401).
            ProviderUnavailable: see `begin`.
        """
        metadata = await self._metadata()
        answer = await self._exchange(metadata, code, flow, redirect_uri)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderUnavailable("the provider answered without an id_token")
        for anew in (False, True):  # a key that is not known may be a new one: ask once more
            checked = check_id_token(
                token,
                await self._key_set(metadata, anew=anew),
                issuer=self._client.issuer,
                client_id=self._client.client_id,
                nonce=flow.nonce,
                access_token=str(answer.get("access_token", "")),
            )
            if checked is not None:
                return checked
        raise Refused(401, "not_signed_in", "the provider signed with a key that it does not show")

    async def _exchange(
        self, metadata: Mapping[str, Any], code: str, flow: Flow, redirect_uri: str
    ) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": flow.verifier,
        }
        ours, auth = self._credentials(metadata)
        address = metadata["token_endpoint"]
        status, answer = await self._ask("POST", address, {**form, **ours}, auth=auth)
        if 400 <= status < 500:
            log.warning("provider.code_refused", status=status, error=str(answer.get("error"))[:80])
            raise Refused(401, "not_signed_in", "the provider did not accept this sign-in")
        return _healthy(status, answer)

    def _credentials(
        self, metadata: Mapping[str, Any]
    ) -> tuple[dict[str, str], httpx.BasicAuth | None]:
        """Who we are, as form fields or as a header: what the provider takes, the header first.

        In the header both parts are encoded as in a form (RFC 6749, section 2.3.1).
        """
        client = self._client
        if client.secret is None:
            return {"client_id": client.client_id}, None
        taken = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if "client_secret_basic" in taken:
            name, secret = quote_plus(client.client_id), quote_plus(client.secret)
            return {}, httpx.BasicAuth(name, secret)
        return {"client_id": client.client_id, "client_secret": client.secret}, None

    async def _metadata(self) -> OpenIDProviderMetadata:
        now = self._clock()
        if self._known is not None and now - self._known[0] < _METADATA_SECONDS:
            return self._known[1]
        address = get_well_known_url(self._client.issuer, external=True)
        metadata = OpenIDProviderMetadata(_healthy(*await self._ask("GET", address)))
        # Another issuer's document would have people sign in there, with our client's secret.
        if metadata.get("issuer") != self._client.issuer:
            raise ProviderUnavailable("the provider's document names another issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not _is_protected(metadata.get(name), self._client.issuer):
                raise ProviderUnavailable(f"the provider's {name} is not reached by https")
        self._known = (now, metadata)
        return metadata

    async def _key_set(self, metadata: Mapping[str, Any], *, anew: bool = False) -> dict[str, Any]:
        if self._keys is None or anew:
            self._keys = _healthy(*await self._ask("GET", metadata["jwks_uri"]))
        return self._keys

    async def _ask(
        self,
        method: str,
        address: str,
        form: dict[str, str] | None = None,
        *,
        auth: httpx.BasicAuth | None = None,
    ) -> tuple[int, dict[str, Any]]:
        try:
            async with self._http.stream(
                method, address, data=form, auth=auth, timeout=_SECONDS, follow_redirects=False
            ) as answer:
                body = b""
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > _LONGEST_ANSWER:
                        raise ProviderUnavailable("the provider's answer is too long")
                return answer.status_code, _json(body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderUnavailable(f"{type(error).__name__} at the provider") from error


def _json(body: bytes) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except ValueError:
        read = None
    return read if isinstance(read, dict) else {}


def _healthy(status: int, answer: dict[str, Any]) -> dict[str, Any]:
    if status != 200 or not answer:
        raise ProviderUnavailable(f"the provider answered {status}")
    return answer


def _is_protected(address: object, issuer: str) -> bool:
    """Whether an endpoint is as well protected as the issuer, which settings allow."""
    scheme = issuer.partition(":")[0]
    return isinstance(address, str) and address.startswith((f"{scheme}://", "https://"))
