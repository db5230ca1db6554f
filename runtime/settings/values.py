"""The kinds of values that settings have."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, TypeGuard

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

MEBIBYTE = 1024 * 1024


def _plain_seconds(value: object) -> object:
    return timedelta(seconds=float(value)) if _is_number(value) else value


def _is_number(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value.replace(".", "", 1).isdigit()


Tenant = Annotated[str, Field(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9._-]{0,127})$")]
Duration = Annotated[timedelta, BeforeValidator(_plain_seconds), Field(gt=timedelta(0))]


def _kept(value: object) -> object:
    return None if value == "keep" else value


# None is written `keep`.
Time = Annotated[timedelta | None, BeforeValidator(_plain_seconds), BeforeValidator(_kept)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
