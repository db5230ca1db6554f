"""JSON that programs send, read within bounds before any of it is parsed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from console.faults import Refused, unacceptable

M = TypeVar("M", bound=BaseModel)


async def parsed(body: AsyncIterator[bytes], model: type[M], *, longest: int, too_long: str) -> M:
    """Read a body of `longest` bytes at most.

    Raises:
        Refused: it is longer (413, `too_long` says so), or is no such JSON (422).
    """
    whole = bytearray()
    async for chunk in body:
        whole += chunk
        if len(whole) > longest:
            raise Refused(413, "too_large", too_long)
    try:
        return model.model_validate_json(bytes(whole))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise unacceptable(dict(fault)) from error
