"""Places of texts: found in the bytes, replaced without touching anything else."""

from __future__ import annotations

import json

import pytest

from coffers.testing.texts import places_of, with_texts

JSON = '{"a": [1.50, "x\\"\\u00e9", null, -0], "b/c" : {"d": true, "": "z"}, "e": ["y"]}'


def test_the_places_of_json() -> None:
    found = [(place.kind, place.text, place.name) for place in places_of(JSON)]
    assert found == [
        ("name", "a", ""),
        ("literal", "1.50", "a"),
        ("text", 'x"é', "a"),
        ("literal", "null", "a"),
        ("literal", "-0", "a"),
        ("name", "b/c", ""),
        ("name", "d", ""),
        ("literal", "true", "d"),
        ("name", "", ""),
        ("text", "z", ""),
        ("name", "e", ""),
        ("text", "y", "e"),
    ]


def test_the_places_of_other_texts() -> None:
    assert [place.text for place in places_of("balance:31.17\ncurrency:UAH <b>ok</b>")] == [
        *("balance", "31.17", "currency", "UAH", "b", "ok", "/b")
    ]
    assert places_of("") == ()


def test_what_is_not_replaced_stays_as_it_is() -> None:
    places = places_of(JSON)
    assert with_texts(JSON, [], lambda place: "never") == JSON
    assert with_texts(JSON, places[1:2], lambda place: "") == JSON.replace("1.50", '""')
    same = with_texts(JSON, [place for place in places if place.kind in ("name", "text")], lambda place: place.text)
    assert same == JSON


@pytest.mark.parametrize("new", ['"', "\\", "é\n", "\ud800"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_what_is_put_in_is_read_back(new: str, ascii_only: bool) -> None:
    changed = with_texts(JSON, places_of(JSON), lambda place: f"{place.text}{new}", ascii_only=ascii_only)
    read = json.loads(changed)
    assert read[f"a{new}"] == [f"1.50{new}", f'x"é{new}', f"null{new}", f"-0{new}"]
    assert read[f"b/c{new}"] == {f"d{new}": f"true{new}", new: f"z{new}"}


def test_words_are_replaced_as_they_are() -> None:
    text = "balance:31.17\n"
    assert with_texts(text, places_of(text)[1:], lambda place: 'a "b"') == 'balance:a "b"\n'
