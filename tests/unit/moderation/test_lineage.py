"""Equal lineage, equal digest; whatever could change a verdict changes it."""

from __future__ import annotations

from dataclasses import replace

from moderation.lineage import Lineage

LINEAGE = Lineage(pipeline="1", policy_name="default", policy_sha256="ab" * 32)


def test_what_read_the_provenance_is_part_of_a_lineage() -> None:
    first, second = (replace(LINEAGE, provenance=name) for name in ("reader 1", "reader 2"))
    assert len({LINEAGE.digest, first.digest, second.digest}) == 3


def test_a_lineage_from_before_there_was_provenance_keeps_its_digest() -> None:
    # Computed by the version before.
    assert LINEAGE.digest == "953dd79662cdf419482c428428c79eba4e52aeadb3c8aa3e6146233ca3c4b76a"


def test_a_lineage_that_is_brought_back_is_told_anew_and_repeats_what_was_said() -> None:
    back = replace(LINEAGE, again_after="v2")
    assert back.digest != LINEAGE.digest
    assert back.repeats(LINEAGE)
    assert not replace(back, policy_sha256="cd" * 32).repeats(LINEAGE)
