"""A decoder process: `python -m inference.decoding.sandbox`, told what to do on its standard input.

Nothing that reads media is imported before the process is confined.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from inference.decoding.confinement import allow_cpu_seconds, confine
from inference.decoding.wire import Work, extraction_record, packed, receive
from moderation.errors import DecodingExceeded, InvalidConfiguration, MediaRejected

_WARMING_CPU_SECONDS = 60


def main() -> None:
    """Serve one worker: first how to work, then one media after the other until it hangs up."""
    source, target = _own_pipes()
    first = receive(source)
    if first is None:
        return
    work = Work.of(first[0]["work"])
    given_up = confine(work.confines, parent=first[0]["parent"])
    allow_cpu_seconds(_WARMING_CPU_SECONDS)
    try:
        jobs, preprocessing = _jobs(work)
    except InvalidConfiguration as error:
        _send(target, packed({"unready": error.detail}))
        return
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    gc.collect()
    gc.freeze()  # what was loaded stays: to look through it after each media costs as much as one
    _send(target, packed({"ready": given_up, "preprocessing": preprocessing}))
    while (message := receive(source)) is not None:
        job = jobs[message[0]["job"]]
        allow_cpu_seconds(job.cpu_seconds)
        _send(target, _answer(Path(message[0]["media"]), job))
        gc.collect()  # PyAV's objects hold each other, and a decoder's frames with them


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Move the worker's pipes away from 0 and 1, where libraries print to."""
    source, target = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return os.fdopen(source, "rb"), os.fdopen(target, "wb")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What is done to a media, to the bytes of an answer."""

    cpu_seconds: int
    do: Callable[[Path], bytes]


def _jobs(work: Work) -> tuple[Mapping[str, _Job], str]:
    """Load the decoders, the face detector and what follows faces; try them on nothing.

    Also the name of how crops are made.
    """
    from inference.decoding.extraction import extract
    from inference.faces.following import follower
    from inference.provenance.reading import read_provenance
    from inference.provenance.records import provenance_record

    follow, preprocessing = follower(work.faces, work.limits)

    def extracted(media: Path) -> bytes:
        found = extract(media, limits=work.limits, follow=follow, preprocessing=preprocessing)
        return packed({"found": extraction_record(found)}, found.pack)

    def told(media: Path) -> bytes:
        provenance = read_provenance(media, settings=work.provenance)
        return packed({"told": provenance_record(provenance)})

    jobs = {
        "extract": _Job(cpu_seconds=work.confines.cpu_seconds, do=extracted),
        "provenance": _Job(cpu_seconds=work.confines.provenance_cpu_seconds, do=told),
    }
    return jobs, preprocessing


def _answer(media: Path, job: _Job) -> bytes:
    """Do one media. What is nobody's fault but ours goes back as a defect, with its trace."""
    try:
        return job.do(media)
    except MediaRejected as error:
        return packed({"rejected": type(error).__name__, "detail": error.detail})
    except MemoryError:
        return packed({"rejected": DecodingExceeded.__name__, "detail": ""})
    except Exception:  # noqa: BLE001 - the one place that guards this hop
        return packed({"defect": traceback.format_exc(limit=-8)})


def _send(target: BinaryIO, message: bytes) -> None:
    target.write(message)
    target.flush()


if __name__ == "__main__":
    main()
