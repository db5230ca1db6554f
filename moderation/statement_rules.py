"""What the European transparency database would refuse in a statement of reasons."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

from moderation import dsa

Statement: TypeAlias = Mapping[str, str | list[str]]

# In the order of the database's own documentation; what a statement does not have is left out.
FIELDS = (
    "decision_visibility",
    "decision_ground",
    "decision_ground_reference_url",
    "illegal_content_legal_ground",
    "illegal_content_explanation",
    "incompatible_content_ground",
    "incompatible_content_explanation",
    "content_type",
    "content_type_other",
    "category",
    "category_specification",
    "category_specification_other",
    "territorial_scope",
    "content_date",
    "application_date",
    "decision_facts",
    "source_type",
    "automated_detection",
    "automated_decision",
    "puid",
)
_REQUIRED = (
    "decision_visibility",
    "decision_ground",
    "content_type",
    "category",
    "content_date",
    "application_date",
    "decision_facts",
    "source_type",
    "automated_detection",
    "automated_decision",
    "puid",
)
_ALLOWED: Mapping[str, frozenset[str]] = {
    "decision_visibility": dsa.VISIBILITIES,
    "decision_ground": frozenset({dsa.GROUND_LAW, dsa.GROUND_TERMS}),
    "content_type": dsa.CONTENT_TYPES,
    "category": frozenset(dsa.KEYWORDS_OF),
    "category_specification": frozenset().union(*dsa.KEYWORDS_OF.values()),
    "territorial_scope": dsa.COUNTRIES,
    "source_type": dsa.SOURCES,
    "automated_detection": frozenset({"Yes", "No"}),
    "automated_decision": dsa.AUTOMATED_DECISIONS,
}
_LONGEST = {
    "decision_ground_reference_url": 500,
    "illegal_content_legal_ground": 500,
    "illegal_content_explanation": 2000,
    "incompatible_content_ground": 500,
    "incompatible_content_explanation": 2000,
    "content_type_other": 500,
    "category_specification_other": 500,
    "decision_facts": 5000,
}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def faults(statement: Statement) -> list[str]:
    """Name what the database would refuse, by its own rules (see `moderation.dsa`)."""
    found = [f"{name}: unknown" for name in statement if name not in FIELDS]
    found += [f"{name}: missing" for name in _REQUIRED if not statement.get(name)]
    for name, allowed in _ALLOWED.items():
        chosen = statement.get(name, [])
        foreign = set([chosen] if isinstance(chosen, str) else chosen) - allowed
        found += [f"{name}: {value} is not allowed" for value in sorted(foreign)]
    for name, longest in _LONGEST.items():
        if len(statement.get(name, "")) > longest:
            found.append(f"{name}: longer than {longest} characters")
    return found + _ground_faults(statement) + _date_faults(statement) + _puid_faults(statement)


def _ground_faults(statement: Statement) -> list[str]:
    needed: tuple[str, ...] = ("incompatible_content_ground", "incompatible_content_explanation")
    if statement.get("decision_ground") == dsa.GROUND_LAW:
        needed = ("illegal_content_legal_ground", "illegal_content_explanation")
    if "CONTENT_TYPE_OTHER" in statement.get("content_type", ()):
        needed = (*needed, "content_type_other")
    url = statement.get("decision_ground_reference_url", "https://")
    bad = (
        []
        if str(url).startswith(("https://", "http://"))
        else ["decision_ground_reference_url: no URL"]
    )
    return [f"{name}: missing" for name in needed if not statement.get(name)] + bad


def _date_faults(statement: Statement) -> list[str]:
    found = []
    for name, earliest in (
        ("content_date", dsa.EARLIEST_CONTENT),
        ("application_date", dsa.EARLIEST_APPLICATION),
    ):
        day = str(statement.get(name, ""))
        if not _DAY.fullmatch(day) or not earliest <= day <= dsa.LATEST:
            found.append(f"{name}: not a day from {earliest} to {dsa.LATEST}")
    return found


def _puid_faults(statement: Statement) -> list[str]:
    puid = str(statement.get("puid", ""))
    return [] if re.fullmatch(dsa.PUID, puid) else ["puid: letters, digits, - and _ only, 1 to 500"]
