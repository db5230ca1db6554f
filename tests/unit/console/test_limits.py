from __future__ import annotations

import pytest

from console.identity.gate import Limits
from console.limits import RateLimit, address_key
from moderation.people import Permission, Role
from tests.unit.console.house import House


class Watch:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_one_more_has_to_wait_for_its_turn() -> None:
    watch = Watch()
    limit = RateLimit(per_second=2, burst=3, clock=watch)

    assert [limit.wait("a") for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    watch.now = 0.5
    assert limit.wait("a") == 0.0
    assert limit.wait("a") == 0.5


def test_who_is_refused_is_not_made_to_wait_longer_by_trying() -> None:
    limit = RateLimit(per_second=1, burst=1, clock=Watch())

    assert [limit.wait("a") for _ in range(5)] == [0.0, 1.0, 1.0, 1.0, 1.0]


def test_one_key_does_not_slow_another() -> None:
    limit = RateLimit(per_second=1, burst=1, clock=Watch())

    assert [limit.wait(key) for key in ("a", "b", "a")] == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(("keys", "kept"), [(3, 3), (4, 3), (1000, 3)])
def test_memory_is_bounded_however_many_ask(keys: int, kept: int) -> None:
    limit = RateLimit(per_second=1, burst=1, keys=3, clock=Watch())
    for number in range(keys):
        limit.wait(str(number))

    assert len(limit) == kept


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", "unknown"),
    ],
)
def test_an_ipv6_household_is_one_address(address: str, key: str) -> None:
    assert address_key(address) == key


def tight(**named: int) -> Limits:
    bursts = {"people": 1000, "tokens": 1000, "strangers": 1000, **named}
    return Limits(
        **{name: RateLimit(per_second=0.5, burst=n, clock=Watch()) for name, n in bursts.items()}
    )


async def test_a_person_who_asks_too_often_is_told_when_to_come_again() -> None:
    house = House(limits=tight(people=2))
    ann, bob = [await house.person(name=name) for name in ("ann", "bob")]
    browser, other = await house.browser_of(ann), await house.browser_of(ann)
    assert [(await one.get("/")).status_code for one in (browser, other)] == [200, 200]

    answer = await browser.get("/")

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    assert "Too often" in answer.text
    assert (await (await house.browser_of(bob)).get("/")).status_code == 200


async def test_each_token_has_a_rate_of_its_own() -> None:
    house = House(limits=tight(tokens=1))
    admin = await house.person(Role.ADMIN)
    programs = [await house.program_of(admin, Permission.UPLOADS_READ) for _ in range(2)]

    codes = [(await one.get("/v1/uploads/none")).status_code for one in [*programs, *programs]]

    assert codes == [404, 404, 429, 429]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/sign-in", {}),
        ("/people", {}),
        ("/v1/uploads/u1", {"Authorization": "Bearer guessed"}),
        ("/sign-in/link/guessed", {}),
    ],
)
async def test_what_strangers_ask_is_counted_by_their_address(
    path: str, headers: dict[str, str]
) -> None:
    house = House(limits=tight(strangers=1))

    codes = [(await house.browser().get(path, headers=headers)).status_code for _ in range(2)]

    assert codes[0] != 429
    assert codes[1] == 429
    other = house.browser("198.51.100.7")
    assert (await other.get(path, headers=headers)).status_code != 429


async def test_who_is_signed_in_is_not_slowed_by_strangers_of_the_same_address() -> None:
    house = House(limits=tight(strangers=1))
    browser = await house.browser_of(await house.person())
    for _ in range(3):
        await house.browser().get("/sign-in")

    assert (await browser.get("/")).status_code == 200
