"""Random secrets, and the token that ties a form to whom it was given."""

from __future__ import annotations

import hashlib
import hmac
import secrets

TOKEN_PREFIX = "vst_"  # noqa: S105 (so that scanners of repositories can find one)


def new_secret() -> str:
    """256 random bits, fit for URLs and cookies."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    """A key of a program, as it is shown once."""
    return TOKEN_PREFIX + new_secret()


def form_token(secret: str) -> str:
    """What a form must send along: it follows from the cookie, which other sites cannot read."""
    return hmac.new(secret.encode(), b"veriscope form", hashlib.sha256).hexdigest()


def is_form_token(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode(), form_token(secret).encode())
