"""What of many fields is told, what is dropped, and what contradicts itself."""

from __future__ import annotations

from typing import Any

import pytest

from inference.provenance.credentials import FoundCredentials
from inference.provenance.search import ProvenanceSearch
from inference.provenance.telling import provenance_of
from moderation.provenance import (
    LARGEST_BYTES,
    LONGEST_LIST,
    Conflict,
    Credentials,
    GeneratorParameter,
    Ingredient,
    ManifestPlace,
    Provenance,
    ProvenanceState,
    Signer,
    SourceAction,
    TrustListUsed,
    UnreadPart,
    shown,
    size_of,
)

CAMERA = {"exif:Make": "Canon", "exif:Model": "EOS R5"}


def told(
    fields: dict[str, str], found: FoundCredentials | None = None, **search: Any
) -> Provenance:
    return provenance_of(
        fields, found or FoundCredentials(), (), ProvenanceSearch(**search), reader="test"
    )


def captured(
    *actions: str, state: ProvenanceState = ProvenanceState.VALID, term: str = "digitalCapture"
) -> FoundCredentials:
    made = SourceAction(action="c2pa.created", digital_source_type=term)
    further = [SourceAction(action=action) for action in actions]
    credentials = Credentials(place=ManifestPlace.EMBEDDED, actions=(made, *further))
    return FoundCredentials(state=state, credentials=credentials)


def test_a_media_that_says_nothing_has_no_tags() -> None:
    assert told({}).tags is None


def test_of_fields_that_say_the_same_the_most_telling_is_told() -> None:
    tags = told({"xmp:CreatorTool": "two", "exif:Software": "one", "png:Software": "three"}).tags
    assert tags is not None
    assert tags.software == "one"


def test_the_settings_of_a_generator_are_told_by_how_they_begin() -> None:
    tags = told({"png:parameters": "a fox\nSteps: 20" + "x" * 5_000}).tags
    assert tags is not None
    (parameter,) = tags.generator_parameters
    assert parameter == GeneratorParameter(
        field="png:parameters", excerpt=("a fox Steps: 20" + "x" * 200)[:200]
    )


@pytest.mark.parametrize("keep", [False, True])
def test_places_are_dropped_unless_they_are_to_be_kept(keep: bool) -> None:
    fields = {"exif:GPS": "-33.85700 151.21500", **CAMERA}
    tags = told(fields, keep_places=keep).tags
    assert tags is not None
    assert tags.gps == ("-33.85700 151.21500" if keep else None)


@pytest.mark.parametrize("keep", [False, True])
def test_serial_numbers_are_dropped_unless_they_are_to_be_kept(keep: bool) -> None:
    fields = {"exif:BodySerialNumber": "1234", "xmp:SerialNumber": "1234", **CAMERA}
    tags = told(fields, keep_serial_numbers=keep).tags
    assert tags is not None
    assert tags.serial_numbers == (("1234",) if keep else ())


def test_a_capture_that_names_a_generator_contradicts_itself() -> None:
    fields = {"exif:Software": "Midjourney"}
    assert told(fields, captured()).conflicts == (Conflict.CAPTURE_BUT_GENERATOR,)
    assert told(fields).conflicts == ()


def test_credentials_that_do_not_hold_contradict_nothing() -> None:
    invalid = captured(state=ProvenanceState.INVALID)
    assert told({"exif:Software": "Midjourney"}, invalid).conflicts == ()


def test_a_capture_that_names_an_editor_contradicts_itself_unless_it_tells_of_edits() -> None:
    fields = {"exif:Software": "GIMP 2.10"}
    assert told(fields, captured()).conflicts == (Conflict.CAPTURE_BUT_EDITOR,)
    assert told(fields, captured("c2pa.edited")).conflicts == ()
    assert told({"exif:Software": "17.5.1"}, captured()).conflicts == ()


def test_a_generated_media_that_names_a_camera_contradicts_itself() -> None:
    generated = {"xmp:DigitalSourceType": "trainedAlgorithmicMedia"}
    assert told(generated | CAMERA).conflicts == (Conflict.GENERATED_BUT_CAMERA,)
    assert told(generated).conflicts == ()


def test_tags_that_say_otherwise_than_the_signature_contradict_it() -> None:
    generated = {"xmp:DigitalSourceType": "trainedAlgorithmicMedia"}
    assert told(generated, captured()).conflicts == (Conflict.SOURCE_TYPES_DIFFER,)
    same = {"xmp:DigitalSourceType": "digitalCapture"}
    assert told(same, captured()).conflicts == ()


def test_whatever_a_hostile_file_says_fits() -> None:
    text = shown('"' * 1_000) or ""
    action = SourceAction(action=text, digital_source_type=text, software=text, at=text)
    ingredient = Ingredient(title=text, format=text, relationship=text, digital_source_type=text)
    credentials = Credentials(
        place=ManifestPlace.EMBEDDED,
        status_codes=(text,) * LONGEST_LIST,
        signer=Signer(issuer=text, common_name=text),
        signed_at=text,
        claim_generator=text,
        remote_url=text,
        actions=(action,) * LONGEST_LIST,
        ingredients=(ingredient,) * LONGEST_LIST,
        trust_list=TrustListUsed(name=text, sha256="ab" * 32),
    )
    names = ("Make", "Model", "Software", "DateTimeOriginal", "DateTime", "GPS", "BodySerialNumber")
    fields = {f"exif:{name}": '"' * 9_999 + "openai" for name in names}
    settings = ("parameters", "prompt", "workflow", "sd-metadata", "Dream")
    fields |= {f"png:{name}": '"' * 9_999 + "steps: class_type" for name in settings}
    fields |= {"tag:encoder": '"' * 999, "xmp:DigitalSourceType": '"' * 999}
    provenance = provenance_of(
        fields,
        FoundCredentials(state=ProvenanceState.TRUSTED, credentials=credentials),
        (UnreadPart(part="container", why="damaged"),) * 20,
        ProvenanceSearch(keep_places=True, keep_serial_numbers=True),
        reader='"' * 999,
    )
    assert provenance.is_cut
    assert LARGEST_BYTES // 2 < size_of(provenance) <= LARGEST_BYTES
    assert provenance.credentials is not None
    assert provenance.credentials.signer == credentials.signer
