"""Statements of reasons, as the European transparency database takes them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from moderation import dsa
from moderation.decisions import Decision
from moderation.media import MediaKind
from moderation.reasons import Ground, PolicyReason
from moderation.statement_rules import FIELDS, Statement
from moderation.verdict import Action, Label, Verdict

_VISIBILITY = {
    Action.WITHHOLD: "DECISION_VISIBILITY_CONTENT_DISABLED",
    Action.LABEL: "DECISION_VISIBILITY_CONTENT_LABELLED",
}
_CONTENT = {MediaKind.IMAGE: "CONTENT_TYPE_IMAGE", MediaKind.VIDEO: "CONTENT_TYPE_VIDEO"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What all statements of a platform have in common.

    `countries` are those where a restriction holds (codes of `moderation.dsa.COUNTRIES`);
    `reference_url` is the address of the terms, or empty.
    """

    countries: tuple[str, ...] = tuple(sorted(dsa.COUNTRIES))
    reference_url: str = ""


def statement_of(
    verdict: Verdict, decision: Decision | None, reason: PolicyReason, terms: Terms
) -> Statement:
    """State the reasons of a restriction: of a decision or, without one, of the verdict alone.

    It holds no personal data: neither the uploader's words nor the moderator's.

    Raises:
        ValueError: nothing is restricted, or the reason is none to restrict.
    """
    action = verdict.action if decision is None else decision.action
    if action is None or action not in _VISIBILITY:
        raise ValueError("nothing is restricted: there are no reasons to state")
    if not reason.restricts or reason.category is None:
        raise ValueError(f"{reason.key} is no reason to restrict")
    applied = verdict.decided_at if decision is None else decision.effective_at
    return {
        "decision_visibility": [_VISIBILITY[action]],
        **_ground(reason, terms),
        **_content(verdict),
        "category": reason.category,
        "category_specification": sorted(reason.keywords),
        **({"category_specification_other": reason.words} if _is_other(reason) else {}),
        "territorial_scope": sorted(terms.countries),
        "content_date": _day(verdict.announced_at),
        "application_date": _day(applied),
        "decision_facts": _facts(verdict, decision, reason),
        "source_type": "SOURCE_VOLUNTARY",
        "automated_detection": "Yes",
        "automated_decision": f"AUTOMATED_DECISION_{'FULLY' if decision is None else 'PARTIALLY'}",
        "puid": verdict.verdict_id if decision is None else decision.decision_id,
    }


def as_json(statements: Iterable[Statement]) -> str:
    """Body for the database's endpoint for several statements, which takes 100 at once."""
    return json.dumps({"statements": list(statements)}, indent=2, ensure_ascii=False) + "\n"


def as_csv(statements: Iterable[Statement]) -> str:
    """One row a statement, lists as JSON, as in the database's own daily files."""
    text = io.StringIO()
    rows = csv.DictWriter(text, FIELDS, restval="", lineterminator="\n")
    rows.writeheader()
    for statement in statements:
        rows.writerow({name: _cell(value) for name, value in statement.items()})
    return text.getvalue()


def _ground(reason: PolicyReason, terms: Terms) -> dict[str, str]:
    reference = (
        {"decision_ground_reference_url": terms.reference_url} if terms.reference_url else {}
    )
    if reason.ground is Ground.LAW:
        return {
            "decision_ground": dsa.GROUND_LAW,
            **reference,
            "illegal_content_legal_ground": reason.reference,
            "illegal_content_explanation": reason.explanation,
        }
    return {
        "decision_ground": dsa.GROUND_TERMS,
        **reference,
        "incompatible_content_ground": reason.reference,
        "incompatible_content_explanation": reason.explanation,
    }


def _content(verdict: Verdict) -> dict[str, str | list[str]]:
    if verdict.media is None:
        return {
            "content_type": ["CONTENT_TYPE_OTHER"],
            "content_type_other": "media that could not be read",
        }
    return {"content_type": sorted([_CONTENT[verdict.media.kind], "CONTENT_TYPE_SYNTHETIC_MEDIA"])}


def _is_other(reason: PolicyReason) -> bool:
    return "KEYWORD_OTHER" in reason.keywords


_FOUND = {
    Label.FAKE: "Automated detection found signs that a face was forged.",
    Label.SUSPECT: "Automated detection found signs that a face may be forged.",
    Label.UNKNOWN: "Automated detection could not tell whether a face is forged.",
    Label.CLEAR: "Automated detection found no signs of a forged face.",
    Label.NO_FACE: "Automated detection found no face.",
    Label.REJECTED: "The media could not be analysed.",
}


def _facts(verdict: Verdict, decision: Decision | None, reason: PolicyReason) -> str:
    who = "No person was involved." if decision is None else "A person looked at the media."
    return f"{_FOUND[verdict.label]} {who} Reason: {reason.words}."


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d")


def _cell(value: str | list[str]) -> str:
    return value if isinstance(value, str) else json.dumps(value)
