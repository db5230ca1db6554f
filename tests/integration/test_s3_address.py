"""A store that speaks S3 is reached by the variables that docker-compose.yml sets."""

from __future__ import annotations

import http.server
import threading
from pathlib import Path

import pytest
import yaml

from moderation.errors import MediaStoreUnavailable
from storage.media import open_media_store

COMPOSE = yaml.safe_load((Path(__file__).parents[2] / "docker-compose.yml").read_text())


class Listener(http.server.BaseHTTPRequestHandler):
    """Answers every PUT as S3 would, and keeps what it was sent."""

    seen: list[tuple[str, str]]

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.seen.append((self.path, self.headers["authorization"]))
        self.send_response(200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def s3(monkeypatch):
    """Give what the store was sent; the environment is that of a worker in a container."""
    handler = type("Handler", (Listener,), {"seen": []})
    server = http.server.HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    for variable, value in COMPOSE["services"]["worker"]["environment"].items():
        if variable.startswith("AWS_"):
            monkeypatch.setenv(variable, value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "f00")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    yield handler.seen
    server.shutdown()
    thread.join()
    server.server_close()


async def test_an_s3_store_on_plain_http_is_reached_when_that_is_allowed(s3):
    await open_media_store("s3://veriscope/kept").put("packs/one", b"1")
    ((path, authorization),) = s3
    assert path == "/veriscope/kept/packs/one"
    assert "Credential=veriscope/" in authorization
    assert "/us-east-1/s3/" in authorization


async def test_plain_http_is_refused_when_nobody_allowed_it(s3, monkeypatch):
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    with pytest.raises(MediaStoreUnavailable):
        await open_media_store("s3://veriscope").put("packs/one", b"1")
    assert s3 == []
