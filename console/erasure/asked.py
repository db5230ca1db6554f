"""What somebody asks to be erased, as a form or an address says it, within their tenants."""

from __future__ import annotations

from console.faults import Refused
from console.identity.callers import Caller
from moderation.erasure import ErasureReason, ErasureRequest, ErasureScope


def asked(
    caller: Caller, *, tenant: str, scope: str, target: str, reason: str, reference: str
) -> ErasureRequest:
    """The request that a caller makes.

    Raises:
        Refused: a word is none that is known (422), or the tenant is none of theirs (403).
    """
    try:
        request = ErasureRequest(
            tenant=tenant,
            scope=ErasureScope(scope),
            target=target,
            reason=ErasureReason(reason),
            asked_by=caller.somebody.person_id,
            reference=reference,
        )
    except ValueError as error:
        raise Refused(422, "bad_request", str(error)) from error
    if tenant not in caller.tenants:
        raise Refused(403, "other_tenant", "you do not see this tenant's uploads")
    return request
