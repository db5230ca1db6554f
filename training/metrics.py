"""The two metrics that training looks at; they and all others live in `benchmarks.metrics`."""

from __future__ import annotations

from benchmarks.metrics import area_under_curve, expected_calibration_error

__all__ = ["area_under_curve", "expected_calibration_error"]
