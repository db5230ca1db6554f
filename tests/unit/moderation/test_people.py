from __future__ import annotations

import pytest

from moderation.people import (
    ALL_TENANTS,
    Permission,
    Person,
    Role,
    Tenants,
    permissions,
    spelled,
    strongest,
)

ACME = Tenants.named("acme")


def a_person(role: Role = Role.VIEWER, *, name: str = "ann", disabled: bool = False) -> Person:
    return Person(
        person_id="p1", name=name, role=role, tenants=ACME, pseudonym="m-1", disabled=disabled
    )


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [(Role.VIEWER, Role.MODERATOR), (Role.MODERATOR, Role.LEAD), (Role.LEAD, Role.ADMIN)],
)
def test_each_role_may_all_that_the_one_before_it_may_and_more(
    weaker: Role, stronger: Role
) -> None:
    assert permissions(weaker) < permissions(stronger)


def test_an_admin_may_everything_that_may_be_allowed() -> None:
    assert permissions(Role.ADMIN) == frozenset(Permission)


@pytest.mark.parametrize(
    ("permission", "first"),
    [
        (Permission.UPLOADS_READ, Role.VIEWER),
        (Permission.REVEAL, Role.MODERATOR),
        (Permission.DECIDE, Role.MODERATOR),
        (Permission.UNDO_OTHERS, Role.LEAD),
        (Permission.ERASURE, Role.ADMIN),
        (Permission.ACCOUNTS, Role.ADMIN),
    ],
)
def test_a_permission_begins_with_its_role(permission: Permission, first: Role) -> None:
    allowed = [role for role in Role if permission in permissions(role)]

    assert allowed == list(Role)[list(Role).index(first) :]


@pytest.mark.parametrize(("disabled", "may"), [(False, True), (True, False)])
def test_a_person_who_is_disabled_may_nothing(disabled: bool, may: bool) -> None:
    assert a_person(Role.ADMIN, disabled=disabled).may(Permission.CONSOLE) is may


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        ([], None),
        ([Role.LEAD], Role.LEAD),
        ([Role.VIEWER, Role.ADMIN, Role.MODERATOR], Role.ADMIN),
    ],
)
def test_of_several_roles_the_strongest_counts(roles: list[Role], role: Role | None) -> None:
    assert strongest(roles) == role


def test_another_tenants_uploads_are_not_seen() -> None:
    assert "acme" in ACME
    assert "other" not in ACME
    assert "other" in ALL_TENANTS


@pytest.mark.parametrize(
    ("mine", "theirs", "covered"),
    [
        (ALL_TENANTS, ALL_TENANTS, True),
        (ALL_TENANTS, ACME, True),
        (ACME, ALL_TENANTS, False),
        (ACME, ACME, True),
        (ACME, Tenants.named("acme", "other"), False),
        (Tenants.named("acme", "other"), ACME, True),
    ],
)
def test_nobody_covers_more_than_they_see(mine: Tenants, theirs: Tenants, covered: bool) -> None:
    assert mine.cover(theirs) is covered


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (ALL_TENANTS, ACME, ACME),
        (ACME, ALL_TENANTS, ACME),
        (ACME, Tenants.named("acme", "other"), ACME),
        (ACME, Tenants.named("other"), None),
    ],
)
def test_what_two_see_is_what_both_see(one: Tenants, other: Tenants, both: Tenants | None) -> None:
    assert one.shared_with(other) == both


@pytest.mark.parametrize("names", [[], ["a/b"], [""], ["../up"], ["x" * 129]])
def test_a_tenant_that_no_upload_could_have_is_refused(names: list[str]) -> None:
    with pytest.raises(ValueError, match="tenant"):
        Tenants(frozenset(names))


@pytest.mark.parametrize("name", ["", "  ", "x" * 129, "a\nb", "a\0"])
def test_a_name_that_cannot_be_read_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        spelled(name)


def test_names_that_differ_in_case_or_blanks_are_one() -> None:
    assert spelled(" Ann@Example.ORG ") == "ann@example.org"
    assert spelled("\uff41nn") == "ann"  # full-width
    with pytest.raises(ValueError, match="spelled"):
        a_person(name="Ann")
