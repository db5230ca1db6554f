"""Gathers what is shown of an upload: each verdict, its crops, and what people decided."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from console.evidence.packs import OpenPack, Packs
from console.evidence.sheets import Sheet, Sketch, sheets, sketches
from console.evidence.strips import Lines, Strip, lines_of, strips
from console.faults import nothing_here
from console.identity.callers import Caller
from inference.faces import facepack
from moderation.errors import MediaRejected, MissingPack
from moderation.people import Permission
from moderation.policy import Policy
from moderation.review import ReviewJob
from moderation.upload import Upload
from moderation.verdict import Verdict
from storage.ports import Ledger, MediaStore, UploadStatus
from storage.verdict_history import VerdictHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a page tells of one verdict. `verdict` is None while there is no end.

    `superseded` are the verdicts before it, the newest first; `sheets` is None where crops are
    not kept any more. Without `scores` nothing of what the detectors say is shown.
    """

    upload: Upload
    status: UploadStatus
    verdict: Verdict | None
    superseded: tuple[Verdict, ...]
    strips: tuple[Strip, ...]
    lines: Lines | None
    sheets: tuple[Sheet, ...] | None
    reveals: bool
    scores: bool

    @property
    def strongest(self) -> dict[int, float]:
        """The probability of each crop that a verdict names, by crop."""
        tracks = self.verdict.tracks if self.verdict else ()
        frames = (frame for track in tracks for frame in track.strongest_frames)
        return {frame.crop_id: frame.fake_probability for frame in frames}

    @property
    def sketches(self) -> list[Sketch]:
        return sketches(self.verdict, self.sheets) if self.verdict and self.sheets else []


class Evidence:
    """Reads for a caller: what is another tenant's is as if it did not exist."""

    def __init__(
        self,
        ledger: Ledger,
        history: VerdictHistory,
        store: MediaStore,
        policy: Policy,
    ) -> None:
        self._ledger = ledger
        self._history = history
        self._packs = Packs(store)
        self._policy = policy

    async def of_upload(self, caller: Caller, upload_id: str) -> Shown:
        """What stands behind the current verdict. Raises: UnknownUpload."""
        return await self._shown(caller, upload_id, None, scores=True)

    async def of_job(self, caller: Caller, job: ReviewJob, *, scores: bool) -> Shown:
        """What stands behind the verdict that a job asks about. Raises: UnknownUpload."""
        return await self._shown(caller, job.upload_id, job.verdict_id, scores=scores)

    async def pack(
        self, caller: Caller, upload_id: str, verdict_id: str
    ) -> tuple[Verdict, OpenPack]:
        """A verdict, and the face pack behind it.

        Raises:
            Refused: there is no such verdict, it is another tenant's, or the pack is gone (404).
        """
        reached = await self._history.verdicts(upload_id, caller.tenants)
        found = next((one for one in reached if one.verdict_id == verdict_id), None)
        pack = await self._pack_of(found) if found else None
        if found is None or pack is None:
            raise nothing_here()
        return found, pack

    async def _shown(
        self, caller: Caller, upload_id: str, verdict_id: str | None, *, scores: bool
    ) -> Shown:
        status = await self._ledger.status(upload_id)
        upload = status.upload
        caller.check_sees(upload.tenant, upload_id)
        reached = await self._history.verdicts(upload_id, caller.tenants)
        asked = [one for one in reached if verdict_id in (None, one.verdict_id)]
        verdict = asked[0] if asked else None
        return Shown(
            upload=upload,
            status=status,
            verdict=verdict,
            superseded=tuple(reached[reached.index(verdict) + 1 :]) if verdict else (),
            strips=tuple(strips(verdict)) if verdict else (),
            lines=lines_of(self._policy, verdict, upload.lane) if verdict else None,
            sheets=await self._sheets(verdict) if verdict else None,
            reveals=caller.may(Permission.REVEAL),
            scores=scores,
        )

    async def _sheets(self, verdict: Verdict) -> tuple[Sheet, ...] | None:
        pack = await self._pack_of(verdict)
        if pack is None:
            return None
        try:
            return sheets(await asyncio.to_thread(facepack.outline, pack.content))
        except MissingPack:
            return None

    async def _pack_of(self, verdict: Verdict) -> OpenPack | None:
        if verdict.face_pack is None:
            return None
        try:
            return await self._packs.open(verdict.face_pack)
        except MediaRejected:  # it is gone
            return None
