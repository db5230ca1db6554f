"""One media extracted in a process of its own: `python -m benchmarks.speed.one_media FILE`.

Prints JSON: `seconds` and `processor_seconds` of the extraction, and `peak_mib`, the most memory
that the process ever had, with all that it loaded (Linux).
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

from benchmarks.speed.bare import LIMITS
from inference.decoding.extraction import extract
from inference.faces.following import follower
from inference.faces.search import FaceSearch


def main(media: Path) -> None:
    """Extract it as a decoder process does: faces, crops, pack, hash and looks."""
    follow, preprocessing = follower(FaceSearch(), LIMITS)
    began, used = time.perf_counter(), time.process_time()
    found = extract(media, limits=LIMITS, follow=follow, preprocessing=preprocessing)
    told = {
        "seconds": time.perf_counter() - began,
        "processor_seconds": time.process_time() - used,
        "peak_mib": _peak_mib(),
        "crops": len(found.crops),
    }
    print(json.dumps(told))


def _peak_mib() -> float:
    """Since this program began; getrusage's figure begins with its parent's (proc(5))."""
    status = Path("/proc/self/status").read_text()
    (kib,) = re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(kib) / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]))
