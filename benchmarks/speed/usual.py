"""Our path in one process a core, over what people use instead: `usual_script`, as many of them.

The same clips of 720p, the same number of frames, the same cores. Ours is the bare loop.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.speed.bare import LIMITS, BareLoop
from benchmarks.speed.findings import Findings, Ratio
from benchmarks.speed.media import clips
from benchmarks.speed.rounds import Bench, alternate
from inference.faces.search import FaceSearch
from moderation.errors import PartUnavailable

GOAL = 10.0
CLIPS = 4  # a round; one clip costs the script more than ten seconds
CLIP_SECONDS = 15.0
_INTERPRETER = Path(__file__).parents[2] / ".venv-training" / "bin" / "python"
_SCRIPT = Path(__file__).with_name("usual_script.py")
_START_SECONDS = 300.0


async def ask(bench: Bench) -> Findings:
    """Clips a second of both."""
    await asyncio.to_thread(_check)
    made = await asyncio.to_thread(
        clips,
        bench.folder / "clips",
        bench.count(CLIPS),
        seed=1,
        seconds=CLIP_SECONDS,
        width=1280,
        height=720,
    )
    processes = len(os.sched_getaffinity(0))
    async with _scripts(processes) as scripts:
        with BareLoop(processes) as bare:

            async def ours(_round: int) -> float:
                return len(made) / await asyncio.to_thread(bare.seconds_for, made)

            async def theirs(_round: int) -> float:
                return len(made) / await _seconds_for(scripts, made)

            await asyncio.to_thread(bare.seconds_for, made[:processes])
            await _seconds_for(scripts, made[:processes])
            sides = {"ours": ours, "usual script": theirs}
            over, under = (await alternate(sides, rounds=bench.rounds, say=bench.say)).values()
    ratio = Ratio(
        name="against the usual script",
        ours="ours in process",
        theirs="OpenCV, MTCNN and EfficientNet-B0 in PyTorch",
        unit="clips a second",
        over=over,
        under=under,
        goal=GOAL,
    )
    return Findings(
        question="usual",
        ratios=(ratio,),
        notes=(
            f"{len(made)} clips of {CLIP_SECONDS:g} s, 1280 x 720, {LIMITS.frames} frames of each, "
            f"{processes} processes of one thread on either side",
            "ours looks near the faces it knows in frames within half a second of a search, "
            f"and at most {FaceSearch().crops_per_track} crops of a person are judged, by two "
            "networks; the script has every face of every frame judged, by one",
        ),
    )


def _check() -> None:
    """Raises: PartUnavailable: there is no interpreter with what the script imports."""
    looked = "import cv2, facenet_pytorch, timm, torch"
    if _INTERPRETER.exists():
        tried = subprocess.run([_INTERPRETER, "-P", "-c", looked], capture_output=True, check=False)
        if tried.returncode == 0:
            return
    raise PartUnavailable("torch and facenet-pytorch are missing: `make .venv-training/usual`")


@asynccontextmanager
async def _scripts(count: int) -> AsyncIterator[list[Process]]:
    """Scripts that have loaded everything; they end with the block."""
    started = [
        await asyncio.create_subprocess_exec(
            _INTERPRETER, "-P", _SCRIPT, str(LIMITS.frames), stdin=PIPE, stdout=PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        for _ in range(count)
    ]  # fmt: skip
    try:
        async with asyncio.timeout(_START_SECONDS):
            for script in started:
                await _answer(script)
        yield started
    finally:
        for script in started:
            if script.returncode is None:
                script.kill()
            await script.wait()


async def _seconds_for(scripts: Sequence[Process], files: Sequence[Path]) -> float:
    """Hand files to whichever script is free.

    Raises:
        AssertionError: a script found no face in a file, so that it did less than it should.
    """
    left = list(files)
    began = time.perf_counter()

    async def busy(script: Process) -> None:
        while left and script.stdin is not None:
            file = left.pop()
            script.stdin.write(f"{file}\n".encode())
            if int(await _answer(script)) < LIMITS.frames / 2:
                raise AssertionError(f"the usual script found hardly a face in {file}")

    await asyncio.gather(*(busy(script) for script in scripts))
    return time.perf_counter() - began


async def _answer(script: Process) -> str:
    """Raises: AssertionError: it ended instead."""
    line = await script.stdout.readline() if script.stdout is not None else b""
    if not line:
        raise AssertionError("the usual script ended; its words stand above")
    return line.decode().strip()
