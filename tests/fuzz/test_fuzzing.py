"""Whatever bytes arrive, the intake ends with an extraction or a rejection, and nowhere else.

`make fuzz` runs the long form: FUZZ_INPUTS of them, drawn from FUZZ_SEED. Some of what they
are drawn from is signed, and so never twice the same: an input that ends badly is kept. What a
decoder tries to call is refused where its confinement takes the network away; the canary tells of
what got through.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import RemoteDisconnected
from pathlib import Path
from urllib.request import urlopen

import pytest

from benchmarks.machine import commit, told
from inference.decoding.decoder_process import Crashed
from inference.decoding.decoders import DecoderPool
from inference.decoding.wire import Confines, Work
from inference.reading.frames import DecodingLimits
from moderation.errors import MediaRejected
from tests.fuzz.canary import Canary, canary
from tests.fuzz.corpus import lures, media
from tests.fuzz.mutation import mutated, pieces

PROCESSES = 2
_COMMIT = commit()  # when a run begins: the checkout may move meanwhile
_TOLD_EVERY_SECONDS = 30
WORK = Work(
    limits=DecodingLimits(pixels=4_000_000, decoded_pixels=100_000_000, threads=1),
    confines=Confines(memory_bytes=1024 * 2**20, cpu_seconds=20),
)


@dataclass(kw_only=True)
class Outcome:
    """How inputs ended, by words; `crashed` are the files of those that ended the decoder twice,
    and were rejected for it, and `defects` names those that ended in no allowed way.
    """

    ends: Counter[str] = field(default_factory=Counter)
    crashed: list[str] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)


def test_the_pieces_of_a_medium_are_the_medium() -> None:
    for content in media():
        assert b"".join(pieces(content)) == content
        assert len(pieces(content)) > 1, content[:12]


async def test_a_medium_that_was_not_altered_is_read(tmp_path: Path) -> None:
    pool = DecoderPool(processes=1, work=WORK)
    for number, content in enumerate(media()[:-1]):  # the last is sound alone
        (file := tmp_path / str(number)).write_bytes(content)
        await pool.extract(file)
    await pool.close()


def test_a_canary_tells_of_what_was_opened_and_called(tmp_path: Path) -> None:
    with canary(tmp_path) as bird:
        assert not bird.opened
        bird.file.read_text()
        assert bird.opened
        with pytest.raises(RemoteDisconnected):
            urlopen(bird.address)
        assert bird.calls == 1


async def test_altered_media_end_in_crops_or_a_rejection_and_lead_nowhere(tmp_path: Path) -> None:
    await _fuzz(tmp_path, inputs=200, seed=1)


@pytest.mark.fuzz
@pytest.mark.timeout(6 * 3600)
async def test_a_hundred_thousand_altered_media(tmp_path: Path) -> None:
    seed = int(os.environ.get("FUZZ_SEED") or random.SystemRandom().randrange(2**32))
    inputs = int(os.environ.get("FUZZ_INPUTS") or 100_000)
    print(f"seed {seed}: {inputs} inputs", flush=True)
    began = time.monotonic()
    outcome = await _fuzz(tmp_path, inputs=inputs, seed=seed)
    report = "\n".join(
        [
            "Made by `make fuzz`; CONTRIBUTING.md says what it does.",
            "",
            told(of=_COMMIT),
            f"seed {seed}: {inputs} altered media in {time.monotonic() - began:.0f} s; all ended "
            "as they may, the forbidden file was not opened, the address not called",
            f"rejected because they ended their decoder: {outcome.crashed or 'none'}",
            "",
            *(f"{count:7}  {end}" for end, count in outcome.ends.most_common()),
        ]
    )
    print(report)
    if result := os.environ.get("FUZZ_RESULT"):
        Path(result).write_text(report + "\n")


async def _fuzz(folder: Path, *, inputs: int, seed: int) -> Outcome:
    outcome = Outcome()
    pool = DecoderPool(processes=PROCESSES, work=WORK, wall_seconds=60.0)
    with canary(folder) as bird:
        numbers = iter(range(inputs))
        readers = [
            _read(pool, folder / str(n), numbers, seed, bird, outcome) for n in range(PROCESSES)
        ]
        await asyncio.gather(*readers)
        assert not bird.opened, f"seed {seed}: a file was opened that no upload is"
        assert not bird.calls, f"seed {seed}: an address was called"
    await pool.close()
    assert outcome.ends.total() == inputs
    assert not outcome.defects, "\n".join(outcome.defects[:20])
    return outcome


async def _read(
    pool: DecoderPool, file: Path, numbers, seed: int, bird: Canary, outcome: Outcome
) -> None:
    known, tempting = media(), lures(bird.file, bird.address)
    last = time.monotonic()
    for number in numbers:
        file.write_bytes(mutated(known, tempting, random.Random(f"{seed}:{number}")))
        try:
            await pool.extract(file)
            outcome.ends["read"] += 1
        except MediaRejected as rejection:
            outcome.ends[f"rejected: {rejection.reason}"] += 1
            if isinstance(rejection.__cause__, Crashed):
                outcome.crashed.append(_kept(file, number))
        except Exception as error:  # noqa: BLE001 - anything else is what is looked for
            outcome.ends[type(error).__name__] += 1
            outcome.defects.append(f"seed {seed}, {_kept(file, number)}: {error!r}")
        if time.monotonic() - last > _TOLD_EVERY_SECONDS:
            last = time.monotonic()
            print(f"{outcome.ends.total()} of which {dict(outcome.ends)}", flush=True)


def _kept(file: Path, number: int) -> str:
    """Where an input stays when the next one takes its place."""
    return str(file.rename(file.with_name(f"input-{number}")))
