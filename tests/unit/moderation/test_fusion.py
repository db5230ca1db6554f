from __future__ import annotations

from itertools import product
from math import inf, isfinite, log, nan
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.fusion import LARGEST, Family, Fusion, evidence_needed, flag_from, sigmoid

LOGITS = st.floats(-60, 60)
ANSWERS = st.fixed_dictionaries({"blending": LOGITS, "transitions": LOGITS, "generation": LOGITS})
WEIGHTS = st.floats(0, 8)
SHARES = st.floats(0.001, 0.999)
EVIDENCE = st.lists(st.floats(0, 1), max_size=300).map(sorted)


def a_fusion(
    blending: float = 1.0,
    transitions: float = 1.0,
    generation: float = 1.0,
    *,
    biases: tuple[float, float] = (0.0, 0.0),
    temperature: float = 1.0,
    bias: float = 0.0,
) -> Fusion:
    manipulated = {"blending": blending, "transitions": transitions}
    return Fusion(
        id="test",
        families=(
            Family(finds="manipulated", weights=manipulated, bias=biases[0]),
            Family(finds="generated", weights={"generation": generation}, bias=biases[1]),
        ),
        temperature=temperature,
        bias=bias,
    )


FUSIONS = st.builds(
    a_fusion,
    WEIGHTS,
    WEIGHTS,
    WEIGHTS,
    biases=st.tuples(st.floats(-5, 5), st.floats(-5, 5)),
    temperature=st.floats(0.1, 10),
    bias=st.floats(-5, 5),
)


@given(FUSIONS, ANSWERS)
def test_a_probability_lies_between_those_of_its_families(
    fusion: Fusion, logits: dict[str, float]
) -> None:
    families = fusion.family_probabilities(logits).values()
    probability = fusion.probability(logits)
    assert 0.0 <= probability <= 1.0
    assert min(families) - 1e-9 <= probability <= max(families) + 1e-9


@given(FUSIONS, ANSWERS, st.sampled_from(["blending", "transitions", "generation"]), LOGITS)
def test_a_detector_that_leans_more_to_forged_never_lowers_the_probability(
    fusion: Fusion, logits: dict[str, float], name: str, other: float
) -> None:
    low, high = sorted((logits[name], other))
    below = fusion.probability({**logits, name: low})
    assert below <= fusion.probability({**logits, name: high}) + 1e-12


@pytest.mark.parametrize(("logit", "probability"), [(0.0, 0.5), (log(4), 0.8), (-log(4), 0.2)])
def test_one_detector_that_needs_no_calibration_is_its_own_sigmoid(
    logit: float, probability: float
) -> None:
    only = Family(finds="manipulated", weights={"blending": 1.0})
    fusion = Fusion(id="one", families=(only,))
    assert fusion.probability({"blending": logit}) == pytest.approx(probability)


def test_a_family_that_is_sure_is_not_voted_down_by_one_that_sees_nothing() -> None:
    logits = {"blending": -6.0, "generation": 6.0}
    assert a_fusion().probability(logits) > 0.99


def test_detectors_of_a_family_add_up_as_evidence() -> None:
    both = {"blending": 1.0, "transitions": 1.0}
    one = {"blending": 1.0}
    fusion = a_fusion()
    together = fusion.family_probabilities(both)["manipulated"]
    assert together == pytest.approx(sigmoid(2.0))
    assert together > fusion.family_probabilities(one)["manipulated"]


def test_a_detector_over_tracks_that_did_not_answer_adds_nothing() -> None:
    fusion = a_fusion()
    without = fusion.probability({"blending": 1.3, "generation": -2.0})
    silent = fusion.probability({"blending": 1.3, "generation": -2.0, "transitions": 0.0})
    assert without == silent


@pytest.mark.parametrize("logit", [1e308, -1e308])
def test_absurd_logits_do_not_overflow(logit: float) -> None:
    assert a_fusion().probability({"blending": logit}) == pytest.approx(
        1.0 if logit > 0 else 0.333, abs=1e-3
    )


def test_the_largest_calibration_that_is_allowed_makes_probabilities_of_any_logits() -> None:
    biases = (-LARGEST, 0.0, LARGEST)
    for one, other, temperature, weight in product(biases, biases, (1e-6, 1e6), (5e-324, LARGEST)):
        fusion = a_fusion(
            weight, weight, weight, biases=(one, other), temperature=temperature, bias=-one
        )
        for a, b in product((-1e308, 0.0, 1e308), repeat=2):
            crops, track = {"blending": a, "generation": b}, {"transitions": b}
            for chance in (fusion.probability(crops | track), fusion.disagreement(crops, track)):
                assert isfinite(chance)
                assert 0.0 <= chance <= 1.0


@pytest.mark.parametrize(
    ("crops", "track", "apart"),
    [
        ({"blending": 4.0}, {"transitions": -4.0}, True),
        ({"blending": 4.0}, {"transitions": 0.0}, False),  # says nothing
        ({"blending": 4.0}, {}, False),
        ({"blending": 4.0, "generation": -4.0}, {}, False),  # looks for something else
    ],
)
def test_only_detectors_of_one_family_disagree(
    crops: dict[str, float], track: dict[str, float], apart: bool
) -> None:
    assert (a_fusion().disagreement(crops, track) > 0.75) is apart


