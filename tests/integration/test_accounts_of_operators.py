"""The first sign-in, and accounts that operators make, in a database of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from console.identity.door import Door
from console.identity.passwords import Passwords
from moderation.errors import InvalidConfiguration, LastAdmin, NameTaken, UnknownPerson
from moderation.people import ALL_TENANTS, Role, Tenants
from runtime import people, wiring
from runtime.settings import Console, Database, Settings
from storage import schema
from storage.database import now_utc
from tests.unit.console.house import CHEAP, PASSWORD


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    await schema.upgrade(url)
    return Settings(database=Database(url=SecretStr(url)))


async def accept(settings: Settings, path: str) -> None:
    async with wiring.open_kept(settings) as kept:
        door = Door(
            kept.accounts,
            passwords=Passwords(CHEAP),
            now=now_utc,
            lifetimes=wiring.lifetimes(settings),
        )
        await door.by_invitation(path.removeprefix("/sign-in/link/"), PASSWORD)


async def test_the_first_sign_in_is_an_administrators_until_there_is_a_password(
    settings: Settings,
) -> None:
    first = await people.first_sign_in(settings)
    again = await people.first_sign_in(settings)

    assert first != again
    [account] = await people.everyone(settings)
    assert (account.person.name, account.person.role) == ("admin", Role.ADMIN)
    assert account.person.tenants == ALL_TENANTS

    await accept(settings, again)

    assert await people.first_sign_in(settings) is None


async def test_where_others_are_no_first_administrator_is_made(settings: Settings) -> None:
    await people.add_person(settings, "ann", Role.ADMIN, ALL_TENANTS)

    assert await people.first_sign_in(settings) is None
    assert len(await people.everyone(settings)) == 1


async def test_where_passwords_are_not_taken_there_is_no_first_sign_in(settings: Settings) -> None:
    without = settings.model_copy(update={"console": Console(passwords=False)})

    assert await people.first_sign_in(without) is None
    assert await people.everyone(settings) == []


async def test_somebody_who_is_added_or_reset_is_given_a_link_that_works(
    settings: Settings,
) -> None:
    await accept(
        settings, await people.add_person(settings, "Ann", Role.LEAD, Tenants.named("acme"))
    )
    await accept(settings, await people.reset_person(settings, "ANN"))


async def test_what_cannot_be_done_is_said_in_one_line(settings: Settings) -> None:
    await people.add_person(settings, "ann", Role.ADMIN, ALL_TENANTS)
    with pytest.raises(NameTaken):
        await people.add_person(settings, "Ann", Role.LEAD, ALL_TENANTS)
    with pytest.raises(InvalidConfiguration, match="name"):
        await people.add_person(settings, "", Role.LEAD, ALL_TENANTS)
    for name in ("bob", ""):
        with pytest.raises(UnknownPerson):
            await people.reset_person(settings, name)
    with pytest.raises(LastAdmin):
        await people.disable_person(settings, "ann", disabled=True)
