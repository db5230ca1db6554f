"""That a chain is whole, and what shows that it is not; over all adapters alike."""

from __future__ import annotations

import pytest

from storage.reviews.verifying import verify
from tests.contracts.reviews.desk import Desk


async def decide_three(desk: Desk) -> list[str]:
    digests = []
    for number in range(3):
        await desk.flag(f"u{number}")
        digests.append((await desk.take_and_decide()).digest)
    return digests


async def test_a_chain_that_follows_from_its_first_link_to_its_head_is_whole(desk: Desk) -> None:
    digests = await decide_three(desk)
    head = (await desk.audit.heads())["acme"]

    report = await verify(desk.audit, "acme", head, {2: digests[1]})

    assert (report.links, report.digest, report.broken) == (3, digests[2], None)


async def test_a_long_chain_is_walked_in_pieces(desk: Desk) -> None:
    digests = await decide_three(desk)

    report = await verify(desk.audit, "acme", (3, digests[2]), {}, batch=2)

    assert (report.links, report.broken) == (3, None)


@pytest.mark.parametrize(
    ("head", "sequence"), [((4, "f" * 64), 4), ((3, "f" * 64), 4), ((2, "f" * 64), 4)]
)
async def test_a_chain_whose_end_is_not_its_head_is_broken(
    desk: Desk, head: tuple[int, str], sequence: int
) -> None:
    await decide_three(desk)

    report = await verify(desk.audit, "acme", head, {})

    assert report.broken is not None
    assert report.broken.sequence == sequence


@pytest.mark.parametrize("sequence", [2, 4])
async def test_a_chain_that_was_written_anew_is_shown_by_what_was_noted_elsewhere(
    desk: Desk, sequence: int
) -> None:
    await decide_three(desk)
    head = (await desk.audit.heads())["acme"]

    report = await verify(desk.audit, "acme", head, {sequence: "f" * 64})

    assert report.broken is not None
    assert report.broken.sequence == sequence


async def test_a_chain_that_is_gone_is_shown_by_what_was_noted_elsewhere(desk: Desk) -> None:
    report = await verify(desk.audit, "acme", (0, "0" * 64), {1: "f" * 64})

    assert report.broken is not None
    assert await desk.audit.heads() == {}
