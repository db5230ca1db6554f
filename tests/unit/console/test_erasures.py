"""Erasures in the console and in the API: who may ask, for what, and how it is confirmed."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from console.erasure.pages import erasure_area
from console.erasure.routes import erasure_routes
from moderation.erasure import ErasureReason, ErasureScope
from moderation.people import ALL_TENANTS, Permission, Role, Tenants
from storage.erasure.in_memory import InMemoryErasures
from tests.contracts.words import NOON, an_upload
from tests.unit.console.house import House
from tests.unit.console.review import ReviewHouse

ASKED = {
    "tenant": "acme",
    "scope": "upload",
    "target": "u1",
    "reason": "subject_request",
    "reference": "case-7",
}


class Rooms(House):
    """The console with its pages of erasures, and three uploads."""

    def __init__(self) -> None:
        self.erasures: InMemoryErasures

        def areas(house: House):
            self.erasures = InMemoryErasures(house.memory)
            return [erasure_area(self.erasures), erasure_routes(self.erasures)]

        super().__init__(areas=areas)

    async def fill(self) -> None:
        for upload in (
            an_upload("u1", uploader_id="ann-x"),
            an_upload("u2", uploader_id="ann-x"),
            an_upload("o1", tenant="other", uploader_id="ann-x"),
        ):
            await self.ledger.announce(upload, deadline_at=NOON)

    async def asked(self):
        return await self.erasures.erasures(ALL_TENANTS, limit=10)


@pytest.fixture
async def house() -> Rooms:
    rooms = Rooms()
    await rooms.fill()
    return rooms


async def admin(house: Rooms) -> httpx.AsyncClient:
    return await house.browser_of(await house.person(Role.ADMIN, "root"))


async def platform(house: Rooms, *scopes: Permission) -> httpx.AsyncClient:
    person = await house.person(Role.ADMIN, "platform", Tenants.named("acme"))
    return await house.program_of(person, *(scopes or (Permission.ERASURE,)))


async def test_an_admin_sees_what_would_go_and_confirms_by_typing_it_again(house: Rooms) -> None:
    browser = await admin(house)

    shown = await browser.post("/erasures/preview", data=ASKED)
    assert "1 uploads" in shown.text
    assert 'value="u1"' in shown.text
    assert await house.asked() == []

    answer = await browser.post("/erasures", data=ASKED | {"confirmed": "u1"})
    assert answer.headers["location"] == "/erasures"
    (one,) = await house.asked()
    assert (one.target, one.reason, one.reference) == (
        "u1",
        ErasureReason.SUBJECT_REQUEST,
        "case-7",
    )
    assert one.asked_by
    listed = await browser.get("/erasures")
    assert one.erasure_id in listed.text
    assert "case-7" in (await browser.get("/erasures", params={"of": "u1"})).text


async def test_the_form_is_filled_in_for_who_comes_from_an_upload(house: Rooms) -> None:
    person = await house.person(Role.ADMIN, "all", ALL_TENANTS)
    root = await house.browser_of(person)

    shown = (await root.get("/erasures", params={"of": "o1", "tenant": "other"})).text
    own = (await (await admin(house)).get("/erasures")).text

    assert 'name="tenant" required value="other"' in shown
    assert 'name="target" required maxlength="128" autocomplete="off" value="o1"' in shown
    assert 'name="tenant" required value="acme"' in own


@pytest.mark.parametrize("confirmed", [{}, {"confirmed": ""}, {"confirmed": "u2"}])
async def test_without_the_name_typed_again_nothing_is_erased(
    house: Rooms, confirmed: dict[str, str]
) -> None:
    answer = await (await admin(house)).post("/erasures", data=ASKED | confirmed)

    assert answer.status_code == 422
    assert await house.asked() == []


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"tenant": "other", "target": "o1"}, 403),
        ({"target": "o1"}, 404),
        ({"target": "never"}, 404),
        ({"reason": "because"}, 422),
        ({"scope": "everything"}, 422),
        ({"reference": "he asked me to"}, 422),
        ({"target": ""}, 422),
    ],
)
async def test_what_is_not_theirs_or_makes_no_sense_is_refused(
    house: Rooms, changed: dict[str, str], status: int
) -> None:
    browser = await admin(house)
    form = ASKED | changed | {"confirmed": changed.get("target", "u1")}

    for path in ("/erasures/preview", "/erasures"):
        assert (await browser.post(path, data=form)).status_code == status
    assert await house.asked() == []


async def test_erasures_of_other_tenants_are_not_seen(house: Rooms) -> None:
    root = await house.browser_of(await house.person(Role.ADMIN, "all", ALL_TENANTS))
    other = ASKED | {"tenant": "other", "target": "o1", "confirmed": "o1"}
    await root.post("/erasures", data=other)
    (one,) = await house.asked()

    assert one.erasure_id in (await root.get("/erasures")).text
    browser, program = await admin(house), await platform(house)
    assert one.erasure_id not in (await browser.get("/erasures")).text
    assert (await program.get("/v1/erasures", params={"of": "o1"})).json() == []


async def test_a_program_erases_an_upload_and_asks_how_it_stands(house: Rooms) -> None:
    program = await platform(house)
    about = {"tenant": "acme", "reason": "legal_order", "reference": "court-3"}

    answer = await program.request("DELETE", "/v1/uploads/u1", params=about)

    assert answer.status_code == 202
    told = answer.json()
    assert (told["state"], told["scope"], told["reason"]) == ("pending", "upload", "legal_order")
    again = await program.request("DELETE", "/v1/uploads/u1", params=about)
    assert again.json()["erasure_id"] == told["erasure_id"]
    (found,) = (await program.get("/v1/erasures", params={"of": "u1"})).json()
    assert found == told


async def test_a_program_erases_all_that_somebody_sent(house: Rooms) -> None:
    program = await platform(house)

    answer = await program.request(
        "DELETE", "/v1/uploaders", params={"tenant": "acme", "uploader_id": "ann-x"}
    )

    assert answer.status_code == 202
    (one,) = await house.asked()
    assert (one.scope, one.target, one.tenant) == (ErasureScope.UPLOADER, "ann-x", "acme")


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/v1/uploads/o1", {"tenant": "other"}),
        ("/v1/uploads/o1", {"tenant": "acme"}),
        ("/v1/uploads/o1", {}),
        ("/v1/uploads/never", {"tenant": "acme"}),
    ],
)
async def test_another_tenants_upload_is_as_one_that_is_not_there(
    house: Rooms, path: str, params: dict[str, str]
) -> None:
    answer = await (await platform(house)).request("DELETE", path, params=params)

    assert (answer.status_code, answer.json()["reason"]) == (404, "unknown_upload")
    assert await house.asked() == []


TARGETS = [("/v1/uploads/u1", {}), ("/v1/uploaders", {"uploader_id": "ann-x"})]


@pytest.mark.parametrize(("path", "params"), TARGETS)
async def test_who_is_of_one_tenant_need_not_name_it(
    house: Rooms, path: str, params: dict[str, str]
) -> None:
    answer = await (await platform(house)).request("DELETE", path, params=params)

    assert answer.status_code == 202
    (one,) = await house.asked()
    assert one.tenant == "acme"


@pytest.mark.parametrize("tenants", [ALL_TENANTS, Tenants.named("acme", "default")])
@pytest.mark.parametrize(("path", "params"), TARGETS)
async def test_who_is_of_several_tenants_is_asked_for_the_one_that_is_meant(
    house: Rooms, tenants: Tenants, path: str, params: dict[str, str]
) -> None:
    person = await house.person(Role.ADMIN, "all", tenants)
    program = await house.program_of(person, Permission.ERASURE)

    refused = await program.request("DELETE", path, params=params)

    assert (refused.status_code, refused.json()["reason"]) == (422, "bad_request")
    assert "tenant" in refused.json()["detail"]
    assert await house.asked() == []
    named = await program.request("DELETE", path, params=params | {"tenant": "acme"})
    assert named.status_code == 202


async def test_a_token_without_the_scope_erases_nothing(house: Rooms) -> None:
    program = await platform(house, Permission.UPLOADS_SUBMIT, Permission.UPLOADS_READ)

    answer = await program.request("DELETE", "/v1/uploads/u1", params={"tenant": "acme"})

    assert answer.status_code == 403
    assert await house.asked() == []


async def test_what_was_erased_is_gone_for_who_asks_and_is_not_taken_again(house: Rooms) -> None:
    program = await platform(
        house, Permission.ERASURE, Permission.UPLOADS_READ, Permission.UPLOADS_SUBMIT
    )
    await program.request("DELETE", "/v1/uploads/u1", params={"tenant": "acme"})

    gone, never = [await program.get(f"/v1/uploads/{name}") for name in ("u1", "u7")]
    assert (gone.status_code, gone.text.replace("u1", "u7")) == (404, never.text)
    again = await program.post(
        "/v1/uploads",
        params={"upload_id": "u1", "tenant": "acme"},
        json={"uri": "https://example.org/a.jpg"},
    )

    assert (again.status_code, again.json()["reason"]) == (410, "erased")


async def test_an_upload_says_whose_it_is_where_the_platform_tells(house: Rooms) -> None:
    program = await platform(house, Permission.UPLOADS_SUBMIT)
    about = {"upload_id": "u9", "tenant": "acme", "uploader_id": "k/3f=="}
    body = {"uri": "https://example.org/a.jpg"}

    assert (await program.post("/v1/uploads", params=about, json=body)).status_code == 202
    assert house.memory.uploads["u9"].upload.uploader_id == "k/3f=="
    refused = await program.post(
        "/v1/uploads", params=about | {"uploader_id": "two words"}, json=body
    )
    assert refused.status_code == 422


@pytest.mark.parametrize(
    ("of", "code"), [("", 200), (" u1 ", 200), ("u1\0", 422), ("two words", 422), ("x" * 129, 422)]
)
async def test_erasures_of_what_can_be_an_id_are_looked_for(
    house: Rooms, of: str, code: int
) -> None:
    browser = await admin(house)

    assert (await browser.get("/erasures", params={"of": of})).status_code == code


def test_a_request_is_about_somebody_or_something() -> None:
    with pytest.raises(ValueError, match="uploader_id"):
        replace(an_upload(), uploader_id="")


@pytest.mark.parametrize(("role", "offered"), [(Role.LEAD, False), (Role.ADMIN, True)])
async def test_the_page_of_an_upload_leads_admins_to_erasing_it(role: Role, offered: bool) -> None:
    house = ReviewHouse()
    await house.review.flag()
    browser = await house.browser_of(await house.person(role, "ann"))

    shown = (await browser.get("/uploads/u1")).text

    assert ('href="/erasures?of=u1&amp;tenant=acme#erase"' in shown) is offered
