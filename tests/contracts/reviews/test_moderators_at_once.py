"""A hundred browsers, two consoles, one PostgreSQL with ten thousand verdicts: nothing is lost
or decided twice."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import SecretStr

from console.app import build_app
from console.identity.door import Door, Origin
from console.identity.gate import SESSION
from console.identity.passwords import Passwords
from console.identity.registry import Registry
from console.identity.secrets import form_token
from moderation.decisions import first_break
from moderation.people import ALL_TENANTS, Role
from moderation.review import JobState, ReviewPlan
from monitoring.health import Health
from runtime import wiring
from runtime.settings import Database, Settings
from storage.database import now_utc
from storage.in_memory import InMemoryMediaStore
from storage.reviews.ports import JobFilter
from tests.contracts.conftest import open_emptied
from tests.contracts.reviews.filling import fill

VERDICTS = 10_000
MODERATORS = 100
ADDRESS = "http://127.0.0.1:8700"
TAKEN = re.compile(r"/queue/([0-9a-f-]{36})")
DECIDED = re.compile(r"/queue/[0-9a-f-]{36}/decided\?decision=([0-9a-f-]{36})")


@dataclass(slots=True)
class Witness:
    """Sees who was told what: which job they have, and which decision they made."""

    most: int
    holders: dict[str, int] = field(default_factory=dict)
    sent: Counter[str] = field(default_factory=Counter)
    told: dict[str, str] = field(default_factory=dict)
    meddled: int = 0

    def takes(self, job: str, moderator: int) -> None:
        assert self.holders.get(job) in (None, moderator), "two browsers hold one job"
        assert not self.sent[job], "a decided job was handed out"
        self.holders[job] = moderator


@dataclass(slots=True, kw_only=True)
class Moderator:
    """Somebody before a browser, who sends a form again where the console could not answer."""

    number: int
    browser: httpx.AsyncClient
    witness: Witness
    chance: random.Random

    async def work(self) -> None:
        while len(self.witness.sent) < self.witness.most:
            taken = TAKEN.fullmatch((await self.send("/queue/next")).headers["location"])
            if taken is None:
                return
            job = taken[1]
            self.witness.takes(job, self.number)
            if self.chance.random() < 0.05:
                del self.witness.holders[job]
                await self.send(f"/queue/{job}/release")
            else:
                await self.decide(job)
            if self.chance.random() < 0.1:
                await self.meddle()

    async def decide(self, job: str) -> None:
        form = await self.form(job)
        self.witness.sent[job] += 1  # from now on somebody else may see that it is decided
        times = 2 if self.chance.random() < 0.1 else 1  # a button that is pressed twice
        answers = [self.send(f"/queue/{job}/decide", form) for _ in range(times)]
        made = {answer.headers["location"] for answer in await asyncio.gather(*answers)}
        (found,) = [DECIDED.fullmatch(one) for one in made]
        assert found is not None
        self.witness.told[job] = found[1]
        del self.witness.holders[job]

    async def meddle(self) -> None:
        """Decide what somebody else has before them."""
        others = [job for job, holder in self.witness.holders.items() if holder != self.number]
        if others:
            form = {"kind": "uphold", "reason": "forged_face", "token": f"mine-{self.number}"}
            job = self.chance.choice(others)
            answer = await self.send(f"/queue/{job}/decide", form | {"verdict": "any"})
            assert answer.status_code == 409, answer.text
            self.witness.meddled += 1

    async def form(self, job: str) -> dict[str, str]:
        """What the page of the job sends for one who finds it forged."""
        shown = await self.send(f"/queue/{job}", method="GET")
        assert shown.status_code == 200, shown.text
        filled = shown.text.partition('id="decide"')[2].partition("</form>")[0]
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', filled))
        return {**hidden, "kind": "uphold", "reason": "forged_face"}

    async def send(
        self, path: str, form: dict[str, str] | None = None, *, method: str = "POST"
    ) -> httpx.Response:
        sent = {} if method == "GET" else {"data": form or {}}
        while True:
            answer = await self.browser.request(method, path, **sent)
            if answer.status_code not in (429, 503):
                assert answer.status_code < 500, answer.text
                return answer
            await asyncio.sleep(self.chance.random())


@asynccontextmanager
async def console(url: str) -> AsyncIterator[tuple[FastAPI, wiring.Kept]]:
    """One process of the console, with connections of its own."""
    settings = Settings(database=Database(url=SecretStr(url)))
    async with wiring.open_kept(settings) as kept:
        desk = wiring.moderators_desk(settings, kept, InMemoryMediaStore())
        areas = wiring.moderators_areas(desk, wiring.search_desk(kept))
        async with wiring.open_console(settings, kept.accounts, APIRouter(), areas) as wired:
            yield build_app(Health(), version="1", gate=wired.gate, areas=wired.areas), kept


async def browsers(apps: list[FastAPI], kept: wiring.Kept) -> list[httpx.AsyncClient]:
    """A hundred people who are signed in, each at one of the consoles."""
    lives = wiring.lifetimes(Settings())
    registry = Registry(kept.accounts, now=now_utc, lifetimes=lives)
    door = Door(kept.accounts, passwords=Passwords(), now=now_utc, lifetimes=lives)
    opened = []
    for number in range(MODERATORS):
        person = await registry.add(f"m{number}", role=Role.MODERATOR, tenants=ALL_TENANTS)
        secret = await door.open(person, Origin(address="192.0.2.1", browser="Netscape"))
        app = apps[number % len(apps)]
        browser = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ADDRESS)
        browser.cookies.set(SESSION, secret)
        browser.headers.update({"Origin": ADDRESS, "X-CSRF-Token": form_token(secret)})
        opened.append(browser)
    return opened


async def moderated(url: str, most: int) -> None:
    """Let all decide until that many jobs are decided, and look for what is lost or double."""
    engine = await open_emptied(url)
    await fill(engine, VERDICTS, ReviewPlan())
    await engine.dispose()
    witness = Witness(most)
    async with AsyncExitStack() as stack:
        consoles = [await stack.enter_async_context(console(url)) for _ in range(2)]
        kept = consoles[0][1]
        people = [
            Moderator(number=number, browser=browser, witness=witness, chance=random.Random(number))
            for number, browser in enumerate(await browsers([app for app, _ in consoles], kept))
        ]
        await asyncio.gather(*(one.work() for one in people))
        await check(witness, kept)


async def check(witness: Witness, kept: wiring.Kept) -> None:
    assert len(witness.sent) >= witness.most
    assert set(witness.sent.values()) == {1}
    assert witness.meddled
    links = await kept.reviews.audit.links("acme", after=0, limit=VERDICTS)
    assert first_break(links) is None
    assert {one.decision.job_id: one.decision.decision_id for one in links} == witness.told
    assert len(links) == len(witness.sent)
    jobs = await kept.reviews.records.jobs(JobFilter(open_only=False), limit=VERDICTS + 1)
    assert len(jobs) == VERDICTS
    done = {job.job_id: job.decision_id for job in jobs if job.state is JobState.DECIDED}
    assert done == witness.told


@pytest.mark.timeout(900)  # a minute; more where others use the machine
async def test_a_hundred_moderators_lose_and_double_no_decision_of_ten_thousand(
    postgresql_url: str,
) -> None:
    await moderated(postgresql_url, 150)


@pytest.mark.exhaustive
@pytest.mark.timeout(7200)
async def test_a_hundred_moderators_decide_all_of_ten_thousand(postgresql_url: str) -> None:
    await moderated(postgresql_url, VERDICTS)
