"""Media that say something of their origin, made for tests."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Mapping

import pillow_heif
from PIL import Image

from inference.provenance.search import TrustList
from tests.signing import Identity

pillow_heif.register_heif_opener()

PNG = b"\x89PNG\r\n\x1a\n"
_NAMESPACES = {
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "TC260": "http://www.tc260.org.cn/ns/AIGC/1.0/",
}


def picture(plugin: str = "JPEG", side: int = 64, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((side, side), 40).convert("RGB").save(buffer, plugin, **options)
    return buffer.getvalue()


def exif(main: Mapping[int, object] = {}, details: Mapping[int, object] = {}) -> Image.Exif:
    made = Image.Exif()
    made.update(main)
    made.get_ifd(0x8769).update(details)
    return made


def packet(**properties: str) -> bytes:
    """An XMP packet; `xmp_CreatorTool` is `xmp:CreatorTool`."""
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _NAMESPACES.items())
    inside = "".join(
        f"<{name.replace('_', ':', 1)}>{value}</{name.replace('_', ':', 1)}>"
        for name, value in properties.items()
    )
    return rdf(f'<rdf:Description rdf:about="" {declared}>{inside}</rdf:Description>')


def rdf(inside: str) -> bytes:
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{inside}</rdf:RDF>'
        '</x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def with_chunks(chunks: Iterable[bytes], *, behind: bool = False) -> bytes:
    """A PNG with further chunks, before its pixels or behind them."""
    png = picture("PNG")
    at = png.index(b"IEND") - 4 if behind else len(PNG) + 25
    return png[:at] + b"".join(chunks) + png[at:]


def text(name: str, value: str) -> bytes:
    return chunk(b"tEXt", name.encode("latin-1") + b"\0" + value.encode("latin-1"))


def compressed(name: str, value: bytes) -> bytes:
    return chunk(b"zTXt", name.encode("latin-1") + b"\0\0" + zlib.compress(value, 9))


def international(name: str, value: bytes, *, is_compressed: bool = False) -> bytes:
    value = zlib.compress(value, 9) if is_compressed else value
    flags = b"\1\0" if is_compressed else b"\0\0"
    return chunk(b"iTXt", name.encode("latin-1") + b"\0" + flags + b"en\0\0" + value)


def iim(*data_sets: tuple[int, bytes]) -> bytes:
    """Data sets of IPTC's application record."""
    return b"".join(
        bytes([0x1C, 2, number]) + struct.pack(">H", len(value)) + value
        for number, value in data_sets
    )


def with_iim(jpeg: bytes, records: bytes) -> bytes:
    """A JPEG with Photoshop's resource of IPTC records."""
    resource = b"8BIM" + struct.pack(">H", 0x0404) + b"\0\0" + struct.pack(">I", len(records))
    content = b"Photoshop 3.0\0" + resource + records + b"\0" * (len(records) % 2)
    return jpeg[:2] + b"\xff\xed" + struct.pack(">H", len(content) + 2) + content + jpeg[2:]


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def trust_list(*identities: Identity) -> TrustList:
    certificates = tuple(identity.authority for identity in identities)
    return TrustList(name="cameras.pem", sha256="ab" * 32, certificates=certificates)
