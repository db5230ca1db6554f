"""Checks every part by using it once, as the services would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import numpy as np

from moderation.errors import ModerationError, ScorerUnavailable, Unavailable
from runtime import wiring
from runtime.policies import check_evidence, load_policy, sound_policy
from runtime.settings import Settings
from streams.admin import missing_topics

_PATIENCE_SECONDS = 15.0
_KNOCK_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one part is. `remedy` is None when it works."""

    part: str
    detail: str
    remedy: str | None


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Use every part once, whatever became of the others, and tell of each as it is known."""
    for part in _CHECKS:
        yield await examine_part(part, settings)


async def examine_part(
    part: str, settings: Settings, check: Callable[[Settings], Awaitable[str]] | None = None
) -> Finding:
    """Use one part, by its own check if none is given."""
    check = check or _CHECKS[part]
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return Finding(part=part, detail=await check(settings), remedy=None)
    except TimeoutError:
        found: ModerationError = Unavailable(f"no answer within {_PATIENCE_SECONDS:.0f} s")
    except ModerationError as error:
        found = error
    return Finding(part=part, detail=str(found), remedy=_remedy(part, found))


def _remedy(part: str, error: ModerationError) -> str:
    """What to do about it depends on the part, and on whether that is away or told wrongly."""
    if isinstance(error, wiring.UnusableFile):
        return "that file must exist, be readable, and be PEM; a key has no password"
    if isinstance(error, Unavailable) and part in _AWAY:
        return _AWAY[part]
    return _REMEDIES[part]


async def _policy(settings: Settings) -> str:
    policy = sound_policy(settings.policy, wiring.chosen_bundle(settings).fusion())
    return f"{policy.name}, {len(policy.rules)} rules, sha256 {policy.sha256[:12]}"


async def _provenance(settings: Settings) -> str:
    signers = wiring.provenance_search(settings).signers
    if signers is None:
        return "no trust list: nobody who signs is trusted"
    return f"{signers.name}, {len(signers.certificates)} authorities, sha256 {signers.sha256[:12]}"


async def _database(settings: Settings) -> str:
    async with wiring.open_kept(settings) as kept:
        waiting, _ = await kept.outbox.backlog()
        return f"schema current, {waiting} messages in the outbox"


async def _kafka(settings: Settings) -> str:
    missing = await missing_topics(wiring.connection(settings), wiring.topics(settings).every())
    if missing:
        raise ModerationError(f"topics missing: {', '.join(missing)}")
    async with wiring.open_publisher(settings):
        return f"{settings.kafka.bootstrap}, all topics there"


async def _media_store(settings: Settings) -> str:
    store = wiring.media_store(settings)
    key = "doctor/check"  # always the same one: nothing is left behind but it
    await store.put(key, b"veriscope")
    if await store.read(key) != b"veriscope":
        raise ModerationError("what was written is not what was read")
    return f"wrote and read at {settings.media.store}"


async def _scoring(settings: Settings) -> str:
    await _knock(settings, settings.scoring.triton)
    bundle = await asyncio.to_thread(wiring.served_bundle, settings)
    async with wiring.open_scorers(settings, bundle) as scorers:
        await wiring.check_served(bundle, scorers)
        crop = np.zeros((1, 224, 224, 3), np.uint8)
        await asyncio.gather(*(scorer.score(crop) for scorer in scorers.values()))
        models = ", ".join(detector.model for detector in bundle.manifest.models)
        return f"bundle {bundle.manifest.title}, {models} answer ({settings.scoring.backend})"


async def _shadow(settings: Settings) -> str:
    bundle = await asyncio.to_thread(wiring.shadow_bundle, settings)
    if bundle is None:
        return "none: VERISCOPE_SHADOW__BUNDLE names no bundle"
    check_evidence(load_policy(settings.policy), bundle.fusion())
    await _knock(settings, settings.shadow.triton or settings.scoring.triton)
    async with wiring.open_shadow_scorers(settings, bundle) as scorers:
        crop = np.zeros((1, 224, 224, 3), np.uint8)
        await asyncio.gather(*(scorer.score(crop) for scorer in scorers.values()))
        return f"bundle {bundle.manifest.title} answers, share {settings.shadow.share:g}"


async def _knock(settings: Settings, address: str) -> None:
    """See that somebody listens: a scorer insists for a minute before it says that nobody does.

    Raises:
        ScorerUnavailable: nobody does.
    """
    if settings.scoring.backend != "triton":
        return
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        raise ScorerUnavailable(f"Triton: {address} is no HOST:PORT")
    try:
        async with asyncio.timeout(_KNOCK_SECONDS):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except TimeoutError as error:
        why = f"does not answer within {_KNOCK_SECONDS:g} s"
        raise ScorerUnavailable(f"Triton: {address} {why}") from error
    except ConnectionRefusedError as error:
        raise ScorerUnavailable(f"Triton: {address} refuses connections") from error
    except (OSError, OverflowError) as error:  # a port over 65535
        raise ScorerUnavailable(f"Triton: {address} cannot be reached: {error}") from error
    writer.close()


async def _decoding(settings: Settings) -> str:
    async with wiring.open_decoders(settings) as pool:
        await pool.warm()
        return f"{settings.decoding.processes} processes start"


_CHECKS: dict[str, Callable[[Settings], Awaitable[str]]] = {
    "policy": _policy,
    "provenance": _provenance,
    "database": _database,
    "kafka": _kafka,
    "media store": _media_store,
    "scoring": _scoring,
    "shadow": _shadow,
    "decoding": _decoding,
}

_AWAY = {
    "database": "start PostgreSQL (a SQLite file needs its folder only), or set "
    "VERISCOPE_DATABASE__… to where and how it listens; then `veriscope db upgrade`",
    "kafka": "start Kafka, or set VERISCOPE_KAFKA__… to where and how it listens; "
    "then `veriscope topics create`",
    "scoring": "start Triton, or set VERISCOPE_SCORING__TRITON to where it listens, "
    "or VERISCOPE_SCORING__BACKEND=in_process",
    "shadow": "start its Triton, or set VERISCOPE_SHADOW__TRITON to where it listens; see "
    "docs/shadow.md. What serves goes on meanwhile",
}

_REMEDIES = {
    "policy": "mend the file that VERISCOPE_POLICY names",
    "provenance": "mend the files that VERISCOPE_PROVENANCE__… names",
    "database": "see that VERISCOPE_DATABASE__URL is the right one, then `veriscope db upgrade`",
    "kafka": "`veriscope topics create`",
    "media store": "set VERISCOPE_MEDIA__STORE, and see that it may be written",
    "scoring": "Triton must serve the bundle that is chosen; `veriscope models list` tells which "
    "there are",
    "shadow": "see docs/shadow.md; `veriscope models shadow-files` writes what Triton needs, and "
    "what serves goes on meanwhile",
    "decoding": "look at the limits of VERISCOPE_DECODING__…, and at memory",
}
