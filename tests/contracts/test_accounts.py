"""What is promised of people, invitations, sessions, tokens, failures and the log of looks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.errors import Inconsistent, LastAdmin, NameTaken, UnknownPerson
from moderation.people import ALL_TENANTS, Role, Tenants
from storage.accounts.database import accounts_in
from storage.accounts.in_memory import accounts_in_memory
from storage.accounts.ports import Accounts
from storage.accounts.records import Identity, MediaAccess, MediaPart
from storage.database import writing
from tests.contracts.accounts import (
    IDLE,
    MINUTE,
    a_session,
    a_token,
    an_account,
    an_invitation,
)
from tests.contracts.conftest import open_emptied
from tests.contracts.words import NOON, SECOND

ACME = Tenants.named("acme")
PROVIDER = Identity(issuer="https://id.example", subject="7")


@pytest.fixture
async def kept(place: str) -> AsyncIterator[Accounts]:
    if place == "memory":
        yield accounts_in_memory()
        return
    engine = await open_emptied(place)
    yield accounts_in(engine)
    await engine.dispose()


async def test_an_account_is_found_as_it_was_added(kept: Accounts) -> None:
    ann = an_account("ann", identity=PROVIDER)
    await kept.people.add(ann)
    await kept.people.add(an_account("bob"))

    assert await kept.people.find(person_id="id-ann") == ann
    assert await kept.people.find(name="ann") == ann
    assert await kept.people.find(identity=PROVIDER) == ann
    assert await kept.people.find(name="carl") is None
    assert await kept.people.find(name="bob", identity=PROVIDER) is None
    assert [account.person.name for account in await kept.people.everyone()] == ["ann", "bob"]


@pytest.mark.parametrize(
    "second",
    [
        replace(an_account("bob"), person=replace(an_account("bob").person, name="ann")),
        an_account("bob", identity=PROVIDER),
    ],
)
async def test_a_name_and_an_identity_are_one_persons(kept: Accounts, second) -> None:
    await kept.people.add(an_account("ann", identity=PROVIDER))

    with pytest.raises(NameTaken):
        await kept.people.add(second)


@pytest.mark.parametrize(
    "change", [{"role": Role.LEAD}, {"tenants": ALL_TENANTS}, {"disabled": True}]
)
async def test_whose_standing_changes_has_to_sign_in_again(kept: Accounts, change) -> None:
    for name in ("ann", "bob"):
        await kept.people.add(an_account(name))
    await kept.sessions.open(a_session("ann", 1))
    await kept.sessions.open(a_session("bob", 2))

    given = {"role": Role.VIEWER, "tenants": ACME, "disabled": False, **change}
    person = await kept.standings.place("id-ann", **given)

    assert (person.role, person.tenants, person.disabled) == tuple(given.values())
    assert (await kept.people.find(name="ann")).person == person
    assert [one.person_id for one in await kept.open_sessions.every(now=NOON)] == ["id-bob"]


async def test_a_standing_that_stays_signs_nobody_out(kept: Accounts) -> None:
    await kept.people.add(an_account())
    await kept.sessions.open(a_session())

    await kept.standings.place("id-ann", role=Role.VIEWER, tenants=ACME, disabled=False)

    assert len(await kept.open_sessions.every(now=NOON)) == 1


@pytest.mark.parametrize("change", [{"role": Role.LEAD}, {"disabled": True}])
async def test_the_last_admin_stays(kept: Accounts, change) -> None:
    await kept.people.add(an_account("ann", Role.ADMIN))
    await kept.people.add(an_account("bob", Role.LEAD))
    given = {"role": Role.ADMIN, "tenants": ACME, "disabled": False, **change}

    with pytest.raises(LastAdmin):
        await kept.standings.place("id-ann", **given)

    assert (await kept.people.find(name="ann")).person.role is Role.ADMIN
    assert not (await kept.people.find(name="ann")).person.disabled


async def test_of_two_admins_who_leave_at_once_one_stays(kept: Accounts) -> None:
    for name in ("ann", "bob"):
        await kept.people.add(an_account(name, Role.ADMIN))

    ended = await asyncio.gather(
        *(
            kept.standings.place(f"id-{name}", role=Role.VIEWER, tenants=ACME, disabled=False)
            for name in ("ann", "bob")
        ),
        return_exceptions=True,
    )

    assert sorted(type(one).__name__ for one in ended) == ["LastAdmin", "Person"]


async def test_nobody_is_placed_or_given_a_password_who_is_unknown(kept: Accounts) -> None:
    with pytest.raises(UnknownPerson):
        await kept.standings.place("none", role=Role.LEAD, tenants=ACME, disabled=False)
    with pytest.raises(UnknownPerson):
        await kept.standings.set_password("none", "$new$")


async def test_a_new_password_ends_sessions_and_invitations(kept: Accounts) -> None:
    await kept.people.add(an_account())
    await kept.sessions.open(a_session())
    await kept.invitations.invite(an_invitation())

    await kept.standings.set_password("id-ann", "$new$")

    assert (await kept.people.find(name="ann")).password_hash == "$new$"
    assert await kept.open_sessions.every(now=NOON) == []
    assert await kept.invitations.invited(f"{1:064x}", now=NOON) is None


@pytest.mark.parametrize(("old", "after"), [("$old$", "$new$"), ("$older$", "$old$")])
async def test_a_hash_is_renewed_only_if_it_is_still_the_same(
    kept: Accounts, old: str, after: str
) -> None:
    await kept.people.add(an_account())
    await kept.sessions.open(a_session())

    await kept.standings.rehash("id-ann", old=old, new="$new$")

    assert (await kept.people.find(name="ann")).password_hash == after
    assert len(await kept.open_sessions.every(now=NOON)) == 1


@pytest.mark.parametrize(("at", "holds"), [(MINUTE - SECOND, True), (MINUTE, False)])
async def test_an_invitation_holds_until_it_expires(
    kept: Accounts, at: timedelta, holds: bool
) -> None:
    await kept.people.add(an_account())
    await kept.invitations.invite(an_invitation())

    invited = await kept.invitations.invited(f"{1:064x}", now=NOON + at)
    accepted = await kept.invitations.accept(f"{1:064x}", password_hash="$n$", now=NOON + at)

    assert (invited is not None) is (accepted is not None) is holds
    password = (await kept.people.find(name="ann")).password_hash
    assert password == ("$n$" if holds else "$old$")


async def test_an_invitation_is_accepted_once(kept: Accounts) -> None:
    await kept.people.add(an_account())
    await kept.invitations.invite(an_invitation())

    ended = await asyncio.gather(
        *(kept.invitations.accept(f"{1:064x}", password_hash=f"${n}$", now=NOON) for n in range(3))
    )

    assert sum(one is not None for one in ended) == 1


async def test_a_new_invitation_takes_the_place_of_the_old_one(kept: Accounts) -> None:
    await kept.people.add(an_account())
    await kept.invitations.invite(an_invitation(number=1))
    await kept.invitations.invite(an_invitation(number=2))

    assert await kept.invitations.invited(f"{1:064x}", now=NOON) is None
    assert await kept.invitations.invited(f"{2:064x}", now=NOON) is not None


async def test_who_is_disabled_cannot_accept_an_invitation(kept: Accounts) -> None:
    await kept.people.add(an_account())
    await kept.invitations.invite(an_invitation())
    await kept.standings.place("id-ann", role=Role.VIEWER, tenants=ACME, disabled=True)

    assert await kept.invitations.invited(f"{1:064x}", now=NOON) is None
    assert await kept.invitations.accept(f"{1:064x}", password_hash="$n$", now=NOON) is None


@pytest.mark.parametrize(("at", "holds"), [(IDLE - SECOND, True), (IDLE, False)])
async def test_a_session_that_is_idle_ends(kept: Accounts, at: timedelta, holds: bool) -> None:
    await kept.people.add(an_account())
    await kept.sessions.open(a_session())

    used = await kept.sessions.use(f"{1:064x}", now=NOON + at, idle=IDLE)

    assert (used is not None) is holds
    if used is not None:
        assert used.session == a_session()
        assert used.person == an_account().person


async def test_a_session_that_is_used_lives_on_but_not_for_ever(kept: Accounts) -> None:
    await kept.people.add(an_account())
    await kept.sessions.open(a_session())
    now, most = NOON, NOON + 3 * IDLE
    while await kept.sessions.use(f"{1:064x}", now=now, idle=IDLE):
        now += IDLE / 2

    assert now == most


@pytest.mark.parametrize(("later", "seen"), [(MINUTE - SECOND, NOON), (MINUTE, NOON + MINUTE)])
async def test_that_a_session_is_used_is_written_once_a_minute(
    kept: Accounts, later: timedelta, seen
) -> None:
    await kept.people.add(an_account())
    await kept.sessions.open(a_session())

    await kept.sessions.use(f"{1:064x}", now=NOON + later, idle=IDLE)

    [session] = await kept.open_sessions.every(now=NOON)
    assert session.seen_at == seen


async def test_a_session_that_was_ended_does_not_hold(kept: Accounts) -> None:
    await kept.people.add(an_account())
    await kept.sessions.open(a_session())

    await kept.sessions.end(f"{1:064x}")
    await kept.sessions.end(f"{1:064x}")

    assert await kept.sessions.use(f"{1:064x}", now=NOON, idle=IDLE) is None


async def test_all_sessions_of_a_person_end_but_the_one_that_is_named(kept: Accounts) -> None:
    for name in ("ann", "bob"):
        await kept.people.add(an_account(name))
    for number, name in enumerate(("ann", "ann", "bob")):
        await kept.sessions.open(a_session(name, number))

    await kept.open_sessions.end_of("id-ann", but=f"{1:064x}")

    left = await kept.open_sessions.every(now=NOON)
    assert [one.session_digest for one in left] == [f"{1:064x}", f"{2:064x}"]
    assert await kept.open_sessions.every(now=NOON, person_id="id-ann") == left[:1]
    assert await kept.open_sessions.every(now=NOON + IDLE) == []


@pytest.mark.parametrize(("at", "holds"), [(IDLE - SECOND, True), (IDLE, False)])
async def test_a_token_holds_until_it_expires(kept: Accounts, at: timedelta, holds: bool) -> None:
    await kept.people.add(an_account())
    await kept.tokens.add(a_token())

    used = await kept.tokens.use(f"{1:064x}", now=NOON + at)

    assert (used is not None) is holds
    if used is not None:
        assert used.token == a_token()
        assert used.person == an_account().person


async def test_a_token_that_is_revoked_does_not_hold_and_stays_revoked(kept: Accounts) -> None:
    await kept.people.add(an_account())
    await kept.tokens.add(a_token())

    await kept.tokens.revoke("t1", now=NOON + SECOND)
    await kept.tokens.revoke("t1", now=NOON + MINUTE)

    assert await kept.tokens.use(f"{1:064x}", now=NOON + SECOND) is None
    [token] = await kept.token_list.tokens()
    assert token.revoked_at == NOON + SECOND


async def test_a_token_of_who_is_disabled_does_not_hold(kept: Accounts) -> None:
    await kept.people.add(an_account())
    await kept.tokens.add(a_token())
    await kept.standings.place("id-ann", role=Role.VIEWER, tenants=ACME, disabled=True)

    assert await kept.tokens.use(f"{1:064x}", now=NOON) is None


async def test_that_a_token_is_used_is_noted_once_a_minute(kept: Accounts) -> None:
    await kept.people.add(an_account())
    await kept.tokens.add(a_token())
    noted = []
    for later in (SECOND, MINUTE, MINUTE + SECOND):
        await kept.tokens.use(f"{1:064x}", now=NOON + later)
        noted.append((await kept.token_list.tokens())[0].used_at - NOON)

    assert noted == [SECOND, SECOND, MINUTE + SECOND]


async def test_tokens_are_listed_newest_first(kept: Accounts) -> None:
    await kept.people.add(an_account())
    await kept.tokens.add(a_token(number=1))
    await kept.tokens.add(a_token(number=2, created_at=NOON + SECOND))

    assert [one.token_id for one in await kept.token_list.tokens()] == ["t2", "t1"]


async def test_failures_are_counted_until_they_are_forgiven(kept: Accounts) -> None:
    for later in (0, 1):
        await kept.failures.failed(["a", "b"], now=NOON + later * SECOND, forget=IDLE)
    await kept.failures.forgive("b")

    known = await kept.failures.failures(["a", "b", "c"])

    assert {key: one.count for key, one in known.items()} == {"a": 2}
    assert known["a"].last_at == NOON + SECOND


@pytest.mark.parametrize(("later", "left"), [(IDLE - SECOND, {"a", "b"}), (IDLE, {"b"})])
async def test_old_failures_are_forgotten(kept: Accounts, later: timedelta, left) -> None:
    await kept.failures.failed(["a"], now=NOON, forget=IDLE)
    await kept.failures.failed(["b"], now=NOON + later, forget=IDLE)

    assert set(await kept.failures.failures(["a", "b"])) == left


def a_look(upload_id: str, tenant: str = "acme") -> MediaAccess:
    return MediaAccess(
        person_id="id-ann",
        tenant=tenant,
        upload_id=upload_id,
        part=MediaPart.CROP,
        reason="review",
        at=NOON,
        detail="crop 7",
    )


async def test_looks_are_told_newest_first_and_to_their_tenant_only(kept: Accounts) -> None:
    await kept.people.add(an_account())
    for upload_id, tenant in (("u1", "acme"), ("u2", "other"), ("u1", "acme"), ("u3", "acme")):
        await kept.log.note(a_look(upload_id, tenant))

    def ids(found: list[MediaAccess]) -> list[str]:
        return [one.upload_id for one in found]

    assert ids(await kept.log.accesses(ALL_TENANTS, limit=9)) == ["u3", "u1", "u2", "u1"]
    assert ids(await kept.log.accesses(ACME, limit=9)) == ["u3", "u1", "u1"]
    assert ids(await kept.log.accesses(ACME, upload_id="u1", limit=1)) == ["u1"]
    assert await kept.log.accesses(ACME, upload_id="u2", limit=9) == []
    assert ids(await kept.log.accesses(ACME, person_id="id-ann", limit=2)) == ["u3", "u1"]
    assert await kept.log.accesses(ACME, person_id="nobody", limit=9) == []


async def test_a_look_of_nobody_is_refused(kept: Accounts) -> None:
    with pytest.raises(Inconsistent):
        await kept.log.note(a_look("u1"))


async def test_the_database_itself_refuses_to_rewrite_a_look(engine: AsyncEngine) -> None:
    kept = accounts_in(engine)
    await kept.people.add(an_account())
    await kept.log.note(a_look("u1"))

    with pytest.raises(Inconsistent, match="not rewritten"):
        async with writing(engine) as connection:
            await connection.execute(text("UPDATE media_accesses SET reason = 'other'"))
