"""Reads content credentials (C2PA) by c2pa-python, which is kept off the network three times.

It is told to fetch nothing, it is told that no host may be asked, and in a decoder process
there is no network (`inference.decoding.confinement`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from c2pa import C2paError, Context, Reader, Settings, sdk_version

from inference.provenance.blocks import Fields, Unread
from inference.provenance.manifest_store import (
    SIGNERS_URI,
    credentials_of,
    said_by,
    state_of,
)
from inference.provenance.search import ProvenanceSearch
from moderation.media import Container
from moderation.provenance import Credentials, ManifestPlace, ProvenanceState, shown

LIBRARY = f"c2pa {sdk_version()}"

# Matroska and WebM have no place for credentials.
_MIME_TYPES = {
    Container.JPEG: "image/jpeg",
    Container.PNG: "image/png",
    Container.WEBP: "image/webp",
    Container.GIF: "image/gif",
    Container.HEIC: "image/heic",
    Container.AVIF: "image/avif",
    Container.MP4: "video/mp4",
    Container.MOV: "video/quicktime",
    Container.AVI: "video/x-msvideo",
}

# What a signing certificate may be for: e-mail, documents, and claims of C2PA, which
# c2pa-python does not know by itself. C2PA Certificate Policy, and specification 2.2, 14.5.1.
_SIGNING_PURPOSES = "1.3.6.1.5.5.7.3.4\n1.3.6.1.5.5.7.3.36\n1.3.6.1.4.1.62558.2.1\n"
_TIME_STAMPING_PURPOSE = "1.3.6.1.5.5.7.3.8\n"
_TIME_STAMPS_URI = "urn:veriscope:time-stamps"

_LARGEST_STORE = 8 * 2**20
_REMOTE = "Remote: must fetch remote manifests from url "


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCredentials:
    """How far they hold, and what they say."""

    state: ProvenanceState = ProvenanceState.UNKNOWN
    credentials: Credentials | None = None

    @property
    def fields(self) -> Fields:
        """What they name, as other tags do."""
        return said_by(self.credentials) if self.credentials else {}


def read_credentials(
    file: BinaryIO, container: Container, search: ProvenanceSearch
) -> FoundCredentials:
    """Read and validate the credentials of a media; remote ones are named.

    Without a list of authorities for time stamps one is taken at its word, as signatures
    are without a list for signers. It keeps credentials valid whose certificate ran out
    since, and makes nobody trusted: who has an old key can set a clock back.

    Raises:
        Unread: there are some, and they cannot be read.
    """
    mime_type = _MIME_TYPES.get(container)
    if mime_type is None:
        return FoundCredentials()
    found = _validated(file, mime_type, search)
    if search.signers is None or search.time_stamps is not None:
        return found
    if found.state is not ProvenanceState.INVALID:
        return found
    believing = _validated(file, mime_type, replace(search, signers=None))
    return replace(found, state=believing.state)


def _validated(file: BinaryIO, mime_type: str, search: ProvenanceSearch) -> FoundCredentials:
    file.seek(0)
    try:
        with Context(Settings.from_dict(_settings(search))) as context:
            text = _read(file, mime_type, context)
    except C2paError.ManifestNotFound:
        return FoundCredentials()
    except C2paError as error:
        return _remote(str(error))
    if len(text) > _LARGEST_STORE:
        raise Unread("too_large")
    store = json.loads(text)
    return FoundCredentials(
        state=state_of(store),
        credentials=credentials_of(store, search.signers),
    )


def _read(file: BinaryIO, mime_type: str, context: Context) -> str:
    with Reader(mime_type, file, context=context) as reader:
        return str(reader.json())


def _remote(message: str) -> FoundCredentials:
    """Credentials that lie elsewhere: all that is known is where."""
    if not message.startswith(_REMOTE):
        raise Unread("damaged")
    url = shown(message.removeprefix(_REMOTE))
    return FoundCredentials(credentials=Credentials(place=ManifestPlace.REMOTE, remote_url=url))


def _settings(search: ProvenanceSearch) -> dict[str, Any]:
    """Settings of c2pa-rs 0.91.

    Identity assertions are left alone: to resolve one may mean to ask a server.
    """
    has_lists = search.signers is not None or search.time_stamps is not None
    return {
        "core": {"allowed_network_hosts": [], "decode_identity_assertions": False},
        "verify": {
            "ocsp_fetch": False,
            "remote_manifest_fetch": False,
            "verify_timestamp_trust": has_lists,
            "verify_trust": True,
        },
        "trust": {"anchors": _anchors(search), "trust_config": _SIGNING_PURPOSES},
    }


def _anchors(search: ProvenanceSearch) -> list[dict[str, str]]:
    """The authorities by what they are for.

    Of one that is on both lists c2pa-rs names the second, so it stands on the first only,
    where it is taken for time stamps as well.
    """
    signers = search.signers.certificates if search.signers else ()
    time_stamps = search.time_stamps.certificates if search.time_stamps else ()
    further = [one for one in time_stamps if one not in signers]
    lists = (
        ("manifest", SIGNERS_URI, _SIGNING_PURPOSES, signers),
        ("tsa", _TIME_STAMPS_URI, _TIME_STAMPING_PURPOSE, further),
    )
    return [
        {
            "trust_kind": kind,
            "trust_uri": uri,
            "trust_config": purposes,
            "trust_anchors": "".join(certificates),
        }
        for kind, uri, purposes, certificates in lists
        if certificates
    ]
