"""What a media says of its own origin, in one line for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from moderation.origins import Origin
from moderation.provenance import Conflict, ManifestPlace, Provenance, ProvenanceState

_STATES: Mapping[ProvenanceState, str] = {
    ProvenanceState.INVALID: "credentials that do not hold",
    ProvenanceState.VALID: "credentials of a signer whom no trust list knows",
    ProvenanceState.TRUSTED: "credentials of a trusted signer",
}
_ORIGINS: Mapping[Origin, str] = {
    Origin.CAPTURE: "says that it was captured",
    Origin.EDITED: "says that it was edited",
    Origin.PARTLY_GENERATED: "says that it was generated in part",
    Origin.GENERATED: "says that it was generated",
}
_CONFLICTS: Mapping[Conflict, str] = {
    Conflict.CAPTURE_BUT_GENERATOR: "signed as captured, but a generator is named in it",
    Conflict.CAPTURE_BUT_EDITOR: "signed as captured, but an editor is named in it",
    Conflict.GENERATED_BUT_CAMERA: "says that it was generated, but names a camera",
    Conflict.SOURCE_TYPES_DIFFER: "signed as something else than its tags say",
}


def origin_in_words(provenance: Provenance) -> str:
    """One line, empty where the media says nothing."""
    return "; ".join(_parts(provenance))


def _parts(provenance: Provenance) -> Iterator[str]:
    credentials, tags = provenance.credentials, provenance.tags
    if credentials is not None and credentials.place is ManifestPlace.REMOTE:
        yield "credentials that lie elsewhere"
    elif provenance.state in _STATES:
        signer = credentials.signer if credentials is not None else None
        name = signer.issuer or signer.common_name if signer is not None else None
        yield _STATES[provenance.state] + (f" ({name})" if name else "")
    yield from (_ORIGINS[one] for one in Origin if one in provenance.declared)
    if provenance.generator_marks:
        yield "names " + ", ".join(mark.generator for mark in provenance.generator_marks)
    if tags is not None and (tags.camera_make or tags.camera_model):
        yield "camera " + " ".join(part for part in (tags.camera_make, tags.camera_model) if part)
    yield from (_CONFLICTS[one] for one in provenance.conflicts)
    if provenance.unread:
        parts = ", ".join(f"{part.part}: {part.why}" for part in provenance.unread)
        yield f"not to be read: {parts}"
