"""An hour of 1080p costs a worker what its frame budget needs, in memory and in frames decoded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import av
import numpy as np
import psutil
from PIL import Image

from runtime.client import Client
from tests.acceptance.stack import start_stack

SAMPLE = Path(__file__).parents[2] / "samples" / "portrait.jpg"
GIBIBYTE = 2**30
SECONDS = 3600
_RATE = 10
_LOOP_SECONDS = 40


async def test_an_hour_of_1080p_is_judged_within_a_gibibyte(tmp_path: Path) -> None:
    media = tmp_path / "hour.mp4"
    make_hour(media)
    stack = start_stack(tmp_path)
    client = Client(stack.api)
    try:
        watching = asyncio.create_task(_peak_memory(stack.process.pid))
        (ended,) = [one async for one in client.check([str(media)], patience=240)]
        watching.cancel()
        peak = await watching
    finally:
        await client.close()
        stack.stop()
    assert ended.verdict is not None, ended.failure
    assert ended.verdict["media"]["duration_seconds"] > SECONDS - 1
    assert ended.verdict["media"]["frames_sampled"] == 32
    assert len(ended.verdict["tracks"]) >= 1
    print(f"peak memory of worker and decoders: {peak / 2**20:.0f} MiB")
    assert peak < GIBIBYTE


async def _peak_memory(pid: int) -> int:
    """Most bytes resident at once in Veriscope's own processes, until cancelled."""
    peak = 0
    try:
        while True:
            peak = max(peak, _memory(psutil.Process(pid)))
            await asyncio.sleep(0.1)
    except asyncio.CancelledError:
        return peak


def _memory(worker: psutil.Process) -> int:
    decoders = [
        child for child in worker.children() if "inference.decoding.sandbox" in child.cmdline()
    ]
    assert decoders
    return sum(process.memory_info().rss for process in [worker, *decoders])


def make_hour(path: Path) -> None:
    """Encode a short piece once and write its packets again and again, with later times."""
    piece = path.with_name("piece.mp4")
    _encode(piece)
    with av.open(str(piece)) as source, av.open(str(path), "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        length = int(_LOOP_SECONDS / stream.time_base)
        for turn in range(SECONDS // _LOOP_SECONDS):
            source.seek(0)
            for packet in source.demux(stream):
                if packet.dts is None:
                    continue
                packet.pts += turn * length
                packet.dts += turn * length
                packet.stream = copy
                target.mux(packet)
    piece.unlink()


def _encode(path: Path) -> None:
    portrait = np.asarray(Image.open(SAMPLE).convert("RGB").resize((900, 900)))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=_RATE, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        stream.codec_context.gop_size = _RATE * 4
        for number in range(_LOOP_SECONDS * _RATE):
            frame = np.full((1080, 1920, 3), 90, np.uint8)
            left = 100 + number % 800
            frame[90:990, left : left + 900] = portrait
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
