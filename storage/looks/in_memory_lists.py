"""Lists of looks in memory: for tests."""

from __future__ import annotations

from collections.abc import Sequence

from moderation.listed_looks import ListChanges, ListedLook
from moderation.looks import Look
from moderation.people import EVERY
from moderation.verdict import Match, MatchKind
from storage.looks.lists import closest_entries
from storage.looks.ports import LookList


class InMemoryLookLists:
    """Implements `storage.looks.ports.ListedLooks` and `LookLists`."""

    def __init__(self) -> None:
        self._lists: dict[tuple[str, str], dict[str, str]] = {}

    async def matches(self, tenant: str, seen: Sequence[Look]) -> list[Match]:
        return closest_entries(
            Match(
                kind=MatchKind.LISTED,
                list_name=name,
                entry=entry or pdq,
                distance=look.distance(Look(pdq=pdq, quality=100)),
            )
            for (whose, name), entries in self._lists.items()
            for pdq, entry in entries.items()
            for look in seen
            if whose in (tenant, EVERY) and look.is_like(Look(pdq=pdq, quality=100))
        )

    async def change(
        self, tenant: str, name: str, changes: ListChanges, *, replacing: bool = False
    ) -> None:
        kept = {} if replacing else dict(self._lists.get((tenant, name), {}))
        for pdq in changes.withdrawn:
            kept.pop(pdq, None)
        kept.update({one.pdq: one.entry for one in changes.listed})
        self._lists[tenant, name] = kept

    async def lists(self) -> list[LookList]:
        return [
            LookList(tenant=tenant, name=name, looks=len(entries))
            for (tenant, name), entries in sorted(self._lists.items())
            if entries
        ]

    async def entries(self, tenant: str, name: str) -> list[ListedLook]:
        kept = self._lists.get((tenant, name), {})
        return [ListedLook(pdq=pdq, entry=entry) for pdq, entry in sorted(kept.items())]
