"""Parts die in turns while uploads pass; every upload has one end all the same.

The short form of the fault suite, with one seed; `make chaos` is the long one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.embedded.triton import EmbeddedTriton
from tests.chaos.scene import Parts
from tests.chaos.siege import besiege
from tests.parts.broker import Kafka
from tests.parts.postgres import Postgres

SEED = 20261122
FAULTS = 20
UPLOADS = 200


@pytest.mark.timeout(1500)
async def test_200_uploads_have_200_ends_whatever_breaks(
    kafka: Kafka, postgres: Postgres, triton: EmbeddedTriton, tmp_path: Path
) -> None:
    parts = Parts(kafka=kafka, postgres=postgres, triton=triton)
    await besiege(parts, tmp_path, seed=SEED, faults=FAULTS, uploads=UPLOADS)
