"""Asks what is known already of an upload's bytes and looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from moderation.looks import Look
from moderation.policy import Policy
from moderation.repeats import Making
from moderation.upload import Upload
from moderation.verdict import Match, MatchKind, Verdict
from storage.looks.ports import ListedLooks, LookAlikes, SeenBefore


class Before:
    """What was known before an upload came; every method raises LedgerUnavailable.

    Without `making`, who decides again, no verdict holds again.
    """

    def __init__(
        self,
        seen: SeenBefore,
        looks: LookAlikes,
        listed: ListedLooks,
        making: Making | None = None,
    ) -> None:
        self._seen = seen
        self._looks = looks
        self._listed = listed
        self._making = making

    def follow(self, policy: Policy) -> None:
        """Let only verdicts by another policy hold again."""
        if self._making is not None:
            self._making = replace(self._making, policy=policy)

    async def standing(self, upload: Upload, sha256: str) -> Verdict | None:
        """A verdict on the tenant's same bytes that would come out the same now."""
        if self._making is None:
            return None
        return await self._seen.standing(
            upload.tenant,
            sha256,
            lineages=self._making.lineages(sha256),
            lanes=self._making.lanes(upload.tenant, upload.lane),
        )

    async def matches(
        self, upload: Upload, sha256: str, looks: Sequence[Look], standing: Verdict | None = None
    ) -> list[Match]:
        """The verdict that was taken over, if one was; decisions; entries of lists.

        Without `looks`, those that are known of the upload (or of the one whose verdict it is)
        are compared.
        """
        known = standing.upload_id if standing else upload.upload_id
        looks = looks or await self._looks.looks_of(known)
        return [
            *_taken_over(standing),
            *await self._seen.decided(upload, sha256, looks),
            *await self._listed.matches(upload.tenant, looks),
        ]


def _taken_over(standing: Verdict | None) -> list[Match]:
    if standing is None:
        return []
    return [Match(kind=MatchKind.VERDICT, verdict_id=standing.verdict_id)]
