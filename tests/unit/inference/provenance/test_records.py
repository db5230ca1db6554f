"""What a decoder process tells of an origin is only taken where it is one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inference.provenance.records import provenance_from, provenance_record
from moderation.provenance import (
    UNKNOWN,
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

WHOLE = Provenance(
    state=ProvenanceState.TRUSTED,
    credentials=Credentials(
        place=ManifestPlace.EMBEDDED,
        status_codes=("a.b",),
        signer=Signer(issuer="a"),
        signed_at="2026",
        claim_generator="g",
        actions=(SourceAction(action="c2pa.created"),),
        ingredients=(Ingredient(title="t", state=ProvenanceState.INVALID),),
        trust_list=TrustListUsed(name="n", sha256="s"),
    ),
    tags=MediaTags(
        camera_make="m",
        generator_parameters=(GeneratorParameter(field="f", excerpt="e"),),
        serial_numbers=("1",),
    ),
    generator_marks=(GeneratorMark(generator="g", field="f"),),
    conflicts=(Conflict.CAPTURE_BUT_EDITOR,),
    unread=(UnreadPart(part="xmp", why="damaged"),),
    reader="r",
)


@pytest.mark.parametrize("provenance", [WHOLE, UNKNOWN])
def test_a_provenance_comes_back_as_it_was(provenance: Provenance) -> None:
    record = json.loads(json.dumps(provenance_record(provenance)))
    assert provenance_from(record) == provenance


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "authentic"},
        {"tags": {"camera_make": "m"}},
        {"credentials": []},
        {"further": 1},
        {"reader": "a\x00"},
        {"unread": [{"part": "a", "why": "b" * 1_000}]},
        {"conflicts": ["none"]},
    ],
)
def test_what_is_none_is_refused(wrong: dict[str, Any]) -> None:
    record = {**json.loads(json.dumps(provenance_record(WHOLE))), **wrong}
    with pytest.raises((KeyError, TypeError, ValueError)):
        provenance_from(record)
