"""Media in buckets that the operator names: s3://BUCKET/KEY, gs://BUCKET/KEY, az://CONTAINER/KEY."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from pathlib import Path

from obstore import exceptions
from obstore.store import ObjectStore

from moderation.errors import (
    EmptyMedia,
    ForbiddenSource,
    InvalidConfiguration,
    MissingMedia,
    SourceUnavailable,
)
from storage.media import download_object, open_bucket
from storage.translation import ErrorTable

# Denied is this object: an uploader named it. Unauthenticated is us: our credentials are wrong.
BUCKET_ERRORS: ErrorTable = (
    (exceptions.NotFoundError, MissingMedia),
    (FileNotFoundError, MissingMedia),
    (exceptions.PermissionDeniedError, ForbiddenSource),
    (exceptions.InvalidPathError, ForbiddenSource),
    (exceptions.BaseError, SourceUnavailable),
    (ValueError, ForbiddenSource),  # obstore's word for a key with .. or control characters
    (NotImplementedError, SourceUnavailable),
    (OSError, SourceUnavailable),
)


class BucketSource:
    """Implements `storage.ports.Source` over buckets by their addresses, such as s3://uploads."""

    def __init__(self, buckets: Mapping[str, ObjectStore], *, limit_bytes: int) -> None:
        self._buckets = dict(buckets)
        self._limit_bytes = limit_bytes

    async def fetch(self, uri: str, to: Path) -> None:
        scheme, _, rest = uri.partition("://")
        bucket, _, key = rest.partition("/")
        store = self._buckets.get(f"{scheme.lower()}://{bucket}")
        if store is None:
            raise ForbiddenSource("the bucket is none that may be read")
        if not key:
            raise ForbiddenSource("the address names no object")
        written = await download_object(
            store, key, to, limit_bytes=self._limit_bytes, errors=BUCKET_ERRORS
        )
        if written == 0:
            await asyncio.to_thread(to.unlink)
            raise EmptyMedia


def open_buckets(
    addresses: Collection[str], *, request_seconds: float = 60.0
) -> dict[str, ObjectStore]:
    """Open the buckets that may be read; credentials come from the environment.

    Raises:
        InvalidConfiguration: an address is none of a bucket, or names a part of one.
    """
    opened = {}
    for address in addresses:
        scheme, _, bucket = address.rstrip("/").partition("://")
        if scheme not in ("s3", "gs", "az", "abfss") or not bucket or "/" in bucket:
            raise InvalidConfiguration(f"{address} is no bucket: write s3://NAME")
        try:
            opened[f"{scheme}://{bucket}"] = open_bucket(address, request_seconds=request_seconds)
        except (exceptions.BaseError, ValueError) as error:
            raise InvalidConfiguration(f"the bucket {address} cannot be opened") from error
    return opened
