"""Lists of authorities, as PEM files that an operator brings."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

from inference.provenance.search import TrustList
from moderation.errors import InvalidConfiguration

_LARGEST_LIST = 4 * 2**20
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_SEQUENCE = 0x30  # what every certificate begins with (X.690, section 8.9)


def load_trust_list(file: Path) -> TrustList:
    """Read a list; text between the certificates is left out.

    The authorities themselves belong in it: a signer's own certificate makes nobody trusted.

    Raises:
        InvalidConfiguration: it cannot be read, is too large, or holds no certificate or a
            damaged one.
    """
    try:
        content = file.read_bytes()
        certificates = _certificates(content.decode("utf-8", "replace"))
    except (OSError, ValueError) as error:
        raise InvalidConfiguration(f"trust list {file}: {error}") from error
    if not certificates or len(content) > _LARGEST_LIST:
        raise InvalidConfiguration(f"trust list {file}: no certificate in it, or over 4 MiB")
    return TrustList(
        name=file.name,
        sha256=hashlib.sha256(content).hexdigest(),
        certificates=tuple(certificates),
    )


def _certificates(text: str) -> list[str]:
    """Raises: ValueError where one is damaged."""
    certificates = []
    for number, part in enumerate(text.split(_BEGIN)[1:], start=1):
        body, end, _ = part.partition(_END)
        content = ssl.PEM_cert_to_DER_cert(f"{_BEGIN}{body}{end}")
        if content[:1] != bytes([_SEQUENCE]):
            raise ValueError(f"certificate {number} is damaged")
        certificates.append(ssl.DER_cert_to_PEM_cert(content))
    return certificates
