from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from moderation.conditions import settle
from moderation.errors import InvalidConfiguration
from moderation.fusion import Family, Fusion
from moderation.provenance import (
    UNKNOWN,
    Credentials,
    GeneratorMark,
    ManifestPlace,
    MediaTags,
    Provenance,
    ProvenanceState,
    SourceAction,
)
from moderation.upload import Lane
from moderation.verdict import Action, Label
from runtime.policies import check_evidence, load_policy, read_policy, sound_policy

VALID = """\
name: mine
rules:
  - tenant: acme
    lane: live
    thresholds: {suspect: 0.3, fake: 0.7, margin: 0.01}
  - tenant: "*"
"""


def test_the_packaged_policy_is_valid() -> None:
    assert load_policy(None).name == "default"


def test_a_policy_has_rules_by_tenant_and_lane(tmp_path: Path) -> None:
    policy = load_policy(_file(tmp_path, VALID))
    assert policy.rule_for("acme", Lane.LIVE).thresholds.cutoffs(()).label(0.5) is Label.SUSPECT
    assert policy.rule_for("other", Lane.LIVE).thresholds.cutoffs(()).label(0.4) is Label.CLEAR


def test_a_changed_file_has_another_hash(tmp_path: Path) -> None:
    first = load_policy(_file(tmp_path, VALID)).sha256
    assert load_policy(_file(tmp_path, VALID + "# a comment\n")).sha256 != first


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a policy has a name and rules"),
        ("[]", "a policy has a name and rules"),
        ("name: x\nrules: []\n", "covers the rest"),
        ("name: x\nrules: [{tenant: acme}]\n", "covers the rest"),
        ("name: x\nrules: [{tenat: acme}]\n", "rules.0.tenat"),
        (VALID.replace("suspect: 0.3", "suspect: 0.9"), "rules.0.thresholds"),
        (VALID.replace("fake: 0.7", "fake: 0.7, false_flags: 0.01"), "not both"),
        (VALID.replace("lane: live", "lane: fast"), "rules.0.lane"),
        ("name: x\n  rules: [", "mapping values are not allowed"),
        (VALID + "when: 2001-99-99\n", "month must be in 1..12"),
        (VALID + "when: !!timestamp x\n", "policy "),
        (VALID + "when: !!bool x\n", "policy "),
    ],
)
def test_an_invalid_policy_is_refused_in_one_line_that_says_where(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        load_policy(_file(tmp_path, text))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (VALID.replace("suspect: 0.3", "suspect: 0.9"), 5),
        (VALID.replace("lane: live", "lane: fast"), 4),
        (VALID + "    limitts: {}\n", 7),
        (VALID + "    tenant: acme\n", 7),
        (VALID + "colour: red\n", 7),
        (VALID.replace('"*"', "b"), 2),
        (VALID + "    pooling: [\n", 8),
    ],
    ids=["value", "word", "unknown", "twice", "part", "rest", "yaml"],
)
def test_the_line_is_told_on_which_a_policy_is_wrong(tmp_path: Path, text: str, line: int) -> None:
    path = _file(tmp_path, text)
    with pytest.raises(InvalidConfiguration, match=re.escape(f"policy {path}:{line}: ")):
        load_policy(path)


