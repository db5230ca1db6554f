"""One media extracted in a process of its own: `python -m benchmarks.speed.one_media FILE`.

Prints JSON: `seconds` and `processor_seconds` of the extraction, and `peak_mib`, the most memory
that the process ever had, with all that it loaded.
"""

from __future__ import annotations

import json
import resource
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
        # Linux counts in KiB (getrusage(2)).
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "crops": len(found.crops),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
