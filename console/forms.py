"""What a page's form sends, bounded: fields and bytes."""

from __future__ import annotations

from typing import cast
from urllib.parse import parse_qsl

from fastapi import Request

from console.bounds import limited_to
from console.faults import Refused
from moderation.errors import MediaTooLarge

_KIND = "application/x-www-form-urlencoded"
_MOST_BYTES = 64 * 1024
_MOST_FIELDS = 500


class Form:
    """The fields of a form, in their order; a name may stand several times."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._fields = fields

    def one(self, name: str) -> str:
        """The first field of that name, without blanks around it; empty when there is none."""
        return next((value.strip() for each, value in self._fields if each == name), "")

    def as_typed(self, name: str) -> str:
        """As `one`, with blanks: for passwords."""
        return next((value for each, value in self._fields if each == name), "")

    def every(self, name: str) -> list[str]:
        return [value.strip() for each, value in self._fields if each == name]

    def words(self, name: str) -> frozenset[str]:
        """The words of the first field of that name, with blanks or commas between them."""
        return frozenset(self.one(name).replace(",", " ").split())


def is_form(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == _KIND


async def read_form(request: Request) -> Form:
    """Read the request's form, once: the guard, and then the route, are given the same.

    Raises:
        Refused: it is no form, too large, or has too many fields.
    """
    kept = getattr(request.state, "form", None)
    if kept is not None:
        return cast(Form, kept)
    if not is_form(request):
        raise Refused(415, "no_form", f"send {_KIND}")
    body = bytearray()
    try:
        async for chunk in limited_to(_MOST_BYTES, request.stream()):
            body += chunk
    except MediaTooLarge as error:
        raise Refused(413, "too_large", "the form is too large") from error
    try:
        text = body.decode("utf-8")
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise Refused(400, "bad_form", "the form is damaged") from error
    form = request.state.form = Form(fields)
    return form
