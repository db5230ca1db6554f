"""A small OpenID Connect provider on loopback, with keys made for each: what it answers is real.

`change` lets a test have it say what no honest one would.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from runtime.http_server import HttpServer

CLIENT, SECRET = "console & co", "s3cret / with + signs"


class TinyProvider:
    """`claims` is who signs in there; `change` is laid over the claims of the token it gives."""

    def __init__(self) -> None:
        self.url = ""
        self.key = ECKey.generate_key("P-256", {"kid": "k1"})
        self.shown = self.key
        self.claims: dict[str, Any] = {"sub": "7", "preferred_username": "Ann", "groups": ["staff"]}
        self.change: dict[str, Any] = {}
        self.issuer: str | None = None
        self.methods = ["client_secret_basic"]
        self.codes: dict[str, dict[str, str]] = {}
        self.app = self._build()

    def _build(self) -> FastAPI:
        app = FastAPI()
        app.get("/.well-known/openid-configuration")(self._document)
        app.get("/keys")(self._keys)
        app.get("/authorize")(self._authorize)
        app.post("/token")(self._token)
        return app

    async def _document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer or self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": self.methods,
        }

    async def _keys(self) -> dict[str, Any]:
        return KeySet([self.shown]).as_dict(private=False)

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        if asked["client_id"] != CLIENT or asked["code_challenge_method"] != "S256":
            return Response(status_code=400)
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        sent = urlencode({"code": code, "state": asked["state"]})
        return RedirectResponse(f"{asked['redirect_uri']}?{sent}", 302)

    async def _token(self, request: Request) -> Response:
        form = {
            name: values[0] for name, values in parse_qs((await request.body()).decode()).items()
        }
        asked = self.codes.pop(form["code"], None)
        challenge = hashlib.sha256(form["code_verifier"].encode()).digest()
        if (
            asked is None
            or self._client(request, form) != (CLIENT, SECRET)
            or base64.urlsafe_b64encode(challenge).decode().rstrip("=") != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
            "nonce": asked["nonce"],
            **self.claims,
            **self.change,
        }
        token = jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)
        return JSONResponse({"id_token": token, "access_token": "opaque", "token_type": "Bearer"})

    def _client(self, request: Request, form: dict[str, str]) -> tuple[str, str]:
        if "client_secret_basic" not in self.methods:
            return form["client_id"], form["client_secret"]
        given = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        name, _, secret = given.partition(":")
        return unquote_plus(name), unquote_plus(secret)


@asynccontextmanager
async def tiny_provider() -> AsyncIterator[TinyProvider]:
    provider = TinyProvider()
    server = HttpServer(provider.app, host="127.0.0.1", port=0)
    provider.url = server.url
    serving = asyncio.create_task(server.run_until_stopped())
    try:
        yield provider
    finally:
        server.stop()
        await serving
