from __future__ import annotations

from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from console.identity.gate import SESSION
from console.identity.pages import VISIT
from console.identity.site import Site
from moderation.people import Role
from tests.unit.console.house import CHEAP, PASSWORD, House, sign_in

MINUTE = timedelta(minutes=1)


def cookie_of(answer, name: str) -> str:
    """The Set-Cookie header of that name."""
    [found] = [h for h in answer.headers.get_list("set-cookie") if h.startswith(f"{name}=")]
    return found


async def test_who_signs_in_sees_what_they_may() -> None:
    house = House()
    await house.person(Role.VIEWER)
    browser = house.browser()

    answer = await sign_in(browser)
    start = await browser.get("/")

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "Signed in as ann, viewer, for\nacme" in start.text
    assert "/people" not in start.text


async def test_an_admin_sees_what_an_admin_may() -> None:
    house = House()
    await house.person(Role.ADMIN)
    browser = house.browser()
    await sign_in(browser)

    assert 'href="/people"' in (await browser.get("/")).text


@pytest.mark.parametrize(
    ("name", "password"),
    [("ann", "wrong"), ("nobody", PASSWORD), ("", PASSWORD), ("ann", ""), ("ann\0", PASSWORD)],
)
async def test_what_is_wrong_is_not_told(name: str, password: str) -> None:
    house = House()
    await house.person()
    browser = house.browser()

    answer = await sign_in(browser, name, password)

    assert answer.status_code == 401
    assert "Name or password is wrong." in answer.text
    assert (await browser.get("/")).headers["location"] == "/sign-in"


async def test_who_is_disabled_is_refused_in_the_same_words() -> None:
    house = House()
    person = await house.person()
    await house.accounts.standings.place(
        person.person_id, role=person.role, tenants=person.tenants, disabled=True
    )

    answer = await sign_in(house.browser())

    assert answer.status_code == 401
    assert "Name or password is wrong." in answer.text


async def test_for_an_unknown_name_the_same_work_is_done() -> None:
    verified: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash, password) -> bool:  # noqa: A002 (the library calls it so)
            verified.append(password)
            return super().verify(hash, password)

    house = House(hasher=Counting(time_cost=1, memory_cost=8, parallelism=1))
    await house.person()
    for name in ("ann", "nobody"):
        await sign_in(house.browser(), name, "wrong")

    assert verified == ["wrong", "wrong"]


async def test_a_hash_of_weaker_parameters_is_renewed_at_sign_in() -> None:
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    house = House(hasher=stronger)
    await house.person()
    weak = (await house.accounts.people.find(name="ann")).password_hash
    assert not CHEAP.check_needs_rehash(weak)

    await sign_in(house.browser())

    renewed = (await house.accounts.people.find(name="ann")).password_hash
    assert not stronger.check_needs_rehash(renewed)
    assert (await sign_in(house.browser())).status_code == 303


async def test_the_cookie_is_hidden_from_scripts_other_sites_and_plain_http() -> None:
    house = House()
    await house.person()

    given = cookie_of(await sign_in(house.browser()), "__Host-veriscope")

    attributes = {part.strip().lower() for part in given.split(";")[1:]}
    assert attributes == {"path=/", "secure", "httponly", "samesite=lax"}


async def test_on_loopback_the_cookie_is_sent_over_plain_http() -> None:
    house = House(site=Site())
    await house.person()

    given = cookie_of(await sign_in(house.browser()), "veriscope")

    assert "httponly" in given.lower()
    assert "secure" not in given.lower()


