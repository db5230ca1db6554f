"""Ids as clients write them, in addresses and in queries."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from moderation import upload

IDENTIFIER = f"^{upload.IDENTIFIER}$"
# A platform's own name for who sent an upload: see `moderation.upload`. An upload's id is one, too.
UPLOADER = r"^[!-~]{1,128}$"
Id = Annotated[str, Path(pattern=IDENTIFIER, description="as it was answered or handed in")]
