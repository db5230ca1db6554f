"""The console: who may come in, by which means, and its pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from fastapi import APIRouter

from console.areas import Area
from console.identity.claims import GroupMeaning
from console.identity.door import Door
from console.identity.gate import Gate
from console.identity.own_pages import own_pages
from console.identity.pages import sign_in_pages
from console.identity.passwords import Passwords
from console.identity.provider import Client, Provider
from console.identity.provider_pages import Reading, provider_pages
from console.identity.registry import Lifetimes, Registry
from console.identity.site import Site, is_loopback
from console.people.pages import people_area
from console.people.sessions import sessions_area
from console.people.tokens import tokens_area
from moderation.errors import InvalidConfiguration
from moderation.people import Tenants
from runtime.settings import Console, Settings
from storage.accounts.ports import Accounts
from storage.database import now_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Wired:
    """What the HTTP application is made of."""

    gate: Gate
    areas: tuple[Area, ...]


@asynccontextmanager
async def open_console(
    settings: Settings, accounts: Accounts, uploads: APIRouter, more: Sequence[Area] = ()
) -> AsyncIterator[Wired]:
    """Wire the console and the API; `more` are the areas of those who use it.

    Raises:
        InvalidConfiguration: its address or the provider is wrong.
    """
    site, lives = _site(settings), lifetimes(settings)
    door = Door(accounts, passwords=Passwords(), now=now_utc, lifetimes=lives)
    gate = Gate(
        site=site,
        sessions=accounts.sessions,
        tokens=accounts.tokens,
        now=now_utc,
        idle=lives.idle,
        machine_uploads=settings.console.uploads_without_token,
    )
    async with httpx.AsyncClient() as http:
        pages = [
            own_pages(accounts, door, now=now_utc),
            sign_in_pages(
                door,
                provider=settings.console.provider if settings.console.provider_issuer else None,
                local=settings.console.passwords,
            ),
            *_provider_pages(settings.console, site, door, http),
        ]
        yield Wired(
            gate=gate,
            areas=(
                Area(routes=uploads),
                *more,
                *(Area(routes=routes) for routes in pages),
                people_area(accounts, Registry(accounts, now=now_utc, lifetimes=lives)),
                tokens_area(accounts, now=now_utc),
                sessions_area(accounts, now=now_utc),
            ),
        )


def lifetimes(settings: Settings) -> Lifetimes:
    console = settings.console
    return Lifetimes(
        idle=console.session_idle, session=console.session, invitation=console.invitation
    )


def _site(settings: Settings) -> Site:
    try:
        return Site(origin=settings.console.url, loopback=is_loopback(settings.http.host))
    except ValueError as error:
        raise InvalidConfiguration(f"VERISCOPE_CONSOLE__URL: {error}") from error


def _provider_pages(
    console: Console, site: Site, door: Door, http: httpx.AsyncClient
) -> list[APIRouter]:
    if console.provider_issuer is None:
        return []
    if site.origin is None and not site.loopback:
        raise InvalidConfiguration("VERISCOPE_CONSOLE__URL is needed to sign in at a provider")
    host = httpx.URL(console.provider_issuer).host
    if not console.provider_issuer.startswith("https://") and not is_loopback(host):
        raise InvalidConfiguration("VERISCOPE_CONSOLE__PROVIDER_ISSUER: it must be https")
    client = Client(
        issuer=console.provider_issuer, client_id=console.provider_client, secret=_secret(console)
    )
    reading = Reading(
        name_claim=console.provider_name_claim,
        groups_claim=console.provider_groups_claim,
        groups={
            group: GroupMeaning(role=place.role, tenants=Tenants(place.tenants))
            for group, place in console.provider_groups.items()
        },
    )
    return [provider_pages(Provider(client, http), door, reading)]


def _secret(console: Console) -> str | None:
    if console.provider_secret_file is None:
        return console.provider_secret.get_secret_value() if console.provider_secret else None
    try:
        return console.provider_secret_file.read_text().strip()
    except OSError as error:
        raise InvalidConfiguration(
            f"VERISCOPE_CONSOLE__PROVIDER_SECRET_FILE: {error.strerror}"
        ) from error
