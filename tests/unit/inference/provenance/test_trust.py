"""A trust list is read when the worker starts, or nothing starts."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from inference.provenance.search import ProvenanceSearch
from inference.provenance.trust import load_trust_list
from moderation.errors import InvalidConfiguration
from tests.signing import an_identity, the_identity


def written(folder: Path, content: str) -> Path:
    file = folder / "cameras.pem"
    file.write_text(content)
    return file


def test_a_list_is_named_by_its_file_and_the_hash_of_its_bytes(tmp_path: Path) -> None:
    content = f"# Cameras\nCN=one\n{the_identity().authority}# two\n{an_identity().authority}"
    trusted = load_trust_list(written(tmp_path, content))
    assert trusted.name == "cameras.pem"
    assert trusted.sha256 == hashlib.sha256(content.encode()).hexdigest()
    assert len(trusted.certificates) == 2
    assert trusted.certificates[0] == the_identity().authority


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMIIB",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
    ],
)
def test_a_list_without_a_sound_certificate_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(InvalidConfiguration, match=r"trust list .*cameras\.pem"):
        load_trust_list(written(tmp_path, content))


def test_a_damaged_certificate_among_sound_ones_is_refused(tmp_path: Path) -> None:
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    with pytest.raises(InvalidConfiguration, match="certificate 2 is damaged"):
        load_trust_list(written(tmp_path, the_identity().authority + broken))


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="No such file"):
        load_trust_list(tmp_path / "none.pem")


def test_a_search_is_told_to_a_process_and_understood(tmp_path: Path) -> None:
    trusted = load_trust_list(written(tmp_path, the_identity().authority))
    search = ProvenanceSearch(signers=trusted, keep_places=True)
    assert ProvenanceSearch.of(search.record()) == search
