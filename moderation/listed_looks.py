"""Lists of looks that somebody knows: as CSV, and as ThreatExchange's API tells of them.

The JSON is that of `threat_updates`, as the package `threatexchange` reads it
(`FBThreatExchangeIndicatorRecord`), and indicators of other types are left out:
<https://developers.facebook.com/docs/threat-exchange/reference/apis/threat-updates/>.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moderation.looks import LEAST_QUALITY
from moderation.spreadsheets import as_text

_PDQ = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LONGEST_ENTRY = 128

# What a column may be called: here, by ThreatExchange's command line, and by PDQ's own tools.
_HASH_COLUMNS = ("pdq", "signal_str", "hash", "indicator")
_ENTRY_COLUMNS = ("entry", "id", "label", "filename")
_THREAT_TYPE = "HASH_PDQ"
_GENUINE = "NON_MALICIOUS"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedLook:
    """A hash of a list; `entry` is what the list calls it, or empty.

    Raises:
        ValueError: the hash is none, or the entry is too long or not printable.
    """

    pdq: str
    entry: str = ""

    def __post_init__(self) -> None:
        if not _PDQ.fullmatch(self.pdq):
            raise ValueError("a PDQ hash has 64 hexadecimal digits")
        if len(self.entry) > LONGEST_ENTRY or not self.entry.isprintable():
            raise ValueError(f"an entry's name has at most {LONGEST_ENTRY} printable characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChanges:
    """What a file says of a list. `left_out` counts what is of another kind, or not to be used."""

    listed: tuple[ListedLook, ...]
    withdrawn: tuple[str, ...] = ()
    left_out: int = 0


def check_list_name(name: str) -> str:
    """Raises: ValueError."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"a list's name must match {_NAME.pattern}")
    return name


def from_csv(text: str) -> ListChanges:
    """Read a header that names the hash `pdq`, or a file of nothing but hashes.

    Beside it `entry` and `quality` are read; hashes of low quality are left out.

    Raises:
        ValueError: a line is none, told with its number.
    """
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    if not rows:
        return ListChanges(listed=())
    header = [name.strip().lower() for name in rows[0]]
    if _PDQ.fullmatch(header[0]):
        header = ["pdq"]
    else:
        rows = rows[1:]
    if not any(name in header for name in _HASH_COLUMNS):
        raise ValueError(f"the first line must name a column {' or '.join(_HASH_COLUMNS)}")
    found = [
        _from_row(dict(zip(header, row, strict=False)), number)
        for number, row in enumerate(rows, start=1)
    ]
    listed = tuple(one for one in found if one is not None)
    return ListChanges(listed=listed, left_out=len(found) - len(listed))


def to_csv(listed: Iterable[ListedLook]) -> Iterator[str]:
    """Lines: a header, then hash and entry."""
    yield "pdq,entry\n"
    for one in listed:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow((one.pdq, as_text(one.entry)))
        yield line.getvalue()


def from_threat_updates(text: str) -> ListChanges:
    """Read a page of ThreatExchange's updates, or several of them, one JSON document a line.

    What is to be deleted is withdrawn, and so is what everybody calls harmless.

    Raises:
        ValueError: it is no such page.
    """
    listed, withdrawn, left_out = [], [], 0
    for update in _updates(text):
        if update.get("type") != _THREAT_TYPE:
            left_out += 1
            continue
        pdq = str(update.get("indicator", "")).lower()
        if update.get("should_delete") or _harmless(update):
            withdrawn.append(ListedLook(pdq=pdq).pdq)
            continue
        listed.append(ListedLook(pdq=pdq, entry=str(update.get("id", ""))))
    return ListChanges(listed=tuple(listed), withdrawn=tuple(withdrawn), left_out=left_out)


def to_threat_updates(listed: Iterable[ListedLook], *, tag: str, at: int) -> str:
    """A page of updates; `tag` is on every descriptor, `at` are seconds since 1970."""
    page = [
        {
            "id": one.entry,
            "indicator": one.pdq,
            "type": _THREAT_TYPE,
            "last_updated": at,
            "should_delete": False,
            "descriptors": {
                "data": [{"id": "0", "owner": {"id": "0"}, "status": "MALICIOUS", "tags": [tag]}]
            },
        }
        for one in listed
    ]
    return json.dumps({"data": page}, indent=1)


def _from_row(row: Mapping[str, str], number: int) -> ListedLook | None:
    pdq = next((row[name] for name in _HASH_COLUMNS if name in row), "").strip().lower()
    entry = next((row[name] for name in _ENTRY_COLUMNS if name in row), "").strip()
    try:
        if row.get("signal_type", "pdq") != "pdq":
            return None
        if int(row.get("quality") or 100) < LEAST_QUALITY:
            return None
        return ListedLook(pdq=pdq, entry=entry)
    except ValueError as error:
        raise ValueError(f"hash {number}: {error}") from error


def _updates(text: str) -> Iterator[Mapping[str, Any]]:
    try:
        pages = [json.loads(text)]
    except json.JSONDecodeError:
        pages = [json.loads(line) for line in text.splitlines() if line.strip()]
    for page in pages:
        updates = page.get("data") if isinstance(page, dict) else page
        if not isinstance(updates, list) or not all(isinstance(one, dict) for one in updates):
            raise ValueError('a page of updates has a list of them as "data"')
        yield from updates


def _harmless(update: Mapping[str, Any]) -> bool:
    descriptors = update.get("descriptors")
    said = descriptors.get("data", []) if isinstance(descriptors, dict) else []
    statuses = {one.get("status") for one in said if isinstance(one, dict)}
    return statuses == {_GENUINE}
