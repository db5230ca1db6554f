"""The one file of a `multipart/form-data` request, as it arrives: never whole in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.message import Message

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header


class BadForm(ValueError):
    """The body is not multipart/form-data with one part named file."""


class FilePart:
    """Reads the part named `file` out of a request's body.

    `name` is the file's name as the client says, once the first bytes were read.
    """

    def __init__(self, content_type: str, body: AsyncIterator[bytes]) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise BadForm("send multipart/form-data with a boundary")
        self.name: str | None = None
        self._body = body
        self._header: list[bytearray] = []
        self._headers = Message()
        self._inside = False
        self._found = False
        self._ready: list[bytes] = []
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._data,
                "on_part_end": self._end,
            },
        )

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the file's bytes.

        Raises:
            BadForm: the body is damaged, or has no part named file.
        """
        async for received in self._body:
            try:
                self._parser.write(received)
            except FormParserError as error:
                raise BadForm(str(error)) from error
            for chunk in self._ready:
                yield chunk
            self._ready.clear()
        if not self._found or self._inside:
            raise BadForm("the body has no whole part named file")

    def _begin(self) -> None:
        self._headers = Message()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        if not self._header:
            self._header = [bytearray(), bytearray()]
        self._header[0] += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end]

    def _header_end(self) -> None:
        # Byte for byte: parse_options_header turns it into the same bytes again.
        name, value = (part.decode("latin-1") for part in self._header)
        self._headers[name] = value.replace("\r", " ").replace("\n", " ")
        self._header = []

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get("Content-Disposition", ""))
        if options.get(b"name") != b"file" or self._found:
            return
        self._inside = self._found = True
        name = options.get(b"filename", b"").decode("utf-8", "replace")
        self.name = "".join(char for char in name if char.isprintable())[-255:] or None

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._inside:
            self._ready.append(data[start:end])

    def _end(self) -> None:
        self._inside = False
