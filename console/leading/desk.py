"""What the leads' pages read and write, always for the tenants that the caller sees."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from console.identity.callers import Caller
from moderation.known_items import Accuracy, accuracy_of
from storage.accounts.ports import Accounts
from storage.reviews.ports import Appeals, KnownAnswers, KnownItems, ReviewStatistics, Skips


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadDesk:
    """Over one place."""

    statistics: ReviewStatistics
    skips: Skips
    known: KnownItems
    answers: KnownAnswers
    appeals: Appeals
    accounts: Accounts
    now: Callable[[], datetime]

    async def accuracies(self, caller: Caller, since: datetime, until: datetime) -> list[Accuracy]:
        """How well each moderator answered known items in that time."""
        return accuracy_of(await self.answers.answers(since, until, caller.tenant_names))

    async def names(self, person_ids: Collection[str]) -> Mapping[str, str]:
        """Names by id; who is not there any more, or never was, has none."""
        found = [await self.accounts.people.find(person_id=one) for one in set(person_ids)]
        return {one.person.person_id: one.person.name for one in found if one}
