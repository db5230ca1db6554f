"""Gathers what is shown of an upload: each verdict, its crops, and what people decided."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from console.evidence.originals import KeptMedia, Original, Originals
from console.evidence.packs import OpenPack, Packs
from console.evidence.ranges import Stretch
from console.evidence.scored import CropSaid, RecordedScores, nothing_recorded, said_of
from console.evidence.sheets import Sheet, Sketch, sheets, sketches
from console.evidence.strips import Lines, Strip, lines_of, rule_of, strips
from console.evidence.viewing import ViewingChoices
from console.faults import nothing_here
from console.identity.callers import Caller
from inference.faces import facepack
from moderation.errors import MediaRejected, MissingPack
from moderation.people import Permission
from moderation.policy import Policy
from moderation.review import ReviewJob
from moderation.upload import Upload
from moderation.verdict import StrongFrame, Verdict
from storage.accounts.records import Viewing
from storage.comments.ports import Comments
from storage.ports import Ledger, UploadStatus, VerdictHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a page tells of one verdict. `verdict` is None while there is no end.

    `verdicts` are all there ever were, the current one first; `sheets` is None where crops are
    not kept any more, `original` for who may not reveal media. `said` is empty where the scores
    of crops are not kept. Without `scores` nothing of what
    the detectors say is shown.
    """

    upload: Upload
    status: UploadStatus
    verdict: Verdict | None
    verdicts: tuple[Verdict, ...]
    said: Mapping[int, CropSaid]
    strips: tuple[Strip, ...]
    lines: Lines | None
    sheets: tuple[Sheet, ...] | None
    original: Original | None
    viewing: Viewing
    scores: bool

    @property
    def reveals(self) -> bool:
        return self.original is not None

    @property
    def strongest(self) -> dict[int, float]:
        """The probability of each crop that a verdict names, by crop."""
        tracks = self.verdict.tracks if self.verdict else ()
        frames = (frame for track in tracks for frame in track.strongest_frames)
        return {frame.crop_id: frame.fake_probability for frame in frames}

    @property
    def peak(self) -> StrongFrame | None:
        """The strongest frame of all."""
        tracks = self.verdict.tracks if self.verdict else ()
        frames = [frame for track in tracks for frame in track.strongest_frames]
        return max(frames, key=lambda frame: frame.fake_probability, default=None)

    @property
    def sketches(self) -> list[Sketch]:
        return sketches(self.verdict, self.sheets) if self.verdict and self.sheets else []


class Evidence:
    """Reads for a caller: what is another tenant's is as if it did not exist."""

    def __init__(
        self,
        ledger: Ledger,
        history: VerdictHistory,
        store: KeptMedia,
        policy: Policy,
        viewings: ViewingChoices,
        comments: Comments,
        recorded: RecordedScores = nothing_recorded,
    ) -> None:
        self._ledger = ledger
        self._history = history
        self._packs = Packs(store)
        self._originals = Originals(store)
        self.policy = policy
        self.viewings = viewings
        self.comments = comments
        self._recorded = recorded

    def follow(self, policy: Policy) -> None:
        """Take another policy for the thresholds that are drawn."""
        self.policy = policy

    async def of_upload(
        self, caller: Caller, upload_id: str, verdict_id: str | None = None, *, scores: bool = True
    ) -> Shown:
        """What stands behind the current verdict, or behind the one that is named.

        Raises:
            UnknownUpload: there is none.
            Refused: it never had that verdict (404).
        """
        shown = await self._shown(caller, upload_id, verdict_id, scores=scores)
        if verdict_id is not None and shown.verdict is None:
            raise nothing_here()
        return shown

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

    async def upload(self, caller: Caller, upload_id: str) -> Upload:
        """Raises: UnknownUpload: there is none, or it is another tenant's."""
        upload = (await self._ledger.status(upload_id)).upload
        caller.check_sees(upload.tenant, upload_id)
        return upload

    async def original(self, caller: Caller, upload_id: str) -> tuple[Upload, Original]:
        """An upload, and where its own bytes are. Raises: as `upload`."""
        upload = await self.upload(caller, upload_id)
        return upload, await self._originals.of(upload)

    def stretch(self, original: Original, asked: Stretch) -> AsyncIterator[bytes]:
        return self._originals.stretch(original, start=asked.start, end=asked.end)

    async def _shown(
        self, caller: Caller, upload_id: str, verdict_id: str | None, *, scores: bool
    ) -> Shown:
        status = await self._ledger.status(upload_id)
        upload = status.upload
        caller.check_sees(upload.tenant, upload_id)
        reached = await self._history.verdicts(upload_id, caller.tenants)
        asked = [one for one in reached if verdict_id in (None, one.verdict_id)]
        verdict = asked[0] if asked else None
        said = await self._said(verdict, upload) if verdict and scores else {}
        return Shown(
            upload=upload,
            status=status,
            verdict=verdict,
            verdicts=tuple(reached),
            said=said,
            strips=tuple(strips(verdict, said.values())) if verdict else (),
            lines=lines_of(self.policy, verdict, upload.lane) if verdict else None,
            sheets=await self._sheets(verdict) if verdict else None,
            original=await self._originals.of(upload) if caller.may(Permission.REVEAL) else None,
            viewing=await self.viewings.of(caller),
            scores=scores,
        )

    async def _said(self, verdict: Verdict, upload: Upload) -> Mapping[int, CropSaid]:
        rule = rule_of(self.policy, verdict, upload.lane)
        return said_of(await self._recorded(verdict), rule.limits if rule else None)

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
