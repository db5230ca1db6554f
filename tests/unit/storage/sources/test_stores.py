"""Media in our own store and in the operator's buckets, and which source an address goes to."""

from __future__ import annotations

import inspect
from pathlib import Path

import obstore
import pytest
from obstore import exceptions
from obstore.store import MemoryStore

from moderation.errors import (
    EmptyMedia,
    ForbiddenSource,
    InvalidConfiguration,
    MediaTooLarge,
    MissingMedia,
    ModerationError,
    SourceUnavailable,
)
from storage.in_memory import InMemoryMediaStore, InMemorySource
from storage.sources.buckets import BUCKET_ERRORS, BucketSource, open_buckets
from storage.sources.dispatch import SourceByScheme
from storage.sources.stored import StoredSource
from storage.translation import translation

OBSTORE_ERRORS = [kind for _, kind in inspect.getmembers(exceptions, inspect.isclass)]


@pytest.fixture
def stored() -> StoredSource:
    objects = {"uploads/u1": b"media", "uploads/empty": b""}
    return StoredSource(InMemoryMediaStore(objects), limit_bytes=5)


@pytest.fixture
async def bucket() -> BucketSource:
    store = MemoryStore()
    await obstore.put_async(store, "2026/my clip", b"media")
    await obstore.put_async(store, "empty", b"")
    await obstore.put_async(store, "large", b"123456")
    return BucketSource({"s3://uploads": store}, limit_bytes=5)


async def test_an_object_of_our_own_store_is_read_by_its_key(
    stored: StoredSource, tmp_path: Path
) -> None:
    await stored.fetch("store:///uploads/u1", tmp_path / "to")

    assert (tmp_path / "to").read_bytes() == b"media"


@pytest.mark.parametrize(
    ("uri", "raised"),
    [
        ("store://uploads/u1", ForbiddenSource),
        ("store:uploads/u1", ForbiddenSource),
        ("store:////uploads/u1", ForbiddenSource),
        ("store:///uploads/../u1", ForbiddenSource),
        ("store:///uploads/u1?x", ForbiddenSource),
        ("store:///", ForbiddenSource),
        ("store:///uploads/u2", MissingMedia),
        ("store:///uploads/empty", EmptyMedia),
    ],
)
async def test_what_our_own_store_does_not_hold(
    stored: StoredSource, tmp_path: Path, uri: str, raised: type[ModerationError]
) -> None:
    with pytest.raises(raised):
        await stored.fetch(uri, tmp_path / "to")


async def test_an_object_of_an_allowed_bucket_is_read_by_its_key(
    bucket: BucketSource, tmp_path: Path
) -> None:
    await bucket.fetch("S3://uploads/2026/my clip", tmp_path / "to")

    assert (tmp_path / "to").read_bytes() == b"media"


@pytest.mark.parametrize(
    ("uri", "raised"),
    [
        ("s3://others/2026/my clip", ForbiddenSource),
        ("gs://uploads/2026/my clip", ForbiddenSource),
        ("s3://uploads@others/x", ForbiddenSource),
        ("s3://uploads", ForbiddenSource),
        ("s3://uploads/", ForbiddenSource),
        ("s3://uploads/../others/x", ForbiddenSource),
        ("s3://uploads/a\0b", ForbiddenSource),
        ("s3://uploads/nothing", MissingMedia),
        ("s3://uploads/empty", EmptyMedia),
        ("s3://uploads/large", MediaTooLarge),
    ],
)
async def test_what_is_not_to_be_had_from_a_bucket(
    bucket: BucketSource, tmp_path: Path, uri: str, raised: type[ModerationError]
) -> None:
    with pytest.raises(raised):
        await bucket.fetch(uri, tmp_path / "to")

    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("foreign", [*OBSTORE_ERRORS, FileNotFoundError, OSError, ValueError])
def test_no_error_of_a_bucket_is_unmapped(foreign: type[Exception]) -> None:
    assert translation(foreign("x"), BUCKET_ERRORS) in (
        ForbiddenSource,
        MissingMedia,
        SourceUnavailable,
    )


def test_denied_is_the_objects_fault_and_wrong_credentials_are_ours() -> None:
    denied, unknown = exceptions.PermissionDeniedError("x"), exceptions.UnauthenticatedError("x")

    assert translation(denied, BUCKET_ERRORS) is ForbiddenSource
    assert translation(unknown, BUCKET_ERRORS) is SourceUnavailable


def test_buckets_are_named_by_their_addresses() -> None:
    assert set(open_buckets(["s3://uploads", "gs://clips/"])) == {"s3://uploads", "gs://clips"}


@pytest.mark.parametrize("address", ["", "uploads", "s3://", "s3://a/b", "http://a", "file:///a"])
def test_what_is_no_bucket_is_not_opened(address: str) -> None:
    with pytest.raises(InvalidConfiguration):
        open_buckets([address])


@pytest.mark.parametrize("uri", ["store:///k", "STORE:///k"])
async def test_an_address_goes_to_the_source_of_its_scheme(tmp_path: Path, uri: str) -> None:
    chosen = InMemorySource({uri: b"media"})
    others = InMemorySource({})

    await SourceByScheme({"http": others, "store": chosen}).fetch(uri, tmp_path / "to")

    assert (tmp_path / "to").read_bytes() == b"media"


@pytest.mark.parametrize("uri", ["ftp://host/x", "store", "", " store:///k", "data:,x", "/etc/x"])
async def test_a_scheme_without_a_source_is_forbidden(tmp_path: Path, uri: str) -> None:
    with pytest.raises(ForbiddenSource, match="other than http, store"):
        await SourceByScheme({"http": InMemorySource({}), "store": InMemorySource({})}).fetch(
            uri, tmp_path / "to"
        )
