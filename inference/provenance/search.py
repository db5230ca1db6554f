"""How provenance is read: told to a decoder process once, when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustList:
    """Certificates of authorities as PEM; `name` is the file's, `sha256` that of its bytes."""

    name: str
    sha256: str
    certificates: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceSearch:
    """What is looked for, and what of it is kept.

    `signers`: authorities for those who sign credentials; without them nobody is trusted.
    `time_stamps`: authorities for time stamps. `pixels`: of a picture that is opened.
    """

    signers: TrustList | None = None
    time_stamps: TrustList | None = None
    keep_places: bool = False
    keep_serial_numbers: bool = False
    pixels: int = 64_000_000

    def record(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> ProvenanceSearch:
        lists = {name: _trust_list(record[name]) for name in ("signers", "time_stamps")}
        return cls(**{**record, **lists})


def _trust_list(record: Mapping[str, Any] | None) -> TrustList | None:
    if record is None:
        return None
    return TrustList(**{**record, "certificates": tuple(record["certificates"])})
