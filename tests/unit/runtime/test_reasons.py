from __future__ import annotations

import pytest

from moderation.errors import InvalidConfiguration
from runtime.reasons import load_reasons

BOTH = """
- {key: forged, words: it is forged, category: STATEMENT_CATEGORY_OTHER_VIOLATION_TC,
   reference: Terms, explanation: It is}
- {key: genuine, words: it is not}
"""


def test_reasons_are_read_in_their_order_with_what_they_mean(tmp_path):
    file = tmp_path / "reasons.yaml"
    file.write_text(BOTH)
    assert [(one.key, one.restricts) for one in load_reasons(file).values()] == [
        ("forged", True),
        ("genuine", False),
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- {key: genuine, words: it is not}", "are needed"),
        (BOTH + "- {key: genuine, words: neither is this}", "one key"),
        (BOTH + "- {key: other, words: x, colour: red}", "2.colour"),
        (BOTH + "- {key: other}", "2.words"),
        (BOTH + "- {key: other, words: x, category: none}", "category"),
        ("key: [", "reasons.yaml"),
        ("", "reasons.yaml"),
    ],
)
def test_a_file_that_is_wrong_refuses_to_start_and_says_where(tmp_path, text, fault):
    file = tmp_path / "reasons.yaml"
    file.write_text(text)
    with pytest.raises(InvalidConfiguration, match=fault):
        load_reasons(file)


def test_a_file_that_is_not_there_refuses_to_start(tmp_path):
    with pytest.raises(InvalidConfiguration, match=r"none\.yaml"):
        load_reasons(tmp_path / "none.yaml")
