"""Recordings of people who consented: a folder with two CSV files and the signed forms.

    participants.csv  participant_id, consent_form, signed_on, and the variables of a person
                      (age_band, gender, skin_tone), each declared by the participant or empty
    clips.csv         path, participant_id (several: a;b), and the variables of a recording
                      (place, background, light, device, camera_motion); for forgeries also
                      label, method, category, original
    consent/…         the forms, as `consent_form` names them

No form on disk, or no date on which it was signed: none of that participant's clips is taken.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

from datasets.errors import DataSetRefused
from datasets.paths import confined
from datasets.readers.protocol import Gathering, Reading, Terms, word
from datasets.readers.variables import covered
from datasets.records import Clip, Family, Label
from datasets.texts import read_csv

_PARTICIPANTS, _CLIPS = "participants.csv", "clips.csv"
_LABELS = {"": Label.REAL, "real": Label.REAL, "fake": Label.FAKE}
_OF_A_PERSON = ("age_band", "gender", "skin_tone")


class Recordings:
    @property
    def terms(self) -> Terms:
        return Terms(
            name="recordings",
            licence="consent forms of the participants",
            consent="a signed form of every participant, kept with the recordings",
        )

    def recognises(self, source: Path) -> bool:
        return (source / _PARTICIPANTS).is_file() and (source / _CLIPS).is_file()

    def read(self, source: Path, media: Path | None) -> Reading:
        root = media or source
        people, refused = _participants(source)
        gathered, lost = Gathering(root), Counter[str]()
        for line, row in enumerate(read_csv(source / _CLIPS, ("path", "participant_id")), start=2):
            where = f"{_CLIPS} line {line}"
            subjects = tuple(one.strip() for one in row["participant_id"].split(";") if one.strip())
            without = _without_consent(subjects, people, refused)
            if without:
                lost[without] += 1
                continue
            clip = _clip(root, row, subjects, people, where)
            if gathered.there(clip.path):
                gathered.clips.append(clip)
        return gathered.reading([f"{why}: {count} clips refused" for why, count in lost.items()])


def _participants(source: Path) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Rows of those who consented, and why the others are refused, by participant."""
    people: dict[str, dict[str, str]] = {}
    refused: dict[str, str] = {}
    needed = ("participant_id", "consent_form", "signed_on")
    for row in read_csv(source / _PARTICIPANTS, needed):
        who = row["participant_id"]
        if not who or who in people or who in refused:
            raise DataSetRefused(f"{_PARTICIPANTS}: participant {who!r} is empty or listed twice")
        why = _lack_of_consent(source, row)
        if why:
            refused[who] = why
        else:
            people[who] = row
    return people, refused


def _lack_of_consent(source: Path, row: dict[str, str]) -> str:
    """Why a participant's consent does not hold; empty when it does."""
    who = row["participant_id"]
    if not row["consent_form"]:
        return f"{who} has no consent form"
    form = source / confined(source, row["consent_form"])
    if not form.is_file() or form.stat().st_size == 0:
        return f"{who}: the consent form {row['consent_form']} is not there"
    try:
        date.fromisoformat(row["signed_on"])
    except ValueError:
        return f"{who}: the consent form bears no date of signing (YYYY-MM-DD)"
    return f"{who} withdrew" if row.get("withdrawn_on") else ""


def _without_consent(
    subjects: tuple[str, ...], people: dict[str, dict[str, str]], refused: dict[str, str]
) -> str:
    if not subjects:
        return "clips that name no participant"
    for who in subjects:
        if who not in people:
            return refused.get(who, f"{who} is not in {_PARTICIPANTS}")
    return ""


def _clip(
    root: Path,
    row: dict[str, str],
    subjects: tuple[str, ...],
    people: dict[str, dict[str, str]],
    where: str,
) -> Clip:
    label = word(_LABELS, row.get("label", ""), where)
    fake = label is Label.FAKE
    seen = people[subjects[0]]  # a person's variables are of whom the clip shows, named first
    declared = {name: seen.get(name, "") for name in _OF_A_PERSON}
    original = row.get("original", "")
    return Clip(
        path=confined(root, row["path"]),
        label=label,
        method=row.get("method", "") if fake else "",
        family=_family(row.get("category", ""), where) if fake else Family.NONE,
        subjects=subjects,
        original=confined(root, original) if original else "",
        **covered(row | declared, where),
    )


def _family(category: str, where: str) -> Family:
    try:
        return Family(category or "unknown")
    except ValueError as error:
        raise DataSetRefused(f"{where}: category {category!r} is no {', '.join(Family)}") from error
