from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import FACTS


@pytest.mark.parametrize(
    "sha256",
    ["", "ab" * 31, "ab" * 33, "AB" * 32, "ab" * 31 + "g0", "../" + "a" * 61, "ab" * 32 + "\n"],
)
def test_what_is_no_hash_names_no_media(sha256: str) -> None:
    with pytest.raises(ValueError, match="sha256"):
        replace(FACTS, sha256=sha256)


@pytest.mark.parametrize(
    "count", ["size_bytes", "width", "height", "frames_sampled", "frames_failed"]
)
def test_sizes_and_counts_begin_at_nothing(count: str) -> None:
    assert getattr(replace(FACTS, **{count: 0}), count) == 0
    with pytest.raises(ValueError, match=count):
        replace(FACTS, **{count: -1})
