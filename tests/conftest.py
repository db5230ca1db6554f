"""What every test may ask for: the real servers of `tests.parts`."""

from __future__ import annotations

from tests.parts.servers import kafka, postgres, tansu, triton

__all__ = ["kafka", "postgres", "tansu", "triton"]
