"""What moderators use: the queue, and the evidence behind verdicts."""

from __future__ import annotations

from dataclasses import replace

from console.areas import Area
from console.evidence.desk import Desk
from console.evidence.originals import KeptMedia
from console.evidence.pages import evidence_area
from console.evidence.reading import Evidence
from console.evidence.viewing import ViewingChoices
from console.leading.desk import LeadDesk
from console.queue.desk import QueueDesk
from console.queue.pages import queue_area
from console.search.desk import SearchDesk
from console.search.exporting import export_area
from console.search.pages import search_area
from console.search.saving import saving_area
from runtime.policies import load_policy
from runtime.settings import Settings
from runtime.wiring.kept import Kept
from runtime.wiring.recorded import RecordedBehind
from storage.accounts.records import Viewing
from storage.comments.database import SqlComments
from storage.database import now_utc
from storage.search.database import SqlUploadSearch
from storage.search.saved import SqlSavedQueries
from storage.verdict_history import SqlVerdictHistory


def moderators_desk(settings: Settings, kept: Kept, store: KeptMedia) -> QueueDesk:
    """Raises: InvalidConfiguration: the policy cannot be read."""
    reviews = kept.reviews
    return QueueDesk(
        queue=reviews.queue,
        decisions=reviews.decisions,
        records=reviews.records,
        statistics=reviews.statistics,
        evidence=Evidence(
            kept.ledger,
            SqlVerdictHistory(kept.engine),
            store,
            load_policy(settings.policy),
            _viewings(settings, kept),
            SqlComments(kept.engine),
            RecordedBehind(settings, store),
        ),
        accounts=kept.accounts,
        reasons=reviews.reasons,
        now=now_utc,
        lock=reviews.plan.lock,
        impression_first=settings.review.impression_first,
    )


def leads_desk(kept: Kept) -> LeadDesk:
    reviews = kept.reviews
    return LeadDesk(
        statistics=reviews.statistics,
        skips=reviews.records,
        known=reviews.known,
        answers=reviews.known,
        appeals=reviews.appeals,
        accounts=kept.accounts,
        now=now_utc,
    )


def _viewings(settings: Settings, kept: Kept) -> ViewingChoices:
    console = settings.console
    usual = Viewing(blurred=console.blurred, grey=console.grey, muted=console.muted)
    return ViewingChoices(kept.accounts.viewings, usual)


def search_desk(kept: Kept) -> SearchDesk:
    return SearchDesk(
        search=SqlUploadSearch(kept.engine),
        saved=SqlSavedQueries(kept.engine),
        people=kept.accounts.people,
        now=now_utc,
    )


def moderators_areas(desk: QueueDesk, search: SearchDesk) -> tuple[Area, ...]:
    evidence = Desk(
        evidence=desk.evidence,
        records=desk.records,
        reasons=desk.reasons,
        accounts=desk.accounts,
        now=desk.now,
        impression_first=desk.impression_first,
    )
    search = replace(search, impression_first=desk.impression_first)
    return (
        queue_area(desk),
        search_area(search),
        export_area(search),
        saving_area(search),
        evidence_area(evidence),
    )