RULES = "name: mine\nrules:\n  - "


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (RULES + "lane: fast\n", "3: rules.0.lane: must be live or backfill, not fast"),
        (
            RULES + "thresholds: {suspekt: 0.3}\n",
            "3: rules.0.thresholds.suspekt: is unknown; "
            "known are suspect, fake, false_flags, margin, abstain",
        ),
        (
            RULES + "actions: {fak: label}\n",
            "3: rules.0.actions.fak: is unknown; "
            "known are fake, suspect, clear, unknown, no_face, rejected",
        ),
        (
            RULES + "actions: {fake: block}\n",
            "3: rules.0.actions.fake: must be publish, label, review or withhold, not block",
        ),
        (
            RULES + "thresholds: {suspect: high}\n",
            "3: rules.0.thresholds.suspect: must be a number, not high",
        ),
        (
            RULES + "limits: {sharpness: .nan}\n",
            "3: rules.0.limits.sharpness: must be a number, not nan",
        ),
        (
            RULES + "limits: {video_crops: 2.5}\n",
            "3: rules.0.limits.video_crops: must be a whole number, not 2.5",
        ),
        (RULES + "tenant: 5\n", "3: rules.0.tenant: must be text, not 5"),
        (RULES + "limits: none\n", "3: rules.0.limits: must be fields with values, not none"),
        (RULES + "\n", "3: rules.0: must be fields with values, not empty"),
        (
            RULES + "provenance: [{name: a, states: {}, at_least: review}]\n",
            "3: rules.0.provenance.0.states: must be a list, not fields",
        ),
        (
            RULES + "provenance: [{at_least: review}]\n",
            "3: rules.0.provenance.0.name: is missing",
        ),
        (
            RULES + "matches: [{name: a, kind: decision, adopt: 7}]\n",
            "3: rules.0.matches.0.adopt: must be true or false, not 7",
        ),
        (
            RULES + "thresholds: {suspect: 0.9, fake: 0.2}\n",
            "3: rules.0.thresholds: thresholds must satisfy 0 < suspect <= fake <= 1",
        ),
        ("name: [mine]\nrules: []\n", "1: name: must be text, not a list"),
        (
            VALID + "tests: [{name: a, given: {score: 1, face: {sharp: 3}}, expect: {}}]\n",
            "7: tests.0.given.face.sharp: is unknown; known are face_pixels, sharpness, frontality,"
            " detector_score, embedding_distance, occluded, not_photographed, rescreened, crops",
        ),
    ],
)
def test_what_is_wrong_is_told_in_one_line_with_what_is_allowed_there(
    tmp_path: Path, text: str, said: str
) -> None:
    path = _file(tmp_path, text)
    with pytest.raises(InvalidConfiguration) as refused:
        load_policy(path)
    assert str(refused.value) == f"policy {path}:{said}"


TESTED = """\
name: mine
rules:
  - tenant: "*"
    thresholds: {suspect: 0.3, fake: 0.7}
tests:
  - name: kept
    given: {score: 0.7}
    expect: {label: fake}
  - name: broken
    given: {score: 0.699}
    expect: {label: fake, action: withhold}
"""


def test_a_test_that_a_policy_breaks_is_told_with_its_line(tmp_path: Path) -> None:
    path = _file(tmp_path, TESTED)
    (said,) = read_policy(path).broken(_fusion([]))
    assert said == (
        f"policy {path}:9: broken: label is suspect, not fake; action is review, not withhold"
    )


def test_a_policy_that_breaks_a_test_of_its_own_may_not_judge(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match=":9: broken"):
        sound_policy(_file(tmp_path, TESTED), _fusion([]))
    kept = _file(tmp_path, TESTED.replace("0.699", "0.7"))
    assert sound_policy(kept, _fusion([])).name == "mine"


def test_the_policy_of_the_manual_keeps_what_it_promises(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/policies.md").read_text()
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert not read_policy(_file(tmp_path, example)).broken(_fusion([]))
    forgotten = _file(tmp_path, example.replace("    lane: live\n", ""))
    (said,) = read_policy(forgotten).broken(_fusion([]))
    assert said.removeprefix(f"policy {forgotten}") in page


def test_the_packaged_policy_keeps_what_it_promises() -> None:
    read = read_policy(None)
    assert len(read.tests) > 5
    assert not read.broken(_fusion([]))


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("{name: a, given: {score: 2}, expect: {label: fake}}", "tests.0.given"),
        ("{name: a, given: {score: 0.2}, expect: {}}", "tests.0.expect"),
        ("{name: a, given: {scor: 0.2}, expect: {label: fake}}", "scor"),
    ],
)
def test_a_test_that_asks_nothing_sensible_is_refused(tmp_path: Path, test: str, said: str) -> None:
    with pytest.raises(InvalidConfiguration, match=re.escape(said)):
        load_policy(_file(tmp_path, VALID + f"tests:\n  - {test}\n"))


def test_a_missing_policy_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="No such file"):
        load_policy(tmp_path / "none.yaml")


