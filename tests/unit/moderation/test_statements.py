from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from moderation import dsa
from moderation.decisions import DecisionKind
from moderation.media import MediaKind
from moderation.reasons import Ground, PolicyReason
from moderation.statement_rules import FIELDS, faults
from moderation.statements import Terms, as_csv, as_json, statement_of
from moderation.verdict import Action, Label
from runtime.reasons import load_reasons
from tests.builders import FACTS
from tests.contracts.words import a_verdict
from tests.unit.moderation.test_decisions import a_decision

REASON = PolicyReason(
    key="forged",
    words="the face is forged",
    category="STATEMENT_CATEGORY_CYBER_VIOLENCE",
    keywords=("KEYWORD_NON_CONSENSUAL_MATERIAL_DEEPFAKE",),
    reference="Terms, section 4",
    explanation="Forged faces mislead.",
)
VERDICT = a_verdict(media=FACTS)
DECISION = a_decision(decision_id="6f0f5f0e-3a5e-4e0b-9a53-6d8a3f0f7c11")


def stated(decision=DECISION, reason=REASON, verdict=VERDICT, terms=None):
    return dict(statement_of(verdict, decision, reason, terms or Terms()))


def test_a_decision_is_stated_as_the_database_takes_it():
    statement = stated(terms=Terms(countries=("SE", "DE"), reference_url="https://example.org/t"))
    assert faults(statement) == []
    assert statement == {
        "decision_visibility": ["DECISION_VISIBILITY_CONTENT_DISABLED"],
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "decision_ground_reference_url": "https://example.org/t",
        "incompatible_content_ground": "Terms, section 4",
        "incompatible_content_explanation": "Forged faces mislead.",
        "content_type": ["CONTENT_TYPE_IMAGE", "CONTENT_TYPE_SYNTHETIC_MEDIA"],
        "category": "STATEMENT_CATEGORY_CYBER_VIOLENCE",
        "category_specification": ["KEYWORD_NON_CONSENSUAL_MATERIAL_DEEPFAKE"],
        "territorial_scope": ["DE", "SE"],
        "content_date": "2026-03-01",
        "application_date": "2026-03-01",
        "decision_facts": "Automated detection found signs that a face was forged. A person looked "
        "at the media. Reason: the face is forged.",
        "source_type": "SOURCE_VOLUNTARY",
        "automated_detection": "Yes",
        "automated_decision": "AUTOMATED_DECISION_PARTIALLY",
        "puid": "6f0f5f0e-3a5e-4e0b-9a53-6d8a3f0f7c11",
    }


def test_what_nobody_decided_is_stated_as_fully_automated():
    statement = stated(decision=None)
    assert faults(statement) == []
    assert statement["automated_decision"] == "AUTOMATED_DECISION_FULLY"
    assert statement["puid"] == VERDICT.verdict_id


def test_a_label_a_law_a_video_and_media_that_cannot_be_read_are_stated():
    statement = stated(decision=replace(DECISION, action=Action.LABEL))
    assert statement["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_LABELLED"]
    statement = stated(reason=replace(REASON, ground=Ground.LAW))
    assert statement["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"
    assert statement["illegal_content_legal_ground"] == "Terms, section 4"
    video = replace(VERDICT, media=replace(FACTS, kind=MediaKind.VIDEO))
    assert "CONTENT_TYPE_VIDEO" in stated(verdict=video)["content_type"]
    assert stated(verdict=replace(VERDICT, media=None))["content_type_other"]
    for one in (statement, stated(verdict=video), stated(verdict=replace(VERDICT, media=None))):
        assert faults(one) == []


@pytest.mark.parametrize("label", Label)
def test_every_label_has_facts(label):
    probability = 0.5 if label in (Label.FAKE, Label.SUSPECT, Label.CLEAR) else None
    if label is Label.REJECTED:
        return
    verdict = replace(VERDICT, label=label, fake_probability=probability)
    assert faults(stated(verdict=verdict)) == []


def test_what_restricts_nothing_has_no_reasons_to_state():
    publishes = replace(DECISION, kind=DecisionKind.OVERTURN, action=Action.PUBLISH)
    for decision, reason in ((publishes, REASON), (DECISION, PolicyReason(key="no", words="no"))):
        with pytest.raises(ValueError, match="restrict"):
            stated(decision=decision, reason=reason)


def test_nothing_of_the_uploader_or_the_moderator_is_stated():
    text = json.dumps(stated())
    assert not [one for one in ("ann", "u1", "acme") if f'"{one}"' in text]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("decision_visibility", ["DECISION_VISIBILITY_HIDDEN"]),
        ("decision_visibility", []),
        ("decision_ground", ""),
        ("incompatible_content_ground", ""),
        ("incompatible_content_explanation", "x" * 2001),
        ("content_type", ["CONTENT_TYPE_OTHER"]),
        ("category", "STATEMENT_CATEGORY_DEEPFAKE"),
        ("category_specification", ["KEYWORD_DEEPFAKE"]),
        ("territorial_scope", ["US"]),
        ("content_date", "1999-12-31"),
        ("content_date", "01/03/2026"),
        ("application_date", "2019-12-31"),
        ("application_date", "2038-01-02"),
        ("decision_facts", "x" * 5001),
        ("decision_facts", ""),
        ("source_type", "SOURCE_OTHER"),
        ("automated_detection", "yes"),
        ("automated_decision", "Yes"),
        ("puid", "no spaces"),
        ("puid", "x" * 501),
        ("decision_ground_reference_url", "our terms"),
        ("upload_id", "u1"),
    ],
)
def test_what_the_database_would_refuse_is_named(field, value):
    found = faults({**stated(), field: value})
    assert found
    named = "content_type_other" if value == ["CONTENT_TYPE_OTHER"] else field
    assert any(one.startswith(named) for one in found)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("content_date", "2000-01-01"),
        ("application_date", "2020-01-01"),
        ("application_date", "2038-01-01"),
        ("decision_facts", "x" * 5000),
        ("puid", "x" * 500),
    ],
)
def test_what_is_just_allowed_is_not(field, value):
    assert faults({**stated(), field: value}) == []


def test_statements_are_exported_for_machines_and_tables():
    both = [stated(), stated(decision=None)]
    assert json.loads(as_json(both)) == {"statements": both}
    rows = list(csv.DictReader(io.StringIO(as_csv(both))))
    assert tuple(rows[0]) == FIELDS
    assert json.loads(rows[0]["content_type"]) == both[0]["content_type"]
    assert rows[1]["automated_decision"] == "AUTOMATED_DECISION_FULLY"
    assert rows[0]["content_type_other"] == ""


def test_every_packaged_reason_to_restrict_makes_a_statement_that_is_taken():
    restricting = [reason for reason in load_reasons(None).values() if reason.restricts]
    assert len(restricting) >= 5
    for reason in restricting:
        assert faults(stated(reason=reason)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "Forged"},
        {"words": ""},
        {"category": "STATEMENT_CATEGORY_DEEPFAKE"},
        {"keywords": ("KEYWORD_SUICIDE",)},
        {"category": None},
        {"reference": ""},
        {"explanation": "x" * 2001},
    ],
)
def test_a_reason_that_contradicts_itself_is_refused(wrong):
    with pytest.raises(ValueError, match="reason"):
        replace(REASON, **wrong)


def test_the_countries_are_those_of_the_economic_area():
    assert len(dsa.COUNTRIES) == 30
