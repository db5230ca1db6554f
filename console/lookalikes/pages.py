"""The page of a cluster, and the form that decides all of it."""

from __future__ import annotations

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response

from console.areas import Area
from console.forms import read_form
from console.identity.callers import Caller
from console.identity.guards import require
from console.ids import Id
from console.lookalikes.desk import MOST_MEMBERS, ClusterDesk
from console.pages import go_to, page
from console.queue.rulings import said_in_words
from moderation.people import Permission
from moderation.verdict import Match, MatchKind

Reader = Annotated[Caller, Depends(require(Permission.UPLOADS_READ))]
Decider = Annotated[Caller, Depends(require(Permission.CLUSTERS))]
Count = Annotated[int, Query(ge=0)]


def lookalikes_area(desk: ClusterDesk) -> Area:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/uploads/{upload_id}/lookalikes")
    async def cluster(
        request: Request, upload_id: Id, caller: Reader, decided: Count = 0, left: Count = 0
    ) -> Response:
        upload = await desk.upload(caller, upload_id)
        decides = caller.may(Permission.CLUSTERS)
        return page(
            request,
            "lookalikes/cluster.html",
            upload=upload,
            members=await desk.members(upload),
            most=MOST_MEMBERS,
            decides=decides,
            told=decides or not desk.impression_first,
            reasons=list(desk.reasons.values()),
            decided=decided,
            left=left,
            token=uuid4().hex,
        )

    @routes.post("/uploads/{upload_id}/lookalikes/decide")
    async def decide(request: Request, upload_id: Id, caller: Decider) -> Response:
        upload = await desk.upload(caller, upload_id)
        sent = await read_form(request)
        with said_in_words():
            decided, left = await desk.decide(caller, upload, sent)
        return go_to(f"/uploads/{upload_id}/lookalikes?decided={decided}&left={left}")

    return Area(
        routes=routes, filters={"distance_words": distance_words, "match_words": match_words}
    )


def distance_words(distance: int | None) -> str:
    """How far an upload is, as a person would say it."""
    if distance is None:
        return "the same bytes"
    return f"{distance} of 256 bits differ"


def match_words(match: Match) -> str:
    """What a verdict says that its upload matched."""
    if match.kind is MatchKind.VERDICT:
        return "the same bytes were judged before: that verdict was taken over"
    alike = distance_words(match.distance)
    if match.kind is MatchKind.LISTED:
        return f"it stands on the list {match.list_name} as {match.entry} ({alike})"
    return f"people decided to {match.action} something that is known ({alike})"
