"""Texts that would do something if they were taken for markup, and a media's words full of them."""

from __future__ import annotations

from moderation.provenance import (
    Conflict,
    Credentials,
    GeneratorMark,
    GeneratorParameter,
    Ingredient,
    ManifestPlace,
    MediaTags,
    Provenance,
    ProvenanceState,
    Signer,
    SourceAction,
    TrustListUsed,
    UnreadPart,
)

# Ends an attribute, then is an element of its own, in three ways that run something.
MARKUP = "'\"><b class=planted></b><script>planted()</script><img src=/planted onerror=planted()>"
# The same for where blanks are not allowed.
DENSE = "\"><b/class='planted'></b><svg/onload=planted()>"
LINK = "javascript:planted()"

EVERYWHERE = Provenance(
    state=ProvenanceState.INVALID,
    credentials=Credentials(
        place=ManifestPlace.REMOTE,
        status_codes=(MARKUP,),
        signer=Signer(issuer=MARKUP, common_name=MARKUP),
        signed_at=MARKUP,
        claim_generator=MARKUP,
        remote_url=LINK,
        actions=(
            SourceAction(action=MARKUP, digital_source_type=LINK, software=MARKUP, at=MARKUP),
        ),
        ingredients=(
            Ingredient(
                title=MARKUP, format=MARKUP, relationship=MARKUP, digital_source_type=MARKUP
            ),
        ),
        trust_list=TrustListUsed(name=MARKUP, sha256="ab" * 32),
    ),
    tags=MediaTags(
        camera_make=MARKUP,
        camera_model=MARKUP,
        software=MARKUP,
        encoder=MARKUP,
        created_at=MARKUP,
        modified_at=MARKUP,
        digital_source_type=LINK,
        generator_parameters=(GeneratorParameter(field=MARKUP, excerpt=MARKUP),),
        gps=MARKUP,
        serial_numbers=(MARKUP,),
    ),
    generator_marks=(GeneratorMark(generator=MARKUP, field=MARKUP),),
    conflicts=tuple(Conflict),
    unread=(UnreadPart(part=MARKUP, why=MARKUP),),
    reader=MARKUP,
)
