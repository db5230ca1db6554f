"""Where the console is, as links on a terminal say it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime.settings import Settings


def console_address(settings: Settings) -> str:
    """As people type it, as the stack that runs beside says, or as this machine would serve it."""
    from runtime.http_server import url_of

    here = url_of(settings.http.host, settings.http.port)
    return str(settings.console.url or os.environ.get("VERISCOPE_API") or here).rstrip("/")
