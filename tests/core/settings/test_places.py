"""Where keys stand in a TOML text."""

from __future__ import annotations

import tomllib

import pytest

from coffers.settings.places import key_lines, line_of

TEXT = '''# [not.a.table]
top = 1

[accounts."a.b"]   # a note
key = "x # y"
 'odd key' = """
[accounts.fake]
key = 2
"""
after.inner = 3
[accounts]
short = { key = 1 }
[[many]]
lit = \'\'\'
x = 1\'\'\'
last = 2
[many.inner]
a = 1
[[many]]
lit = 3
[[many.inner.deep]]
b = 1
[many.inner.deep.er]
c = 1
'''


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n")], ids=["lf", "crlf"])
def test_every_table_and_key_has_its_line(text: str) -> None:
    tomllib.loads(text)
    assert key_lines(text) == {
        ("top",): 2,
        ("accounts", "a.b"): 4,
        ("accounts", "a.b", "key"): 5,
        ("accounts", "a.b", "odd key"): 6,
        ("accounts", "a.b", "after", "inner"): 10,
        ("accounts",): 11,
        ("accounts", "short"): 12,
        ("many",): 13,
        ("many", 0): 13,
        ("many", 0, "lit"): 14,
        ("many", 0, "last"): 16,
        ("many", 0, "inner"): 17,
        ("many", 0, "inner", "a"): 18,
        ("many", 1): 19,
        ("many", 1, "lit"): 20,
        ("many", 1, "inner", "deep"): 21,
        ("many", 1, "inner", "deep", 0): 21,
        ("many", 1, "inner", "deep", 0, "b"): 22,
        ("many", 1, "inner", "deep", 0, "er"): 23,
        ("many", 1, "inner", "deep", 0, "er", "c"): 24,
    }


def test_an_unknown_key_stands_where_its_table_does() -> None:
    lines = key_lines(TEXT)
    assert line_of(("accounts", "short", "key"), lines) == 12
    assert line_of(("elsewhere", "key"), lines) is None
