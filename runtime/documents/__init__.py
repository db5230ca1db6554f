"""Documents that are generated from the code, so that they cannot say something else.

`python -m runtime.documents docs` writes them; a test compares what is committed.
"""

from __future__ import annotations

from pathlib import Path

from runtime.documents.asyncapi import asyncapi
from runtime.documents.licences import licences_page
from runtime.documents.openapi import openapi
from runtime.documents.schemas import schemas
from runtime.documents.settings import settings_page

__all__ = ["documents", "write_documents"]


def documents() -> dict[str, str]:
    """Return every document's text by its path below the folder of documents."""
    contracts = {**schemas(), "asyncapi.yaml": asyncapi(), "openapi.json": openapi()}
    return {
        "settings.md": settings_page(),
        "licences.md": licences_page(),
        **{f"contracts/{name}": text for name, text in contracts.items()},
    }


def write_documents(folder: Path) -> list[Path]:
    """Write all documents below a folder, and return the files."""
    written = []
    for name, text in documents().items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        written.append(file)
    return written
