"""What is advised follows what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from moderation.errors import BrokerUnavailable, InvalidConfiguration, ModerationError
from runtime.doctor import Finding, examine_part
from runtime.embedded.processes import free_ports
from runtime.settings import Settings

MISSING = "/nosuch.pem"


async def finding(part: str, **settings: object) -> Finding:
    return await examine_part(part, Settings.model_validate(settings))


async def broken(part: str, error: ModerationError) -> Finding:
    async def check(_: Settings) -> str:
        raise error

    return await examine_part(part, Settings(), check)


async def test_a_triton_that_is_down_is_named_and_is_to_be_started() -> None:
    nobody = f"127.0.0.1:{free_ports(1)[0]}"
    found = await finding("scoring", scoring={"triton": nobody})
    assert found.detail == f"Triton: {nobody} refuses connections"
    assert found.remedy is not None
    assert found.remedy.startswith("start Triton, or ")


@pytest.mark.parametrize("address", ["triton", "127.0.0.1:99999"])
async def test_a_wrong_address_of_triton_is_told_as_it_was_given(address: str) -> None:
    found = await finding("scoring", scoring={"triton": address})
    assert found.detail.startswith(f"Triton: {address} ")


async def test_a_certificate_that_is_not_there_is_no_matter_of_addresses() -> None:
    found = await finding("kafka", kafka={"tls": True, "ca": Path(MISSING)})
    assert found.detail == f"VERISCOPE_KAFKA__CA: {MISSING}: No such file or directory"
    assert found.remedy == "that file must exist, be readable, and be PEM; a key has no password"


async def test_a_broker_that_is_away_is_to_be_started_before_it_is_given_topics() -> None:
    found = await broken("kafka", BrokerUnavailable())
    assert found.remedy is not None
    assert found.remedy.startswith("start Kafka, or set VERISCOPE_KAFKA__")
    assert found.remedy.endswith("then `veriscope topics create`")


async def test_topics_that_are_missing_are_to_be_created_and_no_more() -> None:
    found = await broken("kafka", ModerationError("topics missing: veriscope.verdicts"))
    assert found.remedy == "`veriscope topics create`"


async def test_a_bundle_that_is_not_there_does_not_have_triton_started() -> None:
    found = await broken("scoring", InvalidConfiguration("no bundle faces:9"))
    assert found.remedy is not None
    assert "veriscope models list" in found.remedy
    assert "start Triton" not in found.remedy


async def test_a_part_that_works_needs_no_remedy() -> None:
    found = await finding("policy", state=Path("unused"))
    assert found.remedy is None