def test_the_bias_of_a_family_is_where_its_detectors_over_crops_have_their_middle() -> None:
    fusion = a_fusion(biases=(-3.0, 0.0))  # of genuine faces too, blending says up to 3
    assert fusion.disagreement({"blending": 3.0}, {"transitions": 0.0}) == pytest.approx(0.0)


def test_a_detector_without_weight_contradicts_nobody() -> None:
    fusion = a_fusion(transitions=0.0)
    assert fusion.disagreement({"blending": 9.0}, {"transitions": -9.0}) == 0.0


@given(EVIDENCE, SHARES)
def test_a_threshold_is_the_smallest_that_keeps_the_bound(
    unforged: list[float], share: float
) -> None:
    def bound(threshold: float) -> float:
        return (sum(one >= threshold for one in unforged) + 1) / (len(unforged) + 1)

    threshold = flag_from(unforged, share)
    assert bound(threshold) <= share + 1e-9 or threshold == inf
    lower = [one for one in unforged if one < threshold]
    if lower:
        assert bound(lower[-1]) > share


@given(EVIDENCE, SHARES, SHARES)
def test_whoever_allows_more_false_flags_flags_no_later(
    unforged: list[float], one: float, other: float
) -> None:
    strict, lenient = sorted((one, other))
    assert flag_from(unforged, lenient) <= flag_from(unforged, strict)


@given(SHARES)
def test_with_one_upload_too_few_nothing_is_flagged(share: float) -> None:
    needed = evidence_needed(share)
    assert flag_from([0.1] * needed, share) < 1.0
    if needed:
        assert flag_from([0.1] * (needed - 1), share) == inf


@pytest.mark.parametrize(("share", "needed"), [(0.01, 99), (0.05, 19), (0.5, 1), (0.29, 3)])
def test_the_evidence_that_a_share_needs(share: float, needed: int) -> None:
    assert evidence_needed(share) == needed


def test_a_share_that_is_met_exactly_is_not_lost_to_rounding() -> None:
    unforged = [number / 100 for number in range(99)]
    assert 0.29 * 100 < 29  # as floating point has it
    assert 0.70 < flag_from(unforged, 0.29) < 0.71  # 28 are above


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="false_flags"):
        flag_from([], share)


@pytest.mark.parametrize("count", [99, 150, 400])
def test_on_fresh_uploads_false_flags_stay_within_the_share_that_was_asked_for(count: int) -> None:
    """The cube of a uniform number is at least t with the chance 1 - t^(1/3).

    The mean over many bundles is what is promised. Its standard error is under
    0.00025, so 0.011 lies four of them above 0.01.
    """
    random, asked, bundles = Random(1), 0.01, 2000
    rate = 0.0
    for _ in range(bundles):
        threshold = flag_from(sorted(random.random() ** 3 for _ in range(count)), asked)
        rate += (1.0 - min(threshold, 1.0) ** (1 / 3)) / bundles
    assert 0.5 * asked < rate <= 1.1 * asked


@pytest.mark.parametrize("count", [5, 18, 19, 20, 40])
def test_equal_probabilities_and_little_evidence_break_no_promise(count: int) -> None:
    """Ten values only, each as likely; the standard error is under 0.001."""
    random, asked, bundles = Random(2), 0.05, 2000
    rate = 0.0
    for _ in range(bundles):
        threshold = flag_from(sorted(random.randrange(10) / 10 for _ in range(count)), asked)
        rate += sum(value / 10 >= threshold for value in range(10)) / 10 / bundles
    assert rate <= asked


@pytest.mark.parametrize(
    "parts",
    [
        {"families": ()},
        {"temperature": 0.0},
        {"temperature": inf},
        {"temperature": nan},
        {"temperature": LARGEST * 1.01},
        {"temperature": 0.99 / LARGEST},
        {"bias": inf},
        {"bias": nan},
        {"bias": -LARGEST * 1.01},
        {"unforged": (0.5, 0.4)},
        {"unforged": (nan,)},
        {"unforged": (0.5, 1.1)},
        {"families": (Family(finds="a", weights={"b": 1.0}),) * 2},
    ],
)
def test_a_fusion_that_makes_no_sense_is_refused(parts: dict[str, object]) -> None:
    whole = {"id": "x", "families": (Family(finds="a", weights={"b": 1.0}),)}
    with pytest.raises(ValueError, match="fusion x"):
        Fusion(**{**whole, **parts})


@pytest.mark.parametrize(
    "parts",
    [
        {"weights": {}},
        {"weights": {"b": -0.1}},
        {"weights": {"b": inf}},
        {"weights": {"b": nan}},
        {"weights": {"b": LARGEST * 1.01}},
        {"bias": inf},
        {"bias": LARGEST * 1.01},
    ],
)
def test_a_family_that_makes_no_sense_is_refused(parts: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="family a"):
        Family(**{"finds": "a", "weights": {"b": 1.0}, **parts})
