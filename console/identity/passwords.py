"""Passwords: which are good enough, and Argon2 over them, outside the event loop."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from console.faults import Refused

# NIST SP 800-63B: length is what counts, no rules on kinds of characters, and no ends of validity.
SHORTEST = 12
_LONGEST = 256
# One takes 64 MiB and a core for some 50 ms: more at once would be a way to stop the process.
_AT_ONCE = 2


class Passwords:
    """Hashes and checks, with the parameters of RFC 9106's second recommendation by default."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        # What is checked where there is no account, so that this takes as long as with one.
        self._nobodys = self._hasher.hash("nobody's")
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, password: str) -> str:
        async with self._places:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, password: str, password_hash: str | None) -> bool:
        """Whether it is the password; the same work is done where there is none."""
        async with self._places:
            fits = await asyncio.to_thread(self._verify, password, password_hash or self._nobodys)
        return fits and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether a hash was made with other parameters than new ones are."""
        return self._hasher.check_needs_rehash(password_hash)

    def _verify(self, password: str, password_hash: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password[:_LONGEST])
        except (VerificationError, InvalidHashError):
            return False


def check_password(password: str, *, name: str) -> None:
    """Raises: Refused, with what is wrong."""
    if not SHORTEST <= len(password) <= _LONGEST:
        detail = f"a password has {SHORTEST} to {_LONGEST} characters"
        raise Refused(422, "weak_password", detail)
    if len(set(password)) < 5 or name in password.casefold():
        raise Refused(422, "weak_password", "this password is too easy to guess")
