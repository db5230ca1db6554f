"""Which keys an object of the media store may have."""

from __future__ import annotations

import re

from moderation.errors import ForbiddenSource

# Letters, digits and a little punctuation; no segment is empty, `.` or `..`, none begins with `#`.
# What is left out means something to some store: `%` is decoded, `\` and `:` separate, `#` marks
# the parts of an unfinished upload in a local folder.
_SEGMENT = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._=@+,~-]{1,200}")
_LONGEST = 1000  # S3 allows 1,024 bytes: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>


def checked_key(key: str) -> str:
    """Return the key if it names one object in every kind of store, and never one outside.

    Raises:
        ForbiddenSource: it is empty, too long, absolute, climbs, or holds other characters.
    """
    if len(key) > _LONGEST or not all(_SEGMENT.fullmatch(part) for part in key.split("/")):
        raise ForbiddenSource("a key has segments of letters, digits and ._=@+,~- only")
    return key