PROMISING = """\
name: mine
rules:
  - tenant: acme
  - tenant: "*"
    thresholds: {suspect: 0.5, false_flags: 0.05, abstain: 0.1}
"""


def test_a_share_of_false_flags_that_the_bundle_cannot_promise_is_refused(tmp_path: Path) -> None:
    """19 genuine uploads are needed; those that are abstained from, near 0.5, do not count."""
    policy = load_policy(_file(tmp_path, PROMISING))
    check_evidence(policy, _fusion([0.1] * 19))
    with pytest.raises(InvalidConfiguration) as refused:
        check_evidence(policy, _fusion([0.1] * 18 + [0.5] * 40))
    said = str(refused.value)
    assert "rules.1.thresholds.false_flags: 0.05 takes 19" in said
    assert "has 18" in said
    assert "ask for 0.053 or more" in said  # 1/19
    assert "\n" not in said


def test_a_policy_that_promises_nothing_needs_no_evidence() -> None:
    check_evidence(load_policy(None), _fusion([]))


def _fusion(unforged: list[float]) -> Fusion:
    only = Family(finds="manipulated", weights={"blending": 1.0})
    return Fusion(id="f", families=(only,), unforged=tuple(unforged))


def _file(folder: Path, text: str) -> Path:
    path = folder / "policy.yaml"
    path.write_text(text)
    return path


def captured(state: ProvenanceState) -> Provenance:
    made = SourceAction(action="c2pa.created", digital_source_type="digitalCapture")
    return Provenance(
        state=state, credentials=Credentials(place=ManifestPlace.EMBEDDED, actions=(made,))
    )


GENERATED = replace(UNKNOWN, tags=MediaTags(digital_source_type="trainedAlgorithmicMedia"))
NAMED = replace(UNKNOWN, generator_marks=(GeneratorMark(generator="Midjourney", field="f"),))


@pytest.mark.parametrize(
    ("label", "provenance", "action", "because"),
    [
        (Label.CLEAR, UNKNOWN, Action.PUBLISH, ()),
        (Label.FAKE, UNKNOWN, Action.WITHHOLD, ()),
        (
            Label.FAKE,
            captured(ProvenanceState.TRUSTED),
            Action.REVIEW,
            ("trusted_capture_contradicted",),
        ),
        (Label.FAKE, captured(ProvenanceState.VALID), Action.WITHHOLD, ()),
        (Label.CLEAR, captured(ProvenanceState.TRUSTED), Action.PUBLISH, ()),
        (Label.CLEAR, GENERATED, Action.LABEL, ("declared_generated",)),
        (Label.NO_FACE, NAMED, Action.LABEL, ("generator_named",)),
        (Label.FAKE, GENERATED, Action.WITHHOLD, ()),
        (
            Label.CLEAR,
            captured(ProvenanceState.INVALID),
            Action.REVIEW,
            ("credentials_invalid",),
        ),
    ],
)
def test_the_packaged_policy_acts_on_provenance_where_somebody_speaks_against_himself(
    label: Label, provenance: Provenance, action: Action, because: tuple[str, ...]
) -> None:
    rule = load_policy(None).rule_for("acme", Lane.LIVE)
    settled = settle(rule.actions[label], label, provenance, rule.provenance)
    assert (settled.action, settled.because) == (action, because)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("{name: a, states: [invalid]}", "takes action or at_least"),
        ("{name: a, at_least: review}", "asks nothing of the provenance"),
        ("{name: a, states: [authentic], at_least: review}", "rules.0.provenance.0.states.0"),
        ("{name: a, declares: [capture], at_leest: review}", "at_leest"),
        ("{name: A b, states: [invalid], at_least: review}", "a condition's name"),
    ],
)
def test_a_condition_that_means_nothing_stops_the_start(
    tmp_path: Path, condition: str, said: str
) -> None:
    text = f"name: mine\nrules:\n  - tenant: '*'\n    provenance: [{condition}]\n"
    with pytest.raises(InvalidConfiguration, match=re.escape(said)):
        load_policy(_file(tmp_path, text))
