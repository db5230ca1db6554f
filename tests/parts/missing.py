"""What happens to a test whose server cannot be had: skipped by a developer, failed by CI."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def skip_or_fail(reason: str) -> NoReturn:
    """A skip in CI would be a green run that tested nothing."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
