from __future__ import annotations

from datetime import timedelta

import pytest

from console.identity.gate import SESSION
from moderation.people import Role
from storage.accounts.records import digest
from tests.unit.console.house import ACME, PASSWORD, House, sign_in

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(("late", "code"), [(-SECOND, 200), (timedelta(0), 303)])
async def test_a_session_that_is_idle_for_an_hour_ends(late: timedelta, code: int) -> None:
    house = House()
    browser = await house.browser_of(await house.person())

    house.now += house.lifetimes.idle + late

    assert (await browser.get("/")).status_code == code


async def test_a_session_ends_after_twelve_hours_however_busy() -> None:
    house = House()
    browser = await house.browser_of(await house.person())
    began = house.now
    while (await browser.get("/")).status_code == 200:
        house.now += timedelta(minutes=30)

    assert house.now - began == house.lifetimes.session


async def test_signing_out_ends_the_session_and_not_only_the_cookie() -> None:
    house = House()
    browser = await house.browser_of(await house.person())
    secret = browser.cookies[house.site.cookie_name(SESSION)]

    answer = await browser.post("/sign-out")

    assert answer.headers["location"] == "/sign-in"
    thief = house.browser()
    thief.cookies.set(house.site.cookie_name(SESSION), secret)
    assert (await thief.get("/")).status_code == 303


async def test_a_new_password_ends_all_sessions() -> None:
    house = House()
    person = await house.person()
    browser, other = await house.browser_of(person), await house.browser_of(person)
    new = "another horse entirely"

    answer = await browser.post("/you/password", data={"old": PASSWORD, "new": new})

    assert answer.headers["location"] == "/sign-in"
    assert (await other.get("/")).status_code == 303
    assert (await sign_in(house.browser(), password=new)).status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("wrong", "another horse entirely", 401),
        (PASSWORD, "x" * 20, 422),
        (PASSWORD, "abcdefghijk", 422),
        (PASSWORD, "abcdefghijkl", 303),
        (PASSWORD, "Ann-and-her-dog", 422),
        (PASSWORD, "abcdef" * 50, 422),
    ],
)
async def test_a_password_is_changed_by_who_knows_it_to_one_that_is_long(
    old: str, new: str, code: int
) -> None:
    house = House()
    browser = await house.browser_of(await house.person())

    assert (await browser.post("/you/password", data={"old": old, "new": new})).status_code == code


@pytest.mark.parametrize("change", [{"role": Role.LEAD}, {"disabled": True}])
async def test_whose_role_changes_has_to_sign_in_again(change) -> None:
    house = House()
    person = await house.person()
    browser = await house.browser_of(person)
    given = {"role": person.role, "tenants": person.tenants, "disabled": False, **change}

    await house.accounts.standings.place(person.person_id, **given)

    assert (await browser.get("/")).status_code == 303


async def test_all_other_sessions_of_ones_own_are_ended_at_once() -> None:
    house = House()
    person = await house.person()
    browser, other = await house.browser_of(person), await house.browser_of(person)

    await browser.post("/you/sessions/end-others")

    assert (await browser.get("/")).status_code == 200
    assert (await other.get("/")).status_code == 303


@pytest.mark.parametrize(("whose", "code", "after"), [("ann", 303, 303), ("bob", 404, 200)])
async def test_one_ends_sessions_of_ones_own_only(whose: str, code: int, after: int) -> None:
    house = House()
    people = {name: await house.person(name=name) for name in ("ann", "bob")}
    browser, other = await house.browser_of(people["ann"]), await house.browser_of(people[whose])
    other_digest = digest(other.cookies[house.site.cookie_name(SESSION)])

    assert (await browser.post(f"/you/sessions/{other_digest}/end")).status_code == code
    assert (await other.get("/")).status_code == after


async def test_a_link_shows_its_form_as_often_as_it_is_looked_at_and_works_once() -> None:
    house = House()
    person = await house.registry.add("ann", role=Role.VIEWER, tenants=ACME)
    path = f"/sign-in/link/{await house.registry.invite(person)}"
    browser = house.browser()
    for _ in range(2):
        form = await browser.get(path)
        assert form.status_code == 200
    token = form.text.partition('csrf" value="')[2].partition('"')[0]

    weak = await browser.post(path, data={"csrf": token, "password": "short"})
    answer = await browser.post(path, data={"csrf": token, "password": PASSWORD})

    assert (weak.status_code, answer.status_code) == (422, 303)
    assert (await browser.get("/")).status_code == 200
    assert (await house.browser().get(path)).status_code == 410


@pytest.mark.parametrize(("late", "code"), [(-SECOND, 200), (timedelta(0), 410)])
async def test_a_link_holds_for_three_days(late: timedelta, code: int) -> None:
    house = House()
    person = await house.registry.add("ann", role=Role.VIEWER, tenants=ACME)
    token = await house.registry.invite(person)

    house.now += house.lifetimes.invitation + late

    assert (await house.browser().get(f"/sign-in/link/{token}")).status_code == code


async def test_where_passwords_are_not_taken_no_link_lets_anybody_in() -> None:
    house = House(passwords=False)
    person = await house.registry.add("ann", role=Role.VIEWER, tenants=ACME)
    path = f"/sign-in/link/{await house.registry.invite(person)}"

    assert (await house.browser().get(path)).status_code == 404
    assert 'name="password"' not in (await house.browser().get("/sign-in")).text
    assert (await sign_in(house.browser())).status_code == 403
