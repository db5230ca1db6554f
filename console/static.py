"""The console's own files: scripts, style and what is vendored, read once and kept by browsers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Depends, Response

from console.faults import nothing_here
from console.identity.guards import unlimited

FOLDER = Path(__file__).parent / "assets"
_KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    content: bytes
    kind: str
    version: str


class Assets:
    """Files by name. The address of one holds the hash of its bytes, so it never changes."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {
            file.name: _read(file) for file in sorted(folder.iterdir()) if file.suffix in _KINDS
        }

    def address(self, name: str) -> str:
        """Raises: KeyError, when there is no such file."""
        return f"/assets/{self._files[name].version}/{name}"

    def routes(self) -> APIRouter:
        routes = APIRouter(include_in_schema=False)

        @routes.get("/assets/{version}/{name}", dependencies=[Depends(unlimited)])
        async def asset(version: str, name: str) -> Response:
            file = self._files.get(name)
            if file is None or version != file.version:
                raise nothing_here()
            headers = {"Cache-Control": _FOR_EVER}
            return Response(file.content, media_type=file.kind, headers=headers)

        return routes


def _read(file: Path) -> _File:
    content = file.read_bytes()
    version = hashlib.sha256(content).hexdigest()[:16]
    return _File(content=content, kind=_KINDS[file.suffix], version=version)
