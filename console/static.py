"""The console's own files: scripts, style and what is vendored, read once and kept by browsers."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi import APIRouter, Depends, Response

from console.faults import Refused
from console.identity.guards import unlimited

FOLDER = Path(__file__).parent / "assets"
_KINDS = {".js": "text/javascript", ".css": "text/css"}
_FOR_EVER = "public, max-age=31536000, immutable"


class Assets:
    """Files by name. The address of one holds the hash of its bytes, so it never changes."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {
            file.name: (file.read_bytes(), _KINDS[file.suffix])
            for file in sorted(folder.iterdir())
            if file.suffix in _KINDS
        }

    def address(self, name: str) -> str:
        """Raises: KeyError, when there is no such file."""
        return f"/assets/{_short_hash(self._files[name][0])}/{name}"

    def routes(self) -> APIRouter:
        routes = APIRouter(include_in_schema=False)

        @routes.get("/assets/{version}/{name}", dependencies=[Depends(unlimited)])
        async def asset(version: str, name: str) -> Response:
            content, kind = self._files.get(name, (b"", ""))
            if not kind or version != _short_hash(content):
                raise Refused(404, "not_found", "there is nothing here")
            return Response(content, media_type=kind, headers={"Cache-Control": _FOR_EVER})

        return routes


def _short_hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
