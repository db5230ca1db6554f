"""A dead letter about several uploads loses what it tells of those that are erased, and no more."""

from __future__ import annotations

import json

import pytest

from storage.erasure.letters import uploads_named, without
from tests.contracts.words import a_letter

GONE = {"upload_id": "gone-1", "file_name": "my face.mp4", "uri": "store:///media/acme/gone-1/0f"}
KEPT = {"upload_id": "kept-1", "file_name": None, "tags": ["a", None, 1]}


def value_without_gone(message: object) -> object:
    left = without(a_letter(value=json.dumps(message).encode()), {"gone-1"})
    assert left is not None
    assert left.value is not None
    return json.loads(left.value)


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ([GONE, KEPT], [KEPT]),
        ([KEPT, {"upload": GONE, "looks": ["0f"], "said": "by her"}], [KEPT]),
        ({"uploads": [GONE, KEPT], "first": GONE, "of": 2}, {"uploads": [KEPT], "of": 2}),
        ({**GONE, "parent": KEPT}, {"parent": KEPT}),
        ({**KEPT, "parent": GONE}, KEPT),
    ],
    ids=["beside", "below", "in several places", "around", "within"],
)
def test_the_largest_parts_that_are_about_the_erased_one_alone_go(
    message: object, left: object
) -> None:
    assert value_without_gone(message) == left


@pytest.mark.parametrize(
    "value",
    [
        b'[{"upload_id":"kept-1"}, {"upload_id":"gone-1", "file_na',
        b'[{"upload_id":"kept-1", "uri": "store:///media/acme/gone-1"}, {"upload_id":"gone-1"}]',
        b"[" * 100_000 + b'{"upload_id":"kept-1"}, {"upload_id":"gone-1"}',
        b'\xff{"upload_id":"kept-1"}, {"upload_id":"gone-1"}',
    ],
    ids=["cut", "named elsewhere", "deep", "no text"],
)
def test_a_message_that_cannot_be_taken_apart_goes_whole_and_its_letter_stays(value: bytes) -> None:
    left = without(a_letter(value=value), {"gone-1"})

    assert left is not None
    assert left.value == b"null"


def test_words_and_headers_go_and_the_key_where_it_names_the_erased_one() -> None:
    told = {"trace": "gone-1", "detail": "gone-1", "headers": {"ce_subject": b"gone-1"}}
    value = json.dumps([KEPT]).encode()

    left = without(a_letter(key=b"gone-1", value=value, **told), {"gone-1"})

    assert left is not None
    assert (left.key, left.value, left.headers, left.trace) == (None, value, {}, "")
    assert "gone-1" not in left.detail
    assert uploads_named(left) == {"kept-1"}


@pytest.mark.parametrize(
    "told",
    [
        {"key": b"gone-1", "value": b"?"},
        {"key": b"acme", "value": json.dumps(GONE).encode()},
        {"key": None, "value": None, "headers": {"ce_subject": b"gone-1"}},
        {"key": None, "value": b'[{"upload_id":"gone-1"}, {"upload_id":"gone-2"}'},
    ],
    ids=["key", "value", "subject", "both erased"],
)
def test_nothing_is_left_of_a_letter_about_no_other(told: dict[str, object]) -> None:
    assert without(a_letter(**told), {"gone-1", "gone-2"}) is None


@pytest.mark.parametrize("erased", [set(), {"gone-1"}])
def test_a_letter_that_names_none_of_them_is_left_as_it_is(erased: set[str]) -> None:
    letter = a_letter(key=b"gone-10", value=json.dumps(KEPT).encode())

    assert without(letter, erased) == letter
