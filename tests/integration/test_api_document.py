"""The API does what its own document says, whatever it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from moderation.people import Role, permissions
from tests.browser.served import Served, served_console

_EXAMPLES = 25  # of each operation; seeded, so that every run sends the same


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Served]:
    async with served_console(tmp_path) as served:
        yield served


async def test_no_request_makes_an_error_or_an_answer_that_the_document_does_not_tell_of(
    console: Served,
) -> None:
    await console.judge("u1", 3.0)
    admin = await console.person("ann", Role.ADMIN)
    token = await console.token(admin, *permissions(Role.ADMIN))
    await asyncio.to_thread(_probe, console.url, {"Authorization": f"Bearer {token}"})


async def test_without_a_token_nothing_is_done_and_that_is_told_of_too(console: Served) -> None:
    await console.judge("u1", 3.0)
    await asyncio.to_thread(_probe, console.url, {"X-Forwarded-For": "192.0.2.1"})


def _probe(url: str, headers: dict[str, str]) -> None:
    found: list[str] = []
    for operation in _operations(url):
        try:
            _calling(operation, headers)()
        except FailureGroup as failures:
            found.append(str(failures))
    assert found == []


def _operations(url: str) -> Iterator[Any]:
    document = schemathesis.openapi.from_url(f"{url}/openapi.json")
    for found in document.get_all_operations():
        yield found.ok()


def _calling(operation: Any, headers: dict[str, str]) -> Any:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def call(case: Any) -> None:
        # A schema cannot tell all: a text with a control character is refused, and so on.
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

    return call
