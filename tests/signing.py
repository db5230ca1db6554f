"""Media with content credentials, signed here and now under certificates made here and now."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from c2pa import Builder, C2paSignerInfo, Context, Settings, Signer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID, ObjectIdentifier

SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
CLAIM_SIGNING = "1.3.6.1.4.1.62558.2.1"
E_MAIL = "1.3.6.1.5.5.7.3.4"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A signer under an authority of its own: `chain` and `authority` are PEM."""

    chain: str
    key: str
    authority: str


def an_identity(
    common_name: str = "Camera 1",
    *,
    organisation: str = "Test Cameras",
    lasts: timedelta = 100 * DAY,
    purpose: str = E_MAIL,
    ocsp: str | None = None,
) -> Identity:
    now = datetime.now(UTC)
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _certificate(
        f"{common_name} authority", organisation, authority_key.public_key(), now + 3650 * DAY
    )
    authority = (
        authority.issuer_name(_name(f"{common_name} authority", organisation))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    leaf = (
        _certificate(common_name, organisation, key.public_key(), now + lasts)
        .issuer_name(_name(f"{common_name} authority", organisation))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ObjectIdentifier(purpose)]), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
    )
    if ocsp is not None:
        asked = x509.AccessDescription(
            AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(ocsp)
        )
        leaf = leaf.add_extension(x509.AuthorityInformationAccess([asked]), critical=False)
    signed = [one.sign(authority_key, hashes.SHA256()) for one in (leaf, authority)]
    leaf_pem, authority_pem = (
        one.public_bytes(serialization.Encoding.PEM).decode() for one in signed
    )
    return Identity(
        chain=leaf_pem + authority_pem,
        key=key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
        authority=authority_pem,
    )


@cache
def the_identity() -> Identity:
    """One for all tests that do not care whose it is."""
    return an_identity()


def an_action(source_type: str | None = None, action: str = "c2pa.created", **more: Any) -> Any:
    typed = {"digitalSourceType": SOURCE_TYPES + source_type} if source_type else {}
    return {"action": action, **typed, **more}


def signed(
    media: bytes,
    mime_type: str = "image/jpeg",
    *,
    by: Identity | None = None,
    actions: Sequence[Any] = (an_action("digitalCapture"),),
    generator: str = "test-camera",
    remote_url: str | None = None,
    is_embedded: bool = True,
    ingredients: Sequence[tuple[Mapping[str, str], str, bytes]] = (),
    assertions: Sequence[Any] = (),
    stamped_by: str | None = None,
) -> bytes:
    """Sign a media; an ingredient is its description, its MIME type and its bytes.

    `stamped_by` is the address of an authority for time stamps.
    """
    identity = by or the_identity()
    claim = {
        "claim_generator_info": [{"name": generator, "version": "1.0"}],
        "title": "upload",
        "format": mime_type,
        "assertions": [{"label": "c2pa.actions", "data": {"actions": list(actions)}}, *assertions],
    }
    settings = {
        "verify": {"verify_after_sign": False, "verify_trust": False},
        "builder": {"thumbnail": {"enabled": False}},
    }
    info = C2paSignerInfo(b"es256", identity.chain.encode(), identity.key.encode(), stamped_by)
    target = io.BytesIO()
    with Context(Settings.from_dict(settings)) as context, Builder(claim, context) as builder:
        if remote_url is not None:
            builder.set_remote_url(remote_url)
        if not is_embedded:
            builder.set_no_embed()
        for described, its_type, content in ingredients:
            builder.add_ingredient(dict(described), its_type, io.BytesIO(content))
        builder.sign(Signer.from_info(info), mime_type, io.BytesIO(media), target)
    return target.getvalue()


def _name(common_name: str, organisation: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _certificate(
    common_name: str, organisation: str, key: ec.EllipticCurvePublicKey, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(common_name, organisation))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - DAY)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
