"""The variables that a clip covers, as columns of a CSV file; an empty cell is unknown."""

from __future__ import annotations

from typing import TypedDict

from datasets.errors import DataSetRefused

_UNKNOWN = frozenset({"", "unknown", "n/a", "na", "-"})


class Covered(TypedDict):
    place: str
    background: str
    light: str
    device: str
    camera_motion: str
    age_band: str
    gender: str
    skin_tone: int | None


def covered(row: dict[str, str], where: str) -> Covered:
    """
    Raises:
        DataSetRefused: the skin tone is no number from 1 to 10.
    """
    tone = _text(row, "skin_tone")
    if tone and (not tone.isdecimal() or not 1 <= int(tone) <= 10):
        raise DataSetRefused(f"{where}: skin tone {tone!r} is not 1 to 10 (Monk)")
    return Covered(
        place=_text(row, "place"),
        background=_text(row, "background"),
        light=_text(row, "light"),
        device=_text(row, "device"),
        camera_motion=_text(row, "camera_motion"),
        age_band=_text(row, "age_band"),
        gender=_text(row, "gender"),
        skin_tone=int(tone) if tone else None,
    )


def _text(row: dict[str, str], name: str) -> str:
    written = row.get(name, "").strip()
    return "" if written.lower() in _UNKNOWN else written.lower()
