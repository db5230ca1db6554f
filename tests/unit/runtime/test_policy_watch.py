"""A policy file that changes while everything runs."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from moderation.policy import Policy
from monitoring import metrics
from runtime.policies import load_policy, sound_policy
from runtime.policy_watch import PolicyWatch
from runtime.settings import Settings
from runtime.wiring.following import following
from tests.replaying import PLAIN

GOOD = 'name: mine\nrules: [{tenant: "*", thresholds: {suspect: 0.5, fake: 0.8}}]\n'
BETTER = GOOD.replace("0.8", "0.9")
BAD = GOOD.replace("fake: 0.8", "fake: 0.3")
BROKEN = GOOD + "tests: [{name: a, given: {score: 0.1}, expect: {label: fake}}]\n"


class Desk:
    def __init__(self, path: Path, **options: bool) -> None:
        self.path = path
        self.now = 100.0
        self.taken: list[Policy] = []
        self.write(GOOD)
        self.watch = PolicyWatch(
            path,
            load_policy(path),
            read=lambda path: sound_policy(path, PLAIN),
            who=[self],
            clock=lambda: self.now,
            **options,
        )

    def follow(self, policy: Policy) -> None:
        self.taken.append(policy)

    def write(self, text: str) -> None:
        self.path.write_text(text)

    async def look(self, times: int = 2) -> list[dict[str, object]]:
        with capture_logs() as logs:
            for _ in range(times):
                await self.watch.look()
                self.now += 10.0
        return logs

    @property
    def refused_seconds(self) -> float:
        return metrics.POLICY_REFUSED_SECONDS._value.get()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "policy.yaml")


async def test_a_policy_that_is_sound_is_taken_once_and_said(desk: Desk) -> None:
    desk.write(BETTER)
    (said,) = await desk.look(5)
    assert [policy.rules[0].thresholds.fake for policy in desk.taken] == [0.9]
    assert said["event"] == "policy.taken"


async def test_a_file_that_did_not_change_is_left_alone(desk: Desk) -> None:
    assert not await desk.look(3)
    assert not desk.taken


async def test_a_file_is_not_taken_while_it_is_being_written(desk: Desk) -> None:
    desk.write(BETTER)
    await desk.look(1)
    desk.write(BETTER.replace("0.9", "0.95"))
    await desk.look(1)
    assert not desk.taken
    await desk.look(1)
    assert [policy.rules[0].thresholds.fake for policy in desk.taken] == [0.95]


@pytest.mark.parametrize("text", [BAD, BROKEN, "name: [", ""])
async def test_a_bad_file_never_takes_the_place_of_a_good_policy(desk: Desk, text: str) -> None:
    desk.write(text)
    (said,) = await desk.look(4)
    assert not desk.taken
    assert said["event"] == "policy.refused"
    assert str(said["why"]).startswith(f"policy {desk.path}:")
    assert str(said["stays"]).startswith("mine ")


async def test_a_file_that_is_gone_is_refused_as_a_bad_one(desk: Desk) -> None:
    desk.path.unlink()
    (said,) = await desk.look(3)
    assert said["event"] == "policy.refused"
    assert not desk.taken


async def test_who_only_draws_by_a_policy_says_nothing_of_it(tmp_path: Path) -> None:
    judging, drawing = Desk(tmp_path / "a.yaml"), Desk(tmp_path / "b.yaml", judges=False)
    judging.write(BAD)
    await judging.look(4)
    drawing.write(BETTER)
    assert not await drawing.look(4)
    assert drawing.taken
    assert judging.refused_seconds == 20.0


async def test_how_long_a_file_has_been_refused_is_measured_until_it_is_good(desk: Desk) -> None:
    desk.write(BAD)
    await desk.look(4)
    assert desk.refused_seconds == 20.0
    desk.write(GOOD)
    await desk.look(2)
    assert desk.refused_seconds == 0.0
    assert not desk.taken


async def test_a_watch_that_ends_by_a_defect_is_not_missed(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(GOOD)
    settings = Settings(policy=path, policy_every=timedelta(milliseconds=1))

    def defective(_path: Path) -> Policy:
        raise ZeroDivisionError

    with capture_logs() as logs:
        async with following(settings, load_policy(path), read=defective):
            path.write_text(BETTER)
            while not logs:  # noqa: ASYNC110  # a log line sets no event
                await asyncio.sleep(0)

    (said,) = logs
    assert (said["event"], said["log_level"]) == ("policy.defect", "error")
