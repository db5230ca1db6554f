"""Structured logs: lines for people on a terminal, JSON elsewhere; never media, tokens or names."""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

import structlog

# Libraries whose every step is nobody's business but a developer's; Faust logs in the name of
# the module that derives from it.
_TALKATIVE = (
    "aiokafka",
    "alembic",
    "faust",
    "httpcore",
    "httpx",
    "mode",
    "streams.offsets",
    "uvicorn",
)
# They warn that a timer of the library itself came late, on any machine that is busy.
_FALSE_ALARMS = ("mode.timers",)

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(*, level: str, json: bool, stream: TextIO = sys.stderr) -> None:
    """Send our own logs and those of the libraries through one formatter."""
    renderer: Any = structlog.dev.ConsoleRenderer(
        colors=stream.isatty(),
        # The others show what variables hold: passwords, addresses with passwords, media's names.
        exception_formatter=structlog.dev.plain_traceback,
    )
    last: list[Any] = [renderer]
    if json:
        last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for names, quiet in ((_TALKATIVE, logging.WARNING), (_FALSE_ALARMS, logging.ERROR)):
        for name in names:
            logging.getLogger(name).setLevel(logging.NOTSET if level == "debug" else quiet)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
