"""Reading credentials asks no server, whatever the media names."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from c2pa import C2paError, Context, Reader, Settings

from inference.provenance.credentials import read_credentials
from inference.provenance.search import ProvenanceSearch
from moderation.media import Container
from moderation.provenance import ManifestPlace
from tests.origins import picture, trust_list
from tests.signing import an_identity, signed


class Listening:
    """A server on loopback that keeps what it is asked for."""

    def __init__(self) -> None:
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(200)
                self.end_headers()

            do_POST = do_GET  # noqa: N815 - the name is http.server's

            def log_message(self, *_: object) -> None:
                pass

        self.asked = asked
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def listening() -> Iterator[Listening]:
    made = Listening()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def test_a_remote_manifest_is_never_asked_for(listening: Listening) -> None:
    url = f"{listening.url}/manifest.c2pa"
    media = signed(picture(), remote_url=url, is_embedded=False)
    found = read_credentials(io.BytesIO(media), Container.JPEG, ProvenanceSearch())
    assert found.credentials is not None
    assert found.credentials.place is ManifestPlace.REMOTE
    assert found.credentials.remote_url == url
    assert listening.asked == []


def test_nobody_is_asked_whether_a_certificate_was_revoked(listening: Listening) -> None:
    identity = an_identity("Revocable", ocsp=f"{listening.url}/ocsp")
    search = ProvenanceSearch(signers=trust_list(identity))
    found = read_credentials(io.BytesIO(signed(picture(), by=identity)), Container.JPEG, search)
    assert found.credentials is not None
    assert "signingCredential.ocsp.skipped" in found.credentials.status_codes
    assert listening.asked == []


def test_the_server_would_be_asked_by_the_library_as_it_comes(listening: Listening) -> None:
    """Without which the tests above would prove nothing."""
    url = f"{listening.url}/manifest.c2pa"
    media = signed(picture(), remote_url=url, is_embedded=False)
    with pytest.raises(C2paError), Context(Settings.from_dict({"version": 1})) as context:
        Reader("image/jpeg", io.BytesIO(media), context=context)
    assert listening.asked == ["/manifest.c2pa"]
    with (
        pytest.raises(C2paError, match="allowed list"),
        Context(Settings.from_dict({"core": {"allowed_network_hosts": []}})) as context,
    ):
        Reader("image/jpeg", io.BytesIO(media), context=context)
    assert listening.asked == ["/manifest.c2pa"]
