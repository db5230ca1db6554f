"""Hands an address to the source that its scheme names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from moderation.errors import ForbiddenSource
from storage.ports import Source


class SourceByScheme:
    """Implements `storage.ports.Source`; a scheme without a source is forbidden."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = dict(sources)

    async def fetch(self, uri: str, to: Path) -> None:
        scheme, colon, _ = uri.partition(":")
        source = self._sources.get(scheme.lower()) if colon else None
        if source is None:
            allowed = ", ".join(sorted(self._sources))
            raise ForbiddenSource(f"the address has a scheme other than {allowed}")
        await source.fetch(uri, to)
