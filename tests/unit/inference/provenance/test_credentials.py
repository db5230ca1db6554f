"""Content credentials in every state, signed in the test under authorities of its own."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from datetime import timedelta

import pytest

from inference.provenance.blocks import Unread
from inference.provenance.credentials import FoundCredentials, read_credentials
from inference.provenance.search import ProvenanceSearch
from moderation.media import Container
from moderation.provenance import ManifestPlace, ProvenanceState
from tests.clips import clip
from tests.origins import picture, trust_list
from tests.signing import (
    CLAIM_SIGNING,
    SOURCE_TYPES,
    Identity,
    an_action,
    an_identity,
    signed,
    the_identity,
)
from tests.time_stamps import TIME_STAMPING, stamping

URL = "https://credentials.example/manifest.c2pa"


def read(
    media: bytes, *trusted: Identity, container: Container = Container.JPEG
) -> FoundCredentials:
    signers = trust_list(*trusted) if trusted else None
    return read_credentials(io.BytesIO(media), container, ProvenanceSearch(signers=signers))


def tampered(media: bytes) -> bytes:
    """One bit of the pixels is another."""
    at = len(media) - 100
    return media[:at] + bytes([media[at] ^ 1]) + media[at + 1 :]


def test_a_media_without_credentials_is_unknown() -> None:
    assert read(picture()) == FoundCredentials()


def test_credentials_of_an_authority_on_the_list_are_trusted() -> None:
    found = read(signed(picture()), the_identity())
    assert found.state is ProvenanceState.TRUSTED
    assert found.credentials is not None
    assert found.credentials.trust_list is not None
    assert found.credentials.trust_list.name == "cameras.pem"


def test_without_a_trust_list_credentials_are_valid_and_never_trusted() -> None:
    found = read(signed(picture()))
    assert found.state is ProvenanceState.VALID
    assert found.credentials is not None
    assert found.credentials.status_codes[0] == "signingCredential.untrusted"
    assert found.credentials.trust_list is None


def test_a_signer_of_another_authority_is_not_trusted() -> None:
    media = signed(picture(), by=an_identity("Stranger"))
    assert read(media, the_identity()).state is ProvenanceState.VALID


@pytest.mark.parametrize("trusts", [False, True])
def test_credentials_of_other_pixels_are_invalid(trusts: bool) -> None:
    found = read(tampered(signed(picture())), *([the_identity()] if trusts else []))
    assert found.state is ProvenanceState.INVALID
    assert found.credentials is not None
    assert "assertion.dataHash.mismatch" in found.credentials.status_codes


def test_credentials_that_were_stripped_leave_nothing() -> None:
    media = signed(picture())
    length = int.from_bytes(media[4:6], "big")
    assert media[2:4] == b"\xff\xe0"  # JFIF first, then the credentials in APP11
    rest = media[4 + length :]
    while rest[:2] == b"\xff\xeb":
        rest = rest[2 + int.from_bytes(rest[2:4], "big") :]
    assert read(media[: 4 + length] + rest) == FoundCredentials()


@pytest.fixture(scope="module")
def clock() -> Identity:
    return an_identity("Clock", organisation="Clocks", purpose=TIME_STAMPING)


@dataclass(frozen=True)
class Outlived:
    """Media that were signed while their signer's certificate lasted, with a stamp and without."""

    signer: Identity
    stamped: bytes
    plain: bytes


@pytest.fixture(scope="module")
def outlived(clock: Identity) -> Outlived:
    lasts = timedelta(seconds=8)  # to sign within on a busy machine
    brief = an_identity("Brief", lasts=lasts)
    with stamping(clock) as address:
        stamped = signed(picture(), by=brief, stamped_by=address)
    plain = signed(picture(), by=brief)
    time.sleep(lasts.total_seconds() + 1)
    return Outlived(signer=brief, stamped=stamped, plain=plain)


def test_a_certificate_that_ran_out_without_a_time_stamp_is_invalid(outlived: Outlived) -> None:
    found = read(outlived.plain, outlived.signer)
    assert found.state is ProvenanceState.INVALID
    assert found.credentials is not None
    assert "signingCredential.expired" in found.credentials.status_codes


@pytest.mark.parametrize(
    ("knows_signer", "stamps", "state"),
    [
        (False, "none", ProvenanceState.VALID),
        (False, "the clock", ProvenanceState.VALID),
        (False, "another", ProvenanceState.INVALID),
        (True, "the clock", ProvenanceState.TRUSTED),
        (True, "another", ProvenanceState.INVALID),
        # who has an old key can set a clock back
        (True, "none", ProvenanceState.VALID),
    ],
)
def test_a_certificate_that_ran_out_is_as_good_as_its_time_stamp(
    clock: Identity,
    outlived: Outlived,
    knows_signer: bool,
    stamps: str,
    state: ProvenanceState,
) -> None:
    lists = {"the clock": trust_list(clock), "another": trust_list(the_identity())}
    search = ProvenanceSearch(
        signers=trust_list(outlived.signer) if knows_signer else None,
        time_stamps=lists.get(stamps),
    )
    found = read_credentials(io.BytesIO(outlived.stamped), Container.JPEG, search)
    assert found.state is state
    assert found.credentials is not None
    assert found.credentials.signed_at is not None


