"""What the console needs of comments; each method raises LedgerUnavailable, as `storage.ports`."""

from __future__ import annotations

from typing import Protocol

from moderation.comments import Comment
from moderation.people import Tenants


class Comments(Protocol):
    """Remarks on uploads. None is ever changed; they go when their upload is erased."""

    async def add(self, comment: Comment) -> bool:
        """Write one; False where there is one of that id: it was handed in twice.

        Raises:
            UnknownUpload: there is no such upload of that tenant.
        """
        ...

    async def of_upload(self, upload_id: str, tenants: Tenants, *, limit: int) -> list[Comment]:
        """The newest of them, in the order in which they were made."""
        ...
