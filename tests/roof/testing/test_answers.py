"""Answers taken apart: what is found where, and what is left when something is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from coffers.plugin import Response
from coffers.testing.answers import Answer, Node, path_of, shape_of


def answer(body: bytes) -> Answer:
    return Answer(Response(200, (("A", "b"),), body))


def at(found: Answer, path: str) -> Node:
    [node] = [node for node in found.root if path_of(node) == path]
    return node


BODY = b'\xef\xbb\xbf { "a" : [1, -2.50e3 ,"\\u0041 7,5"], "b":{"c":null} , "d": {} }\n'


def test_every_value_is_found_where_it_stands() -> None:
    found = answer(BODY)
    assert [(path_of(node), node.kind, found.raw(node)) for node in found.root][1:] == [
        ("$.a", "array", '[1, -2.50e3 ,"\\u0041 7,5"]'),
        ("$.a[0]", "number", "1"),
        ("$.a[1]", "number", "-2.50e3"),
        ("$.a[2]", "text", '"\\u0041 7,5"'),
        ("$.b", "object", '{"c":null}'),
        ("$.b.c", "word", "null"),
        ("$.d", "object", "{}"),
    ]


@pytest.mark.parametrize("path", ["$.a", "$.a[0]", "$.a[1]", "$.a[2]", "$.b", "$.b.c", "$.d"])
def test_what_is_left_out_is_gone_and_all_else_stays(path: str) -> None:
    found = answer(BODY)
    node = at(found, path)
    expected: Any = json.loads(BODY)
    inner = expected
    for step in node.path[:-1]:
        inner = inner[step]
    del inner[node.path[-1]]
    assert json.loads(found.edited(found.without(node)).body) == expected


def test_the_root_left_out_leaves_nothing() -> None:
    found = answer(b" [1]\n")
    assert found.edited(found.without(found.root)).body == b" \n"


def test_numbers_are_found_with_and_without_commas() -> None:
    found = answer(BODY)
    node = at(found, "$.a[2]")
    assert [place.text for place in found.numbers(node, wide=True)] == ["0041", "7,5"]
    assert [place.text for place in found.numbers(node, wide=False)] == ["0041", "7", "5"]
    assert list(found.numbers(at(found, "$.b.c"), wide=True)) == []
    assert [str(place) for place in found.numbers(at(found, "$.a[0]"), wide=True)] == ["$.a[0]"]
    assert str(next(found.numbers(node, wide=True))) == "'0041' in $.a[2]"


def test_edits_leave_all_other_bytes_and_facts() -> None:
    found = answer(b"balance:31.17 caf\xe9 1")  # not UTF-8
    first, second = found.numbers(found.root, wide=True)
    edited = found.edited((second.start, second.end, "22"), (first.start, first.end, "7"))
    assert edited == Response(200, (("A", "b"),), b"balance:7 caf\xe9 22")
    assert str(first) == "'31.17' in the text"


def test_of_many_alike_three_are_looked_at() -> None:
    found = answer(json.dumps({"rows": [{"n": number} for number in range(9)]}).encode())
    assert [path_of(node) for node in found.nodes if node.kind == "number"] == [f"$.rows[{n}].n" for n in range(3)]


def test_of_a_map_three_members_are_looked_at() -> None:
    found = answer(json.dumps({f"C{number}": number for number in range(30)}).encode())
    assert [path_of(node) for node in found.nodes] == ["$", "$.C0", "$.C1", "$.C2"]
    assert found.parent(found.root) is None


def test_a_shape_is_what_something_looks_like() -> None:
    one, two, three = (answer(body).root for body in (b'[{"a": 1}]', b'[{"a": 2}, {"a": 3}]', b'[{"a": "2"}]'))
    assert shape_of(one) == shape_of(two) != shape_of(three)


def test_deep_nonsense_is_a_text() -> None:
    assert answer(b"[" * 100_000).root.plain
