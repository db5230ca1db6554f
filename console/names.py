"""What people are called on pages and in files; each is asked for once."""

from __future__ import annotations

from collections.abc import Callable

from console.identity.callers import Caller
from moderation.people import Permission, Person
from storage.accounts.ports import People


class Names:
    """Names by id, as `called` has them; "somebody" is who is not there any more."""

    def __init__(self, people: People, called: Callable[[Person], str]) -> None:
        self._people = people
        self._called = called
        self._known: dict[str, str] = {}

    async def of(self, person_id: str) -> str:
        """Raises: LedgerUnavailable."""
        if person_id not in self._known:
            account = await self._people.find(person_id=person_id)
            self._known[person_id] = self._called(account.person) if account else "somebody"
        return self._known[person_id]


def names_for(caller: Caller, people: People) -> Names:
    """Leads are told names, all others pseudonyms, and nobody their own."""

    def called(person: Person) -> str:
        if person.person_id == caller.somebody.person_id:
            return "you"
        return person.name if caller.may(Permission.UNDO_OTHERS) else person.pseudonym

    return Names(people, called)


def pseudonyms(people: People) -> Names:
    """For what is taken away: they stay the same and say nothing."""
    return Names(people, lambda person: person.pseudonym)
