"""Comments over memory; the contract tests hold it to the databases' promises."""

from __future__ import annotations

from moderation.comments import Comment
from moderation.errors import UnknownUpload
from moderation.people import Tenants
from storage.in_memory import Memory


class InMemoryComments:
    """Implements `storage.comments.ports.Comments`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._comments: dict[str, Comment] = {}

    async def add(self, comment: Comment) -> bool:
        known = self._memory.uploads.get(comment.upload_id)
        if known is None or known.upload.tenant != comment.tenant:
            raise UnknownUpload(f"no upload {comment.upload_id} is in the ledger")
        if comment.comment_id in self._comments:
            return False
        self._comments[comment.comment_id] = comment
        return True

    async def of_upload(self, upload_id: str, tenants: Tenants, *, limit: int) -> list[Comment]:
        found = [
            comment
            for comment in self._comments.values()
            if comment.upload_id == upload_id
            and comment.tenant in tenants
            and upload_id in self._memory.uploads
        ]
        return found[-limit:]
