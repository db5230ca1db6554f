"""Who asks: a person in a browser, a program with a token, or this machine's own user."""

from __future__ import annotations

from dataclasses import dataclass

from moderation.errors import UnknownUpload
from moderation.people import ALL_TENANTS, Permission, Person, Tenants, permissions
from storage.accounts.records import ApiToken, Presented, SignedIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What a request may do. `tenants` is handed to storage with every read and write.

    `person` is None only for who sits at this machine, where that is allowed; `secret` is the
    cookie's, for the token of forms.
    """

    tenants: Tenants
    permissions: frozenset[Permission]
    person: Person | None = None
    token: ApiToken | None = None
    secret: str | None = None

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    @property
    def tenant_names(self) -> frozenset[str] | None:
        """As `storage.reviews.ports` has them: None for every tenant."""
        return None if self.tenants.every else self.tenants.names

    @property
    def only_tenant(self) -> str | None:
        """The tenant of who sees one only; None for who sees several."""
        names = list(self.tenants)
        return None if self.tenants.every or len(names) > 1 else names[0]

    @property
    def somebody(self) -> Person:
        """The person; there is one behind every guard that lets nobody in without a name."""
        if self.person is None:
            raise RuntimeError("this route is open to callers without a name")
        return self.person

    @property
    def key(self) -> str:
        """What the caller's requests are counted under."""
        if self.token is not None:
            return f"token:{self.token.token_id}"
        return f"person:{self.person.person_id}" if self.person else "machine"

    def check_sees(self, tenant: str, what: str) -> None:
        """Refuse another tenant's upload in the words for one that does not exist.

        Raises:
            UnknownUpload: the caller does not see this tenant.
        """
        if tenant not in self.tenants:
            raise UnknownUpload(f"no upload {what} is in the ledger")


# What may be done without a name from the machine itself, where settings leave that open.
THIS_MACHINE = Caller(
    tenants=ALL_TENANTS,
    permissions=frozenset({Permission.UPLOADS_SUBMIT, Permission.UPLOADS_READ}),
)


def in_browser(signed_in: SignedIn, secret: str) -> Caller:
    person = signed_in.person
    return Caller(
        person=person, tenants=person.tenants, permissions=permissions(person.role), secret=secret
    )


def with_token(presented: Presented) -> Caller | None:
    """A token may what its scopes say and its person still may; None where that is nothing."""
    token, person = presented.token, presented.person
    tenants = token.tenants.shared_with(person.tenants)
    if tenants is None:
        return None
    allowed = token.scopes & permissions(person.role)
    return Caller(person=person, token=token, tenants=tenants, permissions=allowed)
