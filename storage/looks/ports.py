"""What is asked about uploads that were sent before, and how they are remembered.

Every method raises LedgerUnavailable when the database cannot be reached or refuses.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from moderation.listed_looks import ListChanges, ListedLook
from moderation.looks import Look
from moderation.upload import Lane, Upload
from moderation.verdict import Match, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """An upload that looks alike; `distance` is that of its closest look, 0 to 31 bits."""

    upload_id: str
    distance: int


class LookAlikes(Protocol):
    """Nobody learns of another tenant's uploads."""

    async def same_bytes(self, tenant: str, sha256: str, *, limit: int) -> list[str]:
        """The ids of a tenant's uploads of these bytes, by id."""
        ...

    async def looks_of(self, upload_id: str) -> tuple[Look, ...]:
        """How an upload looks, in time; empty where nothing could be compared or is known.

        Uploads of the same bytes look as the first of them that was looked at.
        """
        ...

    async def alike(self, tenant: str, look: Look, *, limit: int) -> list[Alike]:
        """A tenant's uploads that look like it, the closest first, then by id.

        The upload that the look is of is among them. None is like a look of low quality.
        """
        ...


class LookKeeping(Protocol):
    async def add(self, upload_id: str, tenant: str, sha256: str, looks: Sequence[Look]) -> None:
        """Remember an upload of the ledger, in place of what was remembered of it before.

        Only looks that can be compared are kept; where looks of the same bytes are known,
        those stay.
        """
        ...

    async def forget(self, upload_id: str) -> None:
        """Forget an upload's bytes and looks; one that is not known is forgotten already.

        What the tenant's other uploads of the same bytes look like stays known of those.
        """
        ...


class SeenBefore(Protocol):
    """What an upload need not be judged for, or is judged otherwise for."""

    async def standing(
        self, tenant: str, sha256: str, *, lineages: Collection[str], lanes: Collection[Lane]
    ) -> Verdict | None:
        """A current verdict, of one of these lineages (digests), on the tenant's same bytes.

        Its upload was sent in one of those lanes. None where there is none.
        """
        ...

    async def decided(self, upload: Upload, sha256: str, looks: Sequence[Look]) -> list[Match]:
        """What stands by people's decision about the tenant's other uploads.

        First those of the same bytes, then those that look alike, the closest first; the
        newest first of equals; MOST_MATCHES at most.
        """
        ...


class ListedLooks(Protocol):
    async def matches(self, tenant: str, seen: Sequence[Look]) -> list[Match]:
        """Entries of the tenant's lists, and of those for all, that look alike.

        The closest first; each entry once; MOST_MATCHES at most.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LookList:
    """A list and how many looks stand on it; `tenant` is "*" where it is for all of them."""

    tenant: str
    name: str
    looks: int


class LookLists(Protocol):
    """Lists of looks that were brought in; `tenant` "*" is that of lists for every tenant."""

    async def change(
        self, tenant: str, name: str, changes: ListChanges, *, replacing: bool = False
    ) -> None:
        """Put looks on a list and take off what is withdrawn, all or nothing.

        A hash stands on a list once, with the entry that was told last. With `replacing`
        nothing else stays on it.
        """
        ...

    async def lists(self) -> list[LookList]:
        """All that are not empty, by tenant and name."""
        ...

    async def entries(self, tenant: str, name: str) -> list[ListedLook]:
        """What stands on a list, by hash; empty where there is none."""
        ...


class RestrictedLooks(Protocol):
    async def restricted(self, tenant: str) -> list[ListedLook]:
        """How the tenant's uploads look that people decided to label or to withhold, by hash.

        Without a name: whoever is given them is not told of uploads.
        """
        ...
