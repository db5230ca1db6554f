"""The house of the tests of erasures, for tests of retention."""

from __future__ import annotations

from tests.contracts.erasure.conftest import house

__all__ = ["house"]
