"""The bundle that serves, and what the others still have to say."""

from __future__ import annotations

import structlog

from inference.bundles.bundle import Bundle, read_bundle
from inference.bundles.store import BundleStore
from moderation.errors import InvalidConfiguration
from moderation.fusion import Fusion
from moderation.lineage import ModelIdentity
from runtime.settings import Settings

log = structlog.get_logger()


def bundle_store(settings: Settings) -> BundleStore:
    return BundleStore(settings.scoring.bundles or settings.state / "bundles")


def chosen_bundle(settings: Settings) -> Bundle:
    """Open the bundle that the settings name, else the promoted one, else the packaged one.

    Raises:
        InvalidConfiguration: there is none of that name, or it cannot be opened.
    """
    store = bundle_store(settings)
    return store.find(settings.scoring.bundle) if settings.scoring.bundle else store.serving()


def served_bundle(settings: Settings) -> Bundle:
    """The same, verified whole: what may serve.

    Raises:
        InvalidConfiguration: there is none of that name, or it is not whole.
    """
    return read_bundle(chosen_bundle(settings).folder)


def fusions(settings: Settings, served: Bundle) -> dict[ModelIdentity, Fusion]:
    """Those of every bundle: scores of the one that served before may still be on the way.

    Raises:
        InvalidConfiguration: the calibration of the one that serves is not whole.
    """
    found = {served.identity: served.fusion()}
    for entry in bundle_store(settings).entries():
        try:
            if entry.bundle is None:
                raise InvalidConfiguration(entry.fault or "it cannot be opened")
            found.setdefault(entry.bundle.identity, entry.bundle.fusion())
        except InvalidConfiguration as error:
            log.warning("bundle.skipped", bundle=entry.title, why=str(error))
    return found
