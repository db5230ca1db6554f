from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import SecretStr

from moderation.decisions import DecisionKind, Outcome
from moderation.lineage import Lineage
from moderation.provenance import Provenance, ProvenanceState
from moderation.review import JobKind
from moderation.scores import CropScore, TrackScore
from moderation.verdict import Action, Label, Rejection, StrongFrame, TrackVerdict, Verdict
from monitoring.tracing import PARENT
from runtime.documents import documents, write_documents
from runtime.documents.schemas import CODECS, schema_file
from runtime.documents.settings import shown_default
from runtime.settings import Settings
from streams.messages import DecisionMade, FacesFound, UploadAnnounced, UploadScored, VerdictReached
from streams.topics import Topics
from tests.builders import CROP, FACTS, MODEL, NOON, TRACK, an_upload

ROOT = Path(__file__).parents[3]
GENERATED = documents()
UPLOAD = an_upload()
LINEAGE = Lineage(pipeline="1", preprocessing="p1", policy_name="default", policy_sha256="ef" * 32)
UNKNOWN = Provenance(state=ProvenanceState.UNKNOWN)


def a_verdict(label: Label, fake_probability: float | None, **parts: object) -> VerdictReached:
    return VerdictReached(
        verdict=Verdict(
            verdict_id="v1",
            upload_id="u1",
            tenant="acme",
            label=label,
            action=Action.REVIEW,
            fake_probability=fake_probability,
            reasons=(),
            lineage=LINEAGE,
            announced_at=NOON,
            decided_at=NOON,
            **parts,
        )
    )


EXAMPLES = {
    "announced": UploadAnnounced(upload=UPLOAD),
    "faces": FacesFound(
        upload=UPLOAD,
        media=FACTS,
        provenance=UNKNOWN,
        face_pack="packs/u1.zip",
        preprocessing="p1",
    ),
    "scored": UploadScored(
        upload=UPLOAD,
        preprocessing="p1",
        media=FACTS,
        provenance=UNKNOWN,
        tracks=(TRACK,),
        scores=(CropScore(crop=CROP, logits={"blending": -1.5}),),
        track_scores=(TrackScore(track_id=0, logits={"transitions": 0.5}),),
        model=MODEL,
    ),
    "rejected": UploadScored(
        upload=UPLOAD,
        preprocessing="p1",
        rejection=Rejection(reason="not_found", detail="there is nothing"),
    ),
    "verdict on a face": a_verdict(
        Label.FAKE,
        0.97,
        tracks=(
            TrackVerdict(
                track_id=0,
                first_seconds=0.0,
                last_seconds=0.0,
                crops_judged=1,
                label=Label.FAKE,
                fake_probability=0.97,
                strongest_frames=(
                    StrongFrame(
                        crop_id=0,
                        at_seconds=0.0,
                        box_xyxy=(0.0, 0.0, 1.0, 1.0),
                        fake_probability=0.97,
                    ),
                ),
            ),
        ),
        media=FACTS,
    ),
    "verdict without a face": a_verdict(Label.NO_FACE, None, media=FACTS),
    "decision": DecisionMade(
        decision=Outcome(
            decision_id="d1",
            tenant="acme",
            upload_id="u1",
            verdict_id="v1",
            kind=DecisionKind.OVERTURN,
            action=Action.PUBLISH,
            reason="not_forged",
            job_kind=JobKind.APPEAL,
            about="d0",
            made_at=NOON,
            effective_at=NOON,
            sequence=2,
            digest="ab" * 32,
        )
    ),
}


def the_codec(message: object):
    return next(codec for codec in CODECS if isinstance(message, codec.type))


def encoded(message: object):
    return the_codec(message).encode(message, topic="t", upload_id="u1", at=NOON)


def validator(schema: dict) -> Draft202012Validator:
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_what_is_committed_is_what_the_code_says(name):
    committed = ROOT / "docs" / name
    assert committed.exists(), "run `make docs`"
    assert committed.read_text(encoding="utf-8") == GENERATED[name], "run `make docs`"


def test_no_contract_is_committed_that_is_not_generated_any_more():
    committed = {f"contracts/{file.name}" for file in (ROOT / "docs/contracts").iterdir()}
    assert committed == {name for name in GENERATED if name.startswith("contracts/")}


def test_documents_are_the_same_each_time(tmp_path):
    written = write_documents(tmp_path)
    assert {str(file.relative_to(tmp_path)): file.read_text() for file in written} == documents()


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_message_follows_its_schema(name):
    message = EXAMPLES[name]
    schema = json.loads(GENERATED[f"contracts/{schema_file(the_codec(message))}"])
    assert not list(validator(schema).iter_errors(json.loads(encoded(message).value)))


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_message_is_read_as_it_was_written(name):
    message = EXAMPLES[name]
    assert the_codec(message).decode(encoded(message).value) == message


def test_a_message_without_its_upload_does_not_follow_the_schema():
    schema = json.loads(GENERATED["contracts/upload-announced.schema.json"])
    assert list(validator(schema).iter_errors({"announcement": 1}))


def test_the_packaged_policy_follows_its_schema():
    schema = validator(json.loads(GENERATED["contracts/policy.schema.json"]))
    policy = yaml.safe_load((ROOT / "runtime/default_policy.yaml").read_text())
    assert not list(schema.iter_errors(policy))
    policy["rules"][0]["treshold"] = {}
    assert list(schema.iter_errors(policy))


def test_every_topic_has_a_channel_with_what_is_written_to_it():
    document = yaml.safe_load(GENERATED["contracts/asyncapi.yaml"])
    channels = {one["address"]: one for one in document["channels"].values()}
    topics = Topics()
    assert set(channels) == {topic.name for topic in topics.every()}
    silent = {name for name, channel in channels.items() if not channel["messages"]}
    assert not silent


def test_all_references_of_the_asyncapi_document_lead_somewhere():
    text = GENERATED["contracts/asyncapi.yaml"]
    document = yaml.safe_load(text)
    references = {
        line.split("$ref:")[1].strip(" '") for line in text.splitlines() if "$ref" in line
    }
    for reference in references:
        if reference.startswith("./"):
            assert f"contracts/{reference[2:]}" in GENERATED
            continue
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_headers_of_a_message_are_those_of_the_asyncapi_document(name):
    document = yaml.safe_load(GENERATED["contracts/asyncapi.yaml"])
    schema = document["components"]["schemas"]["CloudEventHeaders"]
    headers = {key: value.decode() for key, value in encoded(EXAMPLES[name]).headers.items()}
    assert not list(validator(schema).iter_errors(headers))
    assert set(headers) | {PARENT} == set(schema["properties"])  # that one where it is traced


@pytest.mark.parametrize("secret", ["postgresql+asyncpg://ann:hunter2@host/name", "hunter2"])
def test_a_default_that_may_hold_a_secret_is_not_shown(secret):
    assert shown_default(SecretStr(secret)) == "not shown: it may hold a password"


def test_the_settings_page_shows_where_the_ledger_is_by_default():
    url = Settings.model_fields["database"].default.url.get_secret_value()
    assert f"| `VERISCOPE_DATABASE__URL` | `{url}` |" in GENERATED["settings.md"]


def test_the_settings_page_does_not_depend_on_the_machine():
    line = next(
        line for line in GENERATED["settings.md"].splitlines() if "DECODING__PROCESSES" in line
    )
    assert "| one a core |" in line
