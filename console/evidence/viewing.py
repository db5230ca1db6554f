"""How media are shown to somebody: as they chose, else as their organisation does."""

from __future__ import annotations

from console.identity.callers import Caller
from storage.accounts.ports import Viewings
from storage.accounts.records import Viewing


class ViewingChoices:
    """`usual` is the organisation's way."""

    def __init__(self, kept: Viewings, usual: Viewing) -> None:
        self._kept = kept
        self.usual = usual

    async def of(self, caller: Caller) -> Viewing:
        return await self._kept.chosen(caller.somebody.person_id) or self.usual

    async def choose(self, caller: Caller, viewing: Viewing | None) -> None:
        """Keep somebody's choice; with None they follow their organisation again."""
        await self._kept.choose(caller.somebody.person_id, viewing)


def veil(viewing: Viewing) -> str:
    """The classes of a picture or video that is shown that way."""
    kept = ("veiled", "" if viewing.blurred else "sharp", "" if viewing.grey else "coloured")
    return " ".join(filter(None, kept))
