"""From a manifest store (the JSON of c2pa-python) to credentials; its claims are foreign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from inference.provenance.search import TrustList
from moderation.provenance import (
    LONGEST_LIST,
    Credentials,
    Ingredient,
    ManifestPlace,
    ProvenanceState,
    Signer,
    SourceAction,
    TrustListUsed,
    shown,
)

# How c2pa-python is told to name the list of signers in its answer. c2pa-python 0.38.1 trusts
# a signer of every list that it is given, those for time stamps too.
SIGNERS_URI = "urn:veriscope:signers"

_STATES = {
    "Invalid": ProvenanceState.INVALID,
    "Valid": ProvenanceState.VALID,
    "Trusted": ProvenanceState.TRUSTED,
}
# What an ingredient's credentials may fail in and still belong to their bytes.
_UNTRUSTED = frozenset({"signingCredential.untrusted", "timeStamp.untrusted"})
_ACTIONS = ("c2pa.actions", "c2pa.actions.v2")

Store = Mapping[str, Any]


def state_of(store: Store) -> ProvenanceState:
    """What validation came to; one word that is not known is no word for it.

    Nobody is trusted but by the list of signers.
    """
    state = _STATES.get(str(store.get("validation_state")), ProvenanceState.UNKNOWN)
    if state is ProvenanceState.TRUSTED and _results(store).get("trustListUri") != SIGNERS_URI:
        return ProvenanceState.VALID
    return state


def credentials_of(store: Store, signers: TrustList | None) -> Credentials:
    """Read the manifest that speaks for the media, and what it says of its ingredients."""
    manifests = _table(store.get("manifests"))
    active = _table(manifests.get(str(store.get("active_manifest"))))
    signature = _table(active.get("signature_info"))
    return Credentials(
        place=ManifestPlace.EMBEDDED,
        status_codes=tuple(islice(_codes(_results(store)), LONGEST_LIST)),
        signer=Signer(
            issuer=_text(signature.get("issuer")), common_name=_text(signature.get("common_name"))
        ),
        signed_at=_text(signature.get("time")),
        claim_generator=_generator(active),
        actions=tuple(islice(_actions(active), LONGEST_LIST)),
        ingredients=tuple(
            _ingredient(one, manifests) for one in _tables(active.get("ingredients"))[:LONGEST_LIST]
        ),
        trust_list=TrustListUsed(name=shown(signers.name) or "", sha256=signers.sha256)
        if signers
        else None,
    )


def said_by(credentials: Credentials) -> dict[str, str]:
    """What credentials name, by fields like those of other tags."""
    agents = [one.software for one in credentials.actions if one.software]
    fields = {
        "c2pa:claim_generator": credentials.claim_generator,
        "c2pa:software": "; ".join(dict.fromkeys(agents)),
        "c2pa:signer": credentials.signer and credentials.signer.issuer,
    }
    return {name: value for name, value in fields.items() if value}


def _results(store: Store) -> Store:
    return _table(store.get("validation_results"))


def _codes(results: Store) -> Iterator[str]:
    """What is wrong first, then what is worth knowing; each once."""
    parts = [_table(results.get("activeManifest"))]
    parts += [
        _table(delta.get("validationDeltas")) for delta in _tables(results.get("ingredientDeltas"))
    ]
    seen: set[str] = set()
    for kind in ("failure", "informational"):
        for part in parts:
            for status in _tables(part.get(kind)):
                code = _text(status.get("code"))
                if code and code not in seen:
                    seen.add(code)
                    yield code


def _actions(manifest: Store) -> Iterator[SourceAction]:
    for assertion in _tables(manifest.get("assertions")):
        if assertion.get("label") not in _ACTIONS:
            continue
        for action in _tables(_table(assertion.get("data")).get("actions")):
            yield SourceAction(
                action=_text(action.get("action")) or "",
                digital_source_type=_text(action.get("digitalSourceType")),
                software=_software(action.get("softwareAgent")),
                at=_text(action.get("when")),
            )


def _ingredient(ingredient: Store, manifests: Store) -> Ingredient:
    own = _table(manifests.get(str(ingredient.get("active_manifest"))))
    types = (one.digital_source_type for one in islice(_actions(own), LONGEST_LIST))
    return Ingredient(
        title=_text(ingredient.get("title")),
        format=_text(ingredient.get("format")),
        relationship=_text(ingredient.get("relationship")),
        digital_source_type=next((one for one in types if one), None),
        state=_ingredient_state(ingredient),
    )


def _ingredient_state(ingredient: Store) -> ProvenanceState:
    """What was found when it was taken in; nobody's trust in it is repeated here."""
    if not ingredient.get("active_manifest"):
        return ProvenanceState.UNKNOWN
    results = _table(_results(ingredient).get("activeManifest"))
    failures = _tables(results.get("failure")) or _tables(ingredient.get("validation_status"))
    if any(one.get("code") not in _UNTRUSTED for one in failures):
        return ProvenanceState.INVALID
    return ProvenanceState.VALID


def _generator(manifest: Store) -> str | None:
    named = _tables(manifest.get("claim_generator_info"))
    return _software(named[0]) if named else _text(manifest.get("claim_generator"))


def _software(value: Any) -> str | None:
    """A name, or a table of name and version."""
    if not isinstance(value, Mapping):
        return _text(value)
    parts = (value.get("name"), value.get("version"))
    return _text(" ".join(part for part in parts if isinstance(part, str)))


def _text(value: Any) -> str | None:
    return shown(value) if isinstance(value, str) else None


def _table(value: Any) -> Store:
    return value if isinstance(value, Mapping) else {}


def _tables(value: Any) -> Sequence[Store]:
    listed = value if isinstance(value, list) else []
    return [one for one in listed if isinstance(one, Mapping)]
