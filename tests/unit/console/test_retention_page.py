"""The page that tells how long things are kept: by tenant, and to admins only."""

from __future__ import annotations

from datetime import timedelta

import pytest

from console.erasure.times import retention_area
from moderation.people import ALL_TENANTS, Role
from moderation.retention import Part, Retention, RetentionPlan
from storage.retention.ports import Standing
from tests.unit.console.house import ACME, NOON, House

PLAN = RetentionPlan(tenants={"other": Retention(media=timedelta(days=7), verdicts=None)})


async def found():
    late = Standing(until=NOON, overdue_since=NOON + timedelta(hours=1), held=4)
    fine = Standing(until=None, overdue_since=None, held=0)
    return {
        "other": {part: late for part in Part if part is not Part.VERDICTS},
        "acme": dict.fromkeys(Part, fine),
    }


async def page(tenants) -> str:
    house = House(areas=lambda _house: [retention_area(PLAN, found)])
    browser = await house.browser_of(await house.person(Role.ADMIN, "root", tenants))
    return (await browser.get("/retention")).text


async def test_times_what_is_held_and_what_is_overdue_are_shown() -> None:
    shown = await page(ALL_TENANTS)

    for words in ("7 days", "30 days", "until it is erased", "2026-03-01 13:00", "<td>4</td>"):
        assert words in shown


async def test_other_tenants_are_not_shown() -> None:
    shown = await page(ACME)

    assert "acme" in shown
    assert "other" not in shown.partition("<tbody>")[2].partition("</tbody>")[0]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.LEAD])
async def test_who_is_no_admin_sees_nothing_of_it(role: Role) -> None:
    house = House(areas=lambda _house: [retention_area(PLAN, found)])
    browser = await house.browser_of(await house.person(role))

    assert (await browser.get("/retention")).status_code == 403