def test_a_time_stamp_of_nobody_known_does_not_make_a_lasting_certificate_worse(
    clock: Identity,
) -> None:
    with stamping(clock) as address:
        media = signed(picture(), stamped_by=address)
    assert read(media, the_identity()).state is ProvenanceState.TRUSTED


def test_remote_credentials_are_named_and_remain_unknown() -> None:
    found = read(signed(picture(), remote_url=URL, is_embedded=False))
    assert found.state is ProvenanceState.UNKNOWN
    assert found.credentials is not None
    assert found.credentials.place is ManifestPlace.REMOTE
    assert found.credentials.remote_url == URL


def test_embedded_credentials_come_before_remote_ones() -> None:
    found = read(signed(picture(), remote_url=URL))
    assert found.state is ProvenanceState.VALID
    assert found.credentials is not None
    assert found.credentials.place is ManifestPlace.EMBEDDED


def test_a_certificate_for_signing_claims_alone_is_known() -> None:
    """C2PA's own purpose, which its library does not know unless it is told."""
    camera = an_identity("Conforming", purpose=CLAIM_SIGNING)
    media = signed(picture(), by=camera)
    assert read(media).state is ProvenanceState.VALID
    assert read(media, camera).state is ProvenanceState.TRUSTED


def test_an_authority_for_time_stamps_makes_no_signer_trusted() -> None:
    """c2pa-python 0.38.1 says it does."""
    search = ProvenanceSearch(
        signers=trust_list(an_identity("Another")), time_stamps=trust_list(the_identity())
    )
    found = read_credentials(io.BytesIO(signed(picture())), Container.JPEG, search)
    assert found.state is ProvenanceState.VALID


def test_an_authority_on_both_lists_makes_its_signers_trusted() -> None:
    both = trust_list(the_identity())
    search = ProvenanceSearch(signers=both, time_stamps=both)
    found = read_credentials(io.BytesIO(signed(picture())), Container.JPEG, search)
    assert found.state is ProvenanceState.TRUSTED


def test_signer_generator_and_actions_are_told() -> None:
    found = read(
        signed(
            picture(),
            actions=(
                an_action(
                    "trainedAlgorithmicMedia",
                    softwareAgent={"name": "GPT-4o"},
                    when="2026-01-01T00:00:00Z",
                ),
                an_action(None, "c2pa.resized"),
            ),
            generator="ChatGPT",
        )
    )
    assert found.credentials is not None
    assert found.credentials.signer is not None
    assert found.credentials.signer.issuer == "Test Cameras"
    assert found.credentials.signer.common_name == "Camera 1"
    assert found.credentials.claim_generator == "ChatGPT 1.0"
    made, resized = found.credentials.actions
    assert made.digital_source_type == SOURCE_TYPES + "trainedAlgorithmicMedia"
    assert (made.software, made.at) == ("GPT-4o", "2026-01-01T00:00:00Z")
    assert resized.action == "c2pa.resized"
    assert found.fields["c2pa:claim_generator"] == "ChatGPT 1.0"


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (signed(picture()), ProvenanceState.VALID),
        (tampered(signed(picture())), ProvenanceState.INVALID),
        (picture(), ProvenanceState.UNKNOWN),
    ],
)
def test_an_ingredient_has_a_state_of_its_own(content: bytes, state: ProvenanceState) -> None:
    described = {"title": "part.jpg", "relationship": "componentOf"}
    media = signed(
        picture(),
        actions=(an_action("composite"),),
        ingredients=((described, "image/jpeg", content),),
    )
    found = read(media)
    assert found.credentials is not None
    (ingredient,) = found.credentials.ingredients
    assert (ingredient.title, ingredient.relationship) == ("part.jpg", "componentOf")
    assert ingredient.state is state


@pytest.mark.parametrize(
    ("container", "mime_type"),
    [
        (Container.PNG, "image/png"),
        (Container.WEBP, "image/webp"),
        (Container.GIF, "image/gif"),
        (Container.AVIF, "image/avif"),
    ],
)
def test_pictures_of_every_kind_carry_credentials(container: Container, mime_type: str) -> None:
    media = signed(picture(container.value.upper()), mime_type)
    assert read(media, the_identity(), container=container).state is ProvenanceState.TRUSTED


@pytest.mark.parametrize(
    ("container", "mime_type"),
    [
        (Container.MP4, "video/mp4"),
        (Container.MOV, "video/quicktime"),
        (Container.AVI, "video/x-msvideo"),
    ],
)
def test_videos_of_every_kind_carry_credentials(container: Container, mime_type: str) -> None:
    codec = "mjpeg" if container is Container.AVI else "libx264"
    pixels = "yuvj420p" if container is Container.AVI else "yuv420p"
    made = clip(container=container.value, codec=codec, frames=2, pixel_format=pixels)
    media = signed(made, mime_type)
    assert read(media, the_identity(), container=container).state is ProvenanceState.TRUSTED


def test_a_container_that_has_no_place_for_credentials_is_unknown() -> None:
    made = clip(container="webm", codec="libvpx", frames=2)
    assert read(made, container=Container.WEBM) == FoundCredentials()


def test_credentials_that_are_no_credentials_are_said_to_be_damaged() -> None:
    media = signed(picture())
    at = media.index(b"jumb") + 27  # into the description of what lies in there
    with pytest.raises(Unread, match="damaged"):
        read(media[:at] + bytes(30) + media[at + 30 :])
