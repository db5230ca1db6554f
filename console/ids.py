"""Ids as clients write them, in addresses and in queries."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
# A platform's own name for who sent an upload: see `moderation.upload`. An upload's id is one, too.
UPLOADER = r"^[!-~]{1,128}$"
Id = Annotated[str, Path(pattern=IDENTIFIER, description="as it was answered or handed in")]
