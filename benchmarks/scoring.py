"""A bundle's detectors in this process: crops in, scores out.

The only module of the benchmarks that knows how a bundle is loaded and asked.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from inference.bundles.bundle import PACKAGED, read_bundle
from inference.faces.facepack import FacePack
from inference.scoring.local import local_panel
from inference.scoring.panel import Answers

__all__ = ["Answers", "LocalBundle"]


class LocalBundle:
    """A bundle's detectors in this process, on OpenVINO, asked as serving asks them.

    Raises:
        InvalidConfiguration: the bundle is not whole.
    """

    def __init__(self, folder: Path | None, *, threads: int) -> None:
        bundle = read_bundle(folder or PACKAGED)
        self.identity = bundle.identity
        self.fusion = bundle.fusion()
        self._panel = local_panel(bundle, threads=threads)
        self._loop = asyncio.Runner()

    def ask(self, pack: FacePack) -> Answers:
        return self._loop.run(self._panel.ask(pack, urgent=True))

    def close(self) -> None:
        self._loop.close()
