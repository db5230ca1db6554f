"""An authority for time stamps (RFC 3161) on loopback, as small as signing in a test needs."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.signing import Identity

TIME_STAMPING = "1.3.6.1.5.5.7.3.8"

_SHA256 = "2.16.840.1.101.3.4.2.1"
_ECDSA_SHA256 = "1.2.840.10045.4.3.2"
_SIGNED_DATA = "1.2.840.113549.1.7.2"
_TST_INFO = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SEQUENCE, _SET, _INTEGER, _OCTETS, _OID, _TIME = 0x30, 0x31, 0x02, 0x04, 0x06, 0x18


@contextmanager
def stamping(authority: Identity) -> Iterator[str]:
    """Run the authority, and yield its address; it stamps with the time of day."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            answer = _answer(asked, authority)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(request: bytes, authority: Identity) -> bytes:
    """TimeStampResp with status granted (section 2.4.2)."""
    granted = _tlv(_SEQUENCE, _number(0))
    return _tlv(_SEQUENCE, granted + _token(_info(request), authority))


def _info(request: bytes) -> bytes:
    """TSTInfo: what was asked for, and when."""
    _version, imprint, *rest = _parts(_parts(request)[0][1])
    nonces = [whole for whole, _ in rest if whole[0] == _INTEGER]
    now = datetime.now(UTC).strftime("%Y%m%d%H%M%SZ").encode()
    fields = [_number(1), _oid("1.2.3.4.1"), imprint[0], _number(7), _tlv(_TIME, now), *nonces[:1]]
    return _tlv(_SEQUENCE, b"".join(fields))


def _token(info: bytes, authority: Identity) -> bytes:
    """CMS SignedData over it (RFC 5652, section 5)."""
    certificates = x509.load_pem_x509_certificates(authority.chain.encode())
    key = serialization.load_pem_private_key(authority.key.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    attributes = _attribute(_CONTENT_TYPE, _oid(_TST_INFO)) + _attribute(
        _MESSAGE_DIGEST, _tlv(_OCTETS, hashlib.sha256(info).digest())
    )
    signature = key.sign(_tlv(_SET, attributes), ec.ECDSA(hashes.SHA256()))
    issuer = certificates[0].issuer.public_bytes() + _number(certificates[0].serial_number)
    signer = [
        _number(1),
        _tlv(_SEQUENCE, issuer),
        _algorithm(_SHA256),
        _tlv(0xA0, attributes),
        _algorithm(_ECDSA_SHA256),
        _tlv(_OCTETS, signature),
    ]
    ders = [one.public_bytes(serialization.Encoding.DER) for one in certificates]
    signed = [
        _number(3),
        _tlv(_SET, _algorithm(_SHA256)),
        _tlv(_SEQUENCE, _oid(_TST_INFO) + _tlv(0xA0, _tlv(_OCTETS, info))),
        _tlv(0xA0, b"".join(ders)),
        _tlv(_SET, _tlv(_SEQUENCE, b"".join(signer))),
    ]
    content = _tlv(0xA0, _tlv(_SEQUENCE, b"".join(signed)))
    return _tlv(_SEQUENCE, _oid(_SIGNED_DATA) + content)


def _attribute(name: str, value: bytes) -> bytes:
    return _tlv(_SEQUENCE, _oid(name) + _tlv(_SET, value))


def _algorithm(name: str) -> bytes:
    return _tlv(_SEQUENCE, _oid(name))


def _oid(dotted: str) -> bytes:
    return _tlv(_OID, _arcs(dotted))


def _arcs(dotted: str) -> bytes:
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    content = bytearray()
    for arc in (first * 40 + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(arc & 0x7F | 0x80)
        content += bytes(reversed(septets))
    return bytes(content)


def _number(value: int) -> bytes:
    return _tlv(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _tlv(tag: int, content: bytes) -> bytes:
    """Tag, length and value (X.690)."""
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    written = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(written)]) + written + content


def _parts(content: bytes) -> list[tuple[bytes, bytes]]:
    """Every element of a content: as it stands there, and its own content."""
    parts, at = [], 0
    while at < len(content):
        head, length = at + 2, content[at + 1]
        if length >= 0x80:
            head += length & 0x7F
            length = int.from_bytes(content[at + 2 : head], "big")
        parts.append((content[at : head + length], content[head : head + length]))
        at = head + length
    return parts
