"""How provenance is read follows from the settings, and a list that is none stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference.provenance.search import ProvenanceSearch
from moderation.errors import InvalidConfiguration
from runtime.settings import Media, Provenance, Settings
from runtime.wiring import provenance_search
from tests.signing import the_identity


def test_nobody_is_trusted_and_nothing_private_kept_unless_somebody_says_so() -> None:
    search = provenance_search(Settings())
    assert search == ProvenanceSearch(pixels=Media().max_pixels)
    assert (search.keep_places, search.keep_serial_numbers) == (False, False)


def test_trust_lists_are_read_from_their_files(tmp_path: Path) -> None:
    signers, time_stamps = tmp_path / "signers.pem", tmp_path / "stamps.pem"
    for file in (signers, time_stamps):
        file.write_text(the_identity().authority)
    asked = Provenance(trust_list=signers, time_stamp_list=time_stamps, keep_places=True)
    search = provenance_search(Settings(provenance=asked))
    assert search.signers is not None
    assert search.time_stamps is not None
    assert (search.signers.name, search.time_stamps.name) == ("signers.pem", "stamps.pem")
    assert search.keep_places


@pytest.mark.parametrize("name", ["trust_list", "time_stamp_list"])
def test_a_list_that_is_none_stops_the_start(tmp_path: Path, name: str) -> None:
    asked = Provenance(**{name: tmp_path / "none.pem"})
    with pytest.raises(InvalidConfiguration, match="trust list"):
        provenance_search(Settings(provenance=asked))
