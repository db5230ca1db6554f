"""A file that nobody may open, and an address that nobody may call."""

from __future__ import annotations

import ctypes
import os
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# <sys/inotify.h>
_IN_ACCESS, _IN_OPEN, _IN_NONBLOCK = 0x1, 0x20, 0x800


@dataclass(slots=True, kw_only=True)
class Canary:
    """`opened`: the file was; `calls`: how often the address was called."""

    file: Path
    address: str = ""
    calls: int = 0
    _watch: int = -1

    @property
    def opened(self) -> bool:
        try:
            return bool(os.read(self._watch, 4096))
        except BlockingIOError:
            return False


@contextmanager
def canary(folder: Path) -> Iterator[Canary]:
    """Watch a new file (Linux) and listen on loopback while the block lasts."""
    file = folder / "canary.txt"
    file.write_text("nobody may read this")
    bird = Canary(file=file)

    class Called(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            bird.calls += 1

    bird._watch = _watch(file)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Called) as server:
        bird.address = "http://{}:{}/".format(*server.server_address)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield bird
        finally:
            server.shutdown()
            os.close(bird._watch)


def _watch(file: Path) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    watch = library.inotify_init1(_IN_NONBLOCK)
    assert watch >= 0, os.strerror(ctypes.get_errno())
    added = library.inotify_add_watch(watch, bytes(file), _IN_ACCESS | _IN_OPEN)
    assert added >= 0, os.strerror(ctypes.get_errno())
    return int(watch)
