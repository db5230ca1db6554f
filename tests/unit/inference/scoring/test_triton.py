from __future__ import annotations

import grpc
import pytest
from tritonclient.utils import InferenceServerException

from inference.scoring.triton import FAULTS, translate
from moderation.errors import ScorerMismatch, ScorerUnavailable


def test_every_status_of_grpc_is_somebodys_fault() -> None:
    assert set(FAULTS) == {code.name for code in grpc.StatusCode} - {"OK"}


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (grpc.StatusCode.UNAVAILABLE, ScorerUnavailable),
        (grpc.StatusCode.DEADLINE_EXCEEDED, ScorerUnavailable),
        (grpc.StatusCode.INTERNAL, ScorerUnavailable),
        (grpc.StatusCode.INVALID_ARGUMENT, ScorerMismatch),
        (grpc.StatusCode.NOT_FOUND, ScorerMismatch),
    ],
)
def test_a_status_says_whose_fault_it_is(code: grpc.StatusCode, fault: type[Exception]) -> None:
    error = translate(InferenceServerException("as it was", status=str(code)))
    assert isinstance(error, fault)
    assert "as it was" in error.detail


def test_an_error_without_a_status_is_a_dependencys() -> None:
    assert isinstance(translate(InferenceServerException("lost")), ScorerUnavailable)
