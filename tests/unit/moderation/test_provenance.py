"""What a media says of its origin is bounded, and believed as far as somebody signs for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from moderation.origins import Origin, origin_of
from moderation.provenance import (
    LARGEST_BYTES,
    LONGEST_LIST,
    TEXT_BYTES,
    UNKNOWN,
    Conflict,
    Credentials,
    GeneratorMark,
    Ingredient,
    ManifestPlace,
    MediaTags,
    Provenance,
    ProvenanceState,
    SourceAction,
    escaped,
    shown,
    size_of,
)
from tests.builders import FULLEST

TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def signed(*terms: str, state: ProvenanceState = ProvenanceState.VALID) -> Provenance:
    actions = tuple(
        SourceAction(action="c2pa.created", digital_source_type=TYPES + term) for term in terms
    )
    credentials = Credentials(place=ManifestPlace.EMBEDDED, actions=actions)
    return Provenance(state=state, credentials=credentials)


def tagged(term: str) -> Provenance:
    return replace(UNKNOWN, tags=MediaTags(digital_source_type=TYPES + term))


def test_nothing_at_all_is_unknown_and_declares_nothing() -> None:
    assert UNKNOWN.state is ProvenanceState.UNKNOWN
    assert UNKNOWN.declared == frozenset()


@pytest.mark.parametrize("state", [ProvenanceState.VALID, ProvenanceState.TRUSTED])
def test_a_capture_is_believed_of_credentials_that_hold(state: ProvenanceState) -> None:
    assert signed("digitalCapture", state=state).declared == {Origin.CAPTURE}


def test_a_capture_is_not_believed_of_credentials_that_do_not_hold() -> None:
    assert signed("digitalCapture", state=ProvenanceState.INVALID).declared == frozenset()


def test_a_capture_is_not_believed_of_tags_that_anybody_writes() -> None:
    assert tagged("digitalCapture").declared == frozenset()


@pytest.mark.parametrize(
    "provenance",
    [
        tagged("trainedAlgorithmicMedia"),
        signed("trainedAlgorithmicMedia"),
        signed("trainedAlgorithmicMedia", state=ProvenanceState.INVALID),
    ],
)
def test_that_it_was_generated_is_believed_of_anything_that_says_so(
    provenance: Provenance,
) -> None:
    assert provenance.declared == {Origin.GENERATED}


def test_a_media_that_also_says_it_was_generated_declares_no_capture() -> None:
    assert signed("digitalCapture", "trainedAlgorithmicMedia").declared == {Origin.GENERATED}


def test_a_generated_ingredient_is_told_on() -> None:
    ingredient = Ingredient(digital_source_type=TYPES + "trainedAlgorithmicMedia")
    credentials = Credentials(place=ManifestPlace.EMBEDDED, ingredients=(ingredient,))
    provenance = Provenance(state=ProvenanceState.VALID, credentials=credentials)
    assert provenance.declared == {Origin.GENERATED}


@pytest.mark.parametrize(
    ("term", "origin"),
    [
        (TYPES + "digitalCapture", Origin.CAPTURE),
        ("https://cv.iptc.org/newscodes/digitalsourcetype/composite/", Origin.EDITED),
        ("digsrctype:compositeWithTrainedAlgorithmicMedia", Origin.PARTLY_GENERATED),
        ("trainedAlgorithmicMedia", Origin.GENERATED),
        (TYPES + "screenCapture", None),
        ("", None),
        (None, None),
    ],
)
def test_a_source_type_is_read_by_its_last_word(term: str | None, origin: Origin | None) -> None:
    assert origin_of(term) is origin


def test_a_text_is_one_printable_line() -> None:
    assert shown(" a\tb\r\n\x00c\x1b[31m\u202ed ") == "a b c[31md"


@pytest.mark.parametrize("text", ["", " \n", "\x00\x01", "\ud800"])
def test_a_text_without_anything_to_show_is_none(text: str) -> None:
    assert shown(text) is None


@pytest.mark.parametrize("char", ["a", '"', "\\", "é", "😀"])
def test_a_text_is_cut_to_its_bytes_in_a_message(char: str) -> None:
    cut = shown(char * 10_000)
    assert cut is not None
    assert TEXT_BYTES - 4 < escaped(cut) <= TEXT_BYTES


@pytest.mark.parametrize("length", [TEXT_BYTES, TEXT_BYTES + 1])
def test_a_provenance_has_no_longer_texts(length: int) -> None:
    if length <= TEXT_BYTES:
        assert Provenance(state=ProvenanceState.VALID, reader="r" * length)
        return
    with pytest.raises(ValueError, match="texts"):
        Provenance(state=ProvenanceState.VALID, reader="r" * length)


def test_a_provenance_has_no_control_characters_however_deep() -> None:
    credentials = Credentials(place=ManifestPlace.REMOTE, remote_url="https://host/\x1b[2J")
    with pytest.raises(ValueError, match="printable"):
        Provenance(state=ProvenanceState.UNKNOWN, credentials=credentials)


@pytest.mark.parametrize("count", [LONGEST_LIST, LONGEST_LIST + 1])
def test_a_provenance_has_no_longer_lists(count: int) -> None:
    marks = (GeneratorMark(generator="g", field="f"),) * count
    if count <= LONGEST_LIST:
        assert Provenance(state=ProvenanceState.UNKNOWN, generator_marks=marks)
        return
    with pytest.raises(ValueError, match="lists"):
        Provenance(state=ProvenanceState.UNKNOWN, generator_marks=marks)


def test_a_provenance_is_no_larger_than_a_message_has_room_for() -> None:
    assert LARGEST_BYTES - 4 < size_of(FULLEST) <= LARGEST_BYTES
    with pytest.raises(ValueError, match="bytes"):
        replace(FULLEST, conflicts=(Conflict.CAPTURE_BUT_EDITOR,))
