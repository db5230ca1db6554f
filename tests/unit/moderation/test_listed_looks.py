"""Lists of looks are read and written as CSV and as ThreatExchange has them."""

from __future__ import annotations

import json

import pytest

from moderation.listed_looks import (
    LONGEST_ENTRY,
    ListChanges,
    ListedLook,
    check_list_name,
    from_csv,
    from_threat_updates,
    to_csv,
    to_threat_updates,
)

ONE, TWO = "0f" * 32, "a5" * 32


def listed(*pdqs: str) -> tuple[ListedLook, ...]:
    return tuple(ListedLook(pdq=pdq) for pdq in pdqs)


@pytest.mark.parametrize(
    "text",
    [
        f"pdq\n{ONE}\n{TWO}\n",
        f"{ONE}\n\n{TWO}\n",
        f"PDQ , other\r\n{ONE.upper()},x\r\n{TWO},y\r\n",
        f"signal_type,signal_str\npdq,{ONE}\npdq,{TWO}\n",
        f"hash,quality\n{ONE},100\n{TWO},50\n",
    ],
)
def test_hashes_are_read_whatever_tool_wrote_them(text: str) -> None:
    assert from_csv(text) == ListChanges(listed=listed(ONE, TWO))


def test_what_is_no_pdq_or_shows_too_little_is_left_out_and_counted() -> None:
    text = f"signal_type,signal_str,quality\nmd5,abc,\npdq,{ONE},49\npdq,{TWO},50\n"
    assert from_csv(text) == ListChanges(listed=listed(TWO), left_out=2)


def test_an_empty_file_is_an_empty_list() -> None:
    assert from_csv("") == ListChanges(listed=())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name\nx\n", "first line"),
        (f"pdq\n{ONE}\nabc\n", "hash 2"),
        (f"pdq,quality\n{ONE},good\n", "hash 1"),
        (f"pdq,entry\n{ONE},{'e' * (LONGEST_ENTRY + 1)}\n", "hash 1"),
    ],
)
def test_a_line_that_is_none_is_told_with_its_number(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        from_csv(text)


def test_what_was_written_as_csv_is_read_again() -> None:
    kept = (ListedLook(pdq=ONE, entry='a, "b"'), ListedLook(pdq=TWO))
    assert from_csv("".join(to_csv(kept))).listed == kept


def test_no_entry_is_written_as_a_formula() -> None:
    assert "'=1+1" in "".join(to_csv([ListedLook(pdq=ONE, entry="=1+1")]))


def update(pdq: str, **changes: object) -> dict[str, object]:
    return {"id": "7", "indicator": pdq, "type": "HASH_PDQ", "should_delete": False, **changes}


def said(*statuses: str) -> dict[str, object]:
    return {"descriptors": {"data": [{"status": status} for status in statuses]}}


def test_updates_list_and_withdraw() -> None:
    page = [
        update(ONE, **said("MALICIOUS", "NON_MALICIOUS")),
        update(TWO, should_delete=True),
        update("c3" * 32, **said("NON_MALICIOUS")),
        update("x", type="HASH_MD5"),
    ]
    assert from_threat_updates(json.dumps({"data": page})) == ListChanges(
        listed=(ListedLook(pdq=ONE, entry="7"),), withdrawn=(TWO, "c3" * 32), left_out=1
    )


def test_pages_may_come_one_a_line() -> None:
    text = "\n".join(json.dumps({"data": [update(pdq)]}) for pdq in (ONE, TWO))
    assert len(from_threat_updates(text).listed) == 2


@pytest.mark.parametrize(
    "text", ["{", "3", '{"data": 3}', '{"data": [3]}', '[{"type": "HASH_PDQ"}]']
)
def test_what_is_no_page_of_updates_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_threat_updates(text)


def test_what_was_written_as_updates_is_read_again() -> None:
    kept = (ListedLook(pdq=ONE, entry="7"), ListedLook(pdq=TWO))
    assert from_threat_updates(to_threat_updates(kept, tag="forged", at=1)).listed == kept


def test_a_list_has_a_name_that_a_policy_can_hold() -> None:
    assert check_list_name("partners-2026") == "partners-2026"
    for name in ("", "a b", "x" * 65, "=x"):
        with pytest.raises(ValueError, match="name"):
            check_list_name(name)