async def test_a_session_that_somebody_planted_is_not_the_one_that_is_signed_in() -> None:
    house = House()
    victim = await house.person()
    attacker = await house.person(name="eve")
    planted = (await house.browser_of(attacker)).cookies[house.site.cookie_name(SESSION)]
    for cookie in ("planted", planted):
        browser = house.browser()
        browser.cookies.set(house.site.cookie_name(SESSION), cookie)
        # A browser that is signed in is sent on, so the form is one of another tab.
        form = house.browser()
        visit = (await form.get("/sign-in")).text.partition('csrf" value="')[2].partition('"')[0]
        browser.cookies.update(form.cookies)

        await browser.post("/sign-in", data={"csrf": visit, "name": "ann", "password": PASSWORD})

        other = house.browser()
        other.cookies.set(house.site.cookie_name(SESSION), cookie)
        assert (await other.get("/")).status_code == 303
    assert victim.person_id


async def test_each_sign_in_has_a_secret_of_its_own() -> None:
    house = House()
    await house.person()
    secrets = set()
    for _ in range(3):
        browser = house.browser()
        await sign_in(browser)
        secrets.add(browser.cookies["__Host-veriscope"])

    assert len(secrets) == 3
    kept = await house.accounts.open_sessions.every(now=house.now)
    assert not secrets & {session.session_digest for session in kept}


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        ("/people?x=1", "/people?x=1"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.example", "/"),
        ("/ok\r\nSet-Cookie: a=b", "/"),
        ("evil.example", "/"),
        ("", "/"),
        ("/" + "x" * 3000, "/"),
    ],
)
async def test_signing_in_leads_nowhere_else(asked: str, target: str) -> None:
    house = House()
    await house.person()

    answer = await sign_in(house.browser(), to=asked)

    assert answer.headers["location"] == target


async def test_a_page_that_needs_signing_in_is_where_one_comes_back_to() -> None:
    house = House()
    await house.person(Role.ADMIN)
    browser = house.browser()

    sent_on = await browser.get("/people?x=1")

    assert sent_on.headers["location"] == "/sign-in?to=/people%3Fx%3D1"


async def test_a_form_that_another_site_sends_signs_nobody_in() -> None:
    house = House()
    await house.person()
    browser = house.browser()
    browser.headers["Origin"] = "https://evil.example"

    assert (await sign_in(browser)).status_code == 403


async def test_a_form_without_the_browsers_own_visit_signs_nobody_in() -> None:
    house = House()
    await house.person()
    browser = house.browser()
    await browser.get("/sign-in")
    fields = {"csrf": "made up", "name": "ann", "password": PASSWORD}

    assert (await browser.post("/sign-in", data=fields)).status_code == 403
    assert browser.cookies[house.site.cookie_name(VISIT)]


async def test_after_five_failures_a_name_has_to_wait_and_longer_each_time() -> None:
    house = House()
    await house.person()
    for _ in range(5):
        assert (await sign_in(house.browser(), password="wrong")).status_code == 401

    slowed = await sign_in(house.browser())
    assert (slowed.status_code, slowed.headers["retry-after"]) == (429, "1")
    house.now += timedelta(seconds=1)
    assert (await sign_in(house.browser(), password="wrong")).status_code == 401
    assert (await sign_in(house.browser())).headers["retry-after"] == "2"
    house.now += timedelta(seconds=2)
    assert (await sign_in(house.browser())).status_code == 303
    assert (await sign_in(house.browser(), password="wrong")).status_code == 401
    assert (await sign_in(house.browser())).status_code == 303


async def test_an_unknown_name_has_to_wait_like_a_known_one() -> None:
    house = House()
    for _ in range(5):
        await sign_in(house.browser(), "nobody", "wrong")

    assert (await sign_in(house.browser(), "nobody")).status_code == 429


async def test_an_address_that_tries_many_names_has_to_wait() -> None:
    house = House()
    await house.person()
    for number in range(50):
        await sign_in(house.browser(), f"name{number}", "wrong")

    assert (await sign_in(house.browser())).status_code == 429
    assert (await sign_in(house.browser("198.51.100.9"))).status_code == 303


async def test_what_was_typed_for_a_name_is_not_kept() -> None:
    house = House()
    await sign_in(house.browser(), "my-password-by-mistake", "x")

    assert "my-password-by-mistake" not in str(vars(house.accounts.people))
