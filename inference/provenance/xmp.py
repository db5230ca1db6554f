"""Reads an XMP packet (ISO 16684-1) without ever expanding an entity (expat)."""

from __future__ import annotations

from typing import NoReturn
from xml.parsers import expat

from inference.provenance.blocks import LARGEST_BLOCK, LONGEST_VALUE, Unread

_DEEPEST = 64
_MOST_ELEMENTS = 20_000

_XMP = "http://ns.adobe.com/xap/1.0/"
_EVENT = "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
_TIFF = "http://ns.adobe.com/tiff/1.0/"
_EXIF = "http://ns.adobe.com/exif/1.0/"
_EXIF_EX = "http://cipa.jp/exif/1.0/"
_AUX = "http://ns.adobe.com/exif/1.0/aux/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_AIGC = "http://www.tc260.org.cn/ns/AIGC/1.0/"

# By namespace and name, as expat joins them.
_WANTED = {
    f"{_XMP} CreatorTool": "CreatorTool",
    f"{_XMP} CreateDate": "CreateDate",
    f"{_XMP} ModifyDate": "ModifyDate",
    f"{_EVENT} softwareAgent": "softwareAgent",
    f"{_TIFF} Make": "Make",
    f"{_TIFF} Model": "Model",
    f"{_TIFF} Software": "Software",
    f"{_EXIF} UserComment": "UserComment",
    f"{_EXIF} DateTimeOriginal": "DateTimeOriginal",
    f"{_EXIF_EX} BodySerialNumber": "BodySerialNumber",
    f"{_AUX} SerialNumber": "SerialNumber",
    f"{_PHOTOSHOP} Credit": "Credit",
    f"{_IPTC} DigitalSourceType": "DigitalSourceType",
    f"{_IPTC} DigitalSourcefileType": "DigitalSourceType",  # its name until 2010
    f"{_IPTC} AISystemUsed": "AISystemUsed",
    f"{_IPTC} AIPromptInformation": "AIPromptInformation",
    f"{_AIGC} AIGC": "AIGC",
    "http://purl.org/dc/elements/1.1/ description": "description",
}


class _Packet:
    """The handlers of one reading. The first value of a property stays."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._depth = 0
        self._elements = 0
        self._property_depth = 0  # of the property whose text is being read, 0: none
        self._text = ""

    def starts(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > _DEEPEST or self._elements > _MOST_ELEMENTS:
            raise Unread("too_deep")
        for attribute, value in attributes.items():
            self._keep(attribute, value)
        if name in _WANTED and not self._property_depth:
            self._property_depth, self._text = self._depth, ""

    def says(self, text: str) -> None:
        if self._property_depth and len(self._text) < LONGEST_VALUE:
            self._text += text[:LONGEST_VALUE]

    def ends(self, name: str) -> None:
        if self._depth == self._property_depth:
            self._property_depth = 0
            self._keep(name, self._text)
        self._depth -= 1

    def _keep(self, name: str, value: str) -> None:
        if name in _WANTED and value.strip():
            self.found.setdefault(f"xmp:{_WANTED[name]}", value.strip()[:LONGEST_VALUE])


def read_xmp(packet: bytes) -> dict[str, str]:
    """Read the properties that say where a media comes from.

    A document type is refused before anything of it is read: XMP has none, and entities
    are declared there.

    Raises:
        Unread: too large or deep, with a document type, or no XML.
    """
    if len(packet) > LARGEST_BLOCK:
        raise Unread("too_large")
    reading = _Packet()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = reading.starts
    parser.EndElementHandler = reading.ends
    parser.CharacterDataHandler = reading.says
    try:
        parser.Parse(packet.rstrip(b"\0 \r\n\t"), True)
    except (expat.ExpatError, ValueError) as error:
        raise Unread("damaged") from error
    return reading.found


def _refuse(*_: object) -> NoReturn:
    raise Unread("forbidden_markup")
