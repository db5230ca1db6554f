"""What a user sent, before anything is known of its bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

IDENTIFIER = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
_UPLOADER = re.compile(r"[!-~]{1,128}")


GOLDEN = "golden"  # the tenant of known media that watch the stream (`streams.golden`)


class Lane(StrEnum):
    """How urgent an upload is: a backfill never delays a live one."""

    LIVE = "live"
    BACKFILL = "backfill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One announced upload.

    `upload_id` and `tenant` appear in keys and paths, so both are limited to
    letters, digits, dot, dash and underscore, 128 at most. `uploader_id` says whose uploads
    belong together when somebody asks for theirs to be erased: an id of the platform's own that
    means nothing to others, such as a keyed hash of the account.

    Raises:
        ValueError: an identifier holds other characters, the address is empty
            or over 2,048 characters, or `announced_at` carries no time zone.
    """

    upload_id: str
    tenant: str
    lane: Lane
    uri: str
    announced_at: datetime
    file_name: str | None = None
    uploader_id: str | None = None

    def __post_init__(self) -> None:
        for name in ("upload_id", "tenant"):
            if not re.fullmatch(IDENTIFIER, getattr(self, name)):
                raise ValueError(f"{name} must match {IDENTIFIER}")
        if not 0 < len(self.uri) <= 2048:
            raise ValueError("uri must have 1 to 2,048 characters")
        if self.announced_at.tzinfo is None:
            raise ValueError("announced_at must carry a time zone")
        if self.file_name is not None and len(self.file_name) > 255:
            raise ValueError("file_name must have at most 255 characters")
        if self.uploader_id is not None and not _UPLOADER.fullmatch(self.uploader_id):
            raise ValueError("uploader_id must have 1 to 128 characters of ASCII, no blanks")
