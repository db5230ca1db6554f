"""What people are called: everybody is asked for once, however often they are named."""

from __future__ import annotations

from console.names import pseudonyms
from moderation.people import Role
from storage.accounts.in_memory import InMemoryAccounts
from storage.accounts.records import Account
from tests.contracts.words import NOON
from tests.unit.console.house import House


class Asked(InMemoryAccounts):
    """Counts who is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str | None] = []

    async def find(self, *, person_id: str | None = None, **_: object) -> Account | None:
        self.asked.append(person_id)
        return await super().find(person_id=person_id)


async def test_somebody_who_is_named_often_is_asked_for_once() -> None:
    ann, people = await House().person(Role.MODERATOR, "ann"), Asked()
    await people.add(Account(person=ann, created_at=NOON))
    names = pseudonyms(people)

    told = [await names.of(one) for one in (ann.person_id, "gone", ann.person_id, "gone")]

    assert told == [ann.pseudonym, "somebody"] * 2
    assert people.asked == [ann.person_id, "gone"]
