"""A provenance as a JSON value and back, for the decoder's pipe; what comes back is not trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from moderation.provenance import (
    Conflict,
    Credentials,
    GeneratorMark,
    GeneratorParameter,
    Ingredient,
    ManifestPlace,
    MediaTags,
    Provenance,
    ProvenanceState,
    Signer,
    SourceAction,
    TrustListUsed,
    UnreadPart,
)

Record = Mapping[str, Any]


def provenance_record(provenance: Provenance) -> Record:
    return asdict(provenance)


def provenance_from(record: Record) -> Provenance:
    """Raises: KeyError, TypeError or ValueError where the record is none of a provenance."""
    credentials, tags = record["credentials"], record["tags"]
    return Provenance(
        **{
            **record,
            "state": ProvenanceState(record["state"]),
            "credentials": None if credentials is None else _credentials(credentials),
            "tags": None if tags is None else _tags(tags),
            "generator_marks": tuple(GeneratorMark(**one) for one in record["generator_marks"]),
            "conflicts": tuple(Conflict(one) for one in record["conflicts"]),
            "unread": tuple(UnreadPart(**one) for one in record["unread"]),
        }
    )


def _credentials(record: Record) -> Credentials:
    signer, trust_list = record["signer"], record["trust_list"]
    return Credentials(
        **{
            **record,
            "place": ManifestPlace(record["place"]),
            "status_codes": tuple(record["status_codes"]),
            "signer": None if signer is None else Signer(**signer),
            "actions": tuple(SourceAction(**one) for one in record["actions"]),
            "ingredients": tuple(
                Ingredient(**{**one, "state": ProvenanceState(one["state"])})
                for one in record["ingredients"]
            ),
            "trust_list": None if trust_list is None else TrustListUsed(**trust_list),
        }
    )


def _tags(record: Record) -> MediaTags:
    return MediaTags(
        **{
            **record,
            "generator_parameters": tuple(
                GeneratorParameter(**one) for one in record["generator_parameters"]
            ),
            "serial_numbers": tuple(record["serial_numbers"]),
        }
    )
