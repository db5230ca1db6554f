"""A folder that speaks as much S3 as a reader needs, and fails as S3 does."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from runtime.embedded.processes import LOOPBACK

NAME = "uploads"
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_SLOW_DOWN = (
    b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)


class Mood(Enum):
    FINE = "fine"
    BUSY = "busy"  # 503 to everything
    CUTTING = "cutting"  # half of what was promised, then the connection ends


@dataclass
class Bucket:
    """`address` is what AWS_ENDPOINT_URL names; its objects are the files of `folder`.

    `answered` counts the answers that were given in each mood.
    """

    folder: Path
    address: str = ""
    mood: Mood = Mood.FINE
    answered: Counter[Mood] = field(default_factory=Counter)

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "veriscope",
            "AWS_SECRET_ACCESS_KEY": "of-no-use",
        }


class _Handler(BaseHTTPRequestHandler):
    bucket: Bucket
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.bucket.mood is Mood.BUSY:
            self._answer(503, _SLOW_DOWN)
            return
        file = self.bucket.folder / Path(unquote(urlsplit(self.path).path)).name
        if not file.is_file():
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        content = file.read_bytes()
        asked = _RANGE.match(self.headers.get("Range", ""))
        if asked is None:
            self._answer(200, content)
            return
        start = int(asked[1])
        stop = int(asked[2]) + 1 if asked[2] else len(content)
        self._answer(206, content[start:stop], f"bytes {start}-{stop - 1}/{len(content)}")

    def _answer(self, code: int, content: bytes, part: str = "") -> None:
        self.bucket.answered[self.bucket.mood] += 1
        self.send_response(code)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", '"as-it-was-written"')
        self.send_header("Last-Modified", formatdate(0, usegmt=True))
        if part:
            self.send_header("Content-Range", part)
        self.end_headers()
        if self.bucket.mood is not Mood.CUTTING:
            self.wfile.write(content)
            return
        self.wfile.write(content[: len(content) // 2])
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # a client that was stopped never ends its connection

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients are killed here: their connections break, and that is no news."""


@contextmanager
def bucket_of(folder: Path) -> Iterator[Bucket]:
    """Serve a folder as the bucket s3://uploads on loopback."""
    bucket = Bucket(folder)
    server = _Server((LOOPBACK, 0), type("Handler", (_Handler,), {"bucket": bucket}))
    bucket.address = f"http://{LOOPBACK}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
