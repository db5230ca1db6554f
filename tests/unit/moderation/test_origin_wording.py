"""What a media says of its origin stands in one line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from moderation.origin_wording import origin_in_words
from moderation.provenance import (
    UNKNOWN,
    Conflict,
    Credentials,
    GeneratorMark,
    ManifestPlace,
    MediaTags,
    Provenance,
    ProvenanceState,
    Signer,
    unread,
)

SIGNED = Credentials(place=ManifestPlace.EMBEDDED, signer=Signer(issuer="Test Cameras"))


def test_a_media_that_says_nothing_has_no_words() -> None:
    assert origin_in_words(UNKNOWN) == ""


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (ProvenanceState.TRUSTED, "credentials of a trusted signer (Test Cameras)"),
        (
            ProvenanceState.VALID,
            "credentials of a signer whom no trust list knows (Test Cameras)",
        ),
        (ProvenanceState.INVALID, "credentials that do not hold (Test Cameras)"),
    ],
)
def test_credentials_are_said_with_their_signer(state: ProvenanceState, words: str) -> None:
    assert origin_in_words(Provenance(state=state, credentials=SIGNED)) == words


def test_remote_credentials_are_said_to_lie_elsewhere() -> None:
    remote = Credentials(place=ManifestPlace.REMOTE, remote_url="https://host/m")
    assert origin_in_words(replace(UNKNOWN, credentials=remote)) == "credentials that lie elsewhere"


def test_tags_marks_and_conflicts_follow() -> None:
    provenance = replace(
        UNKNOWN,
        tags=MediaTags(
            camera_make="Canon", camera_model="R5", digital_source_type="trainedAlgorithmicMedia"
        ),
        generator_marks=(GeneratorMark(generator="Midjourney", field="xmp:CreatorTool"),),
        conflicts=(Conflict.GENERATED_BUT_CAMERA,),
    )
    assert origin_in_words(provenance) == (
        "says that it was generated; names Midjourney; camera Canon R5; "
        "says that it was generated, but names a camera"
    )


def test_what_could_not_be_read_is_said() -> None:
    assert origin_in_words(unread("timed_out")) == "not to be read: all: timed_out"


@pytest.mark.parametrize("conflict", Conflict)
def test_every_conflict_has_words(conflict: Conflict) -> None:
    assert origin_in_words(replace(UNKNOWN, conflicts=(conflict,)))
