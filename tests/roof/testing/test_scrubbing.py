"""What becomes of the texts, numbers and bodies of a real answer."""

from __future__ import annotations

import json
import re
import types
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffers import Response
from coffers.plugin import parse_json
from coffers.testing.known import is_code, known_of
from coffers.testing.scrubbing import Disguise
from coffers.testing.vectors import Case

SOURCE = '''
"""A docstring names Grace Hopper; its words are not known."""
import attrs
@attrs.frozen
class Answer:
    purse_name: str = attrs.field(alias="purseName")
CODES = {4004003: "access denied", 7: "LOCKED"}
PHRASE = f"the key {CODES} is unknown"
ODD, NUMBER = "balance 31.17 and 42", "Number"
NAMESPACE = "{http://toy.example/ns}"
'''


@pytest.fixture
def module(tmp_path: Path) -> types.ModuleType:
    file = tmp_path / "scrubbed_toy.py"
    file.write_text(SOURCE)
    module = types.ModuleType("scrubbed_toy")
    module.__file__ = str(file)
    return module


@pytest.fixture
def disguise(module: types.ModuleType) -> Disguise:
    return Disguise(known_of([module], [], codes=["USDT", "TRC20", "grace"], code="5001123", private=["LOCKED"]))


PLAIN = Disguise(known_of([], []))


def scrubbed(disguise: Disguise, value: Any) -> Any:
    return json.loads(disguise.body(json.dumps(value).encode()))


def test_what_is_known_stays_and_nothing_else(disguise: Disguise) -> None:
    kept = {"purse_name": "access denied", "purseName": None, "code": 4004003, "status": 200, "ok": True}
    assert scrubbed(disguise, kept) == kept
    kept = {"code": "5001123", "usdt": "USDT", "currency": "usdt"}
    assert scrubbed(disguise, kept) == kept
    gone = scrubbed(disguise, {"code": 4004999, "name": "grace", "state": "LOCKED", "id": 4004003, "Grace": "Hopper"})
    assert gone["code"] != 4004999
    assert gone["name"] != "grace"
    assert gone["state"] != "LOCKED"
    assert gone["id"] != 4004003
    assert "Grace" not in gone
    assert "Hopper" not in gone.values()


def test_a_code_called_number_stays_where_the_plugin_knows_it(disguise: Disguise) -> None:
    markup = '<Error Number="{}">x</Error>'
    assert disguise.body(markup.format(4004003).encode()).decode().startswith('<Error Number="4004003">')
    for number in (4004999, 123):  # a short one is as likely that of a house
        assert f'"{number}"' not in disguise.body(markup.format(number).encode()).decode()


def test_an_address_stays_where_the_plugin_knows_it(disguise: Disguise) -> None:
    assert disguise.text("http://toy.example/ns") == "http://toy.example/ns"
    assert disguise.text("http://toy.example/ns/ada") != "http://toy.example/ns/ada"


def test_a_known_phrase_stays_within_a_text_and_a_number_in_one_does_not(disguise: Disguise) -> None:
    said = "Sorry Ada: ACCESS Denied (balance 31.17 and 42)"
    made = disguise.text(said)
    assert re.fullmatch(r"[A-Z][a-z]{4} [A-Z][a-z]{2}: ACCESS Denied \([a-z]{7} \d\d\.\d\d [a-z]{3} \d\d\)", made)
    for old, new in zip(said.split("ACCESS Denied"), made.split("ACCESS Denied"), strict=True):
        assert all(was != now for was, now in zip(old, new, strict=True) if was.isalnum())


def test_codes_stay_as_words_of_their_own(disguise: Disguise) -> None:
    assert disguise.text("usdt-TRC20") == "usdt-TRC20"
    assert "USDT" not in disguise.text("USDTX Usdt")
    assert not is_code("grace")
    assert [code for code in ("CARD4111", "AB1234", "1234AB", "A") if is_code(code)] == []
    assert [code for code in ("USD", "1INCH", "1000SATS", "ERC20", "BEP2") if not is_code(code)] == []


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("ada@lovelace.org", r"user\d*@example\.com"),
        ("8c2e2f63-5b52-4c08-9c1b-6f2b0a6e8d11", r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
        ("DEADBEEFDEADBEEF", r"[0-9A-F]{16}"),
        ("https://pay.acme.example:8443/u/ada?t=9", r"https://example\.com/[a-z]/[a-z]{3}\?[a-z]=[0-8]"),
        ("http://acme.example", r"http://example\.com"),
        ("10.20.30.40", r"192\.0\.2\.1"),
        ("2024-05-06T07:08:09.123456Z", r"2022-01-13T12:10:07\.000000Z"),
        ("2024-05-06 07:08:09+02:00", r"2022-01-13 12:10:07\+02:00"),
        ("2024/05/06", "2022/01/13"),
        ("06.05.2024 07:08", r"01\.01\.2022 12:10"),
        ("20240506T070809Z", "20220113T121007Z"),
        ("07:08:09", "12:10:07"),
        ("Mon, 06 May 2024 07:08:09 GMT", "Thu, 13 Jan 2022 12:10:07 GMT"),
        ("1714980000", "1642075807"),
        ("1714980000123", "1642075807000"),
        ("1714980000123456", "1642075807000000"),
        ("1714980000.25", r"1642075807\.\d[1-9]"),
        ("4111 1111 1111 1111", r"\d{4} \d{4} \d{4} \d{4}"),
        ("1,234.50", r"\d,\d{3}\.\d0"),
        ("Ада SS 日本", r"[А-Я][а-я]{2} [A-Z]{2} .."),
        ("{\"ada\": 5}", r'\{"[a-z]{3}": [1-9]\}'),
        ("[not json", r"\[[a-z]{3} [a-z]{4}"),
        ("", ""),
        ("😀!", ".!"),
    ],
)  # fmt: skip
def test_shapes_of_texts_stay(text: str, form: str) -> None:
    made = PLAIN.text(text)
    assert re.fullmatch(form, made), made
    assert not text or made != text


def test_the_same_text_gets_the_same_replacement_in_any_case() -> None:
    disguise = Disguise(known_of([], []))
    made = scrubbed(disguise, {"id": "Lovelace", "user": "lovelace", "lovelace": "LOVELACE ß ŉ"})
    assert made["id"].lower() == made["user"]
    assert made[made["user"]].split()[0].lower() == made["user"]
    assert disguise.text("ada@a.org") != disguise.text("bob@a.org")
    assert disguise.text("ada@a.org") == disguise.text("ADA@a.org")


def test_a_text_written_letter_by_letter_becomes_no_cipher() -> None:
    """Its letters would be told from how often each comes."""
    disguise = Disguise(known_of([], []))
    assert len(set(scrubbed(disguise, list("e" * 100)))) > 1
    assert len(set(disguise.body("e".encode("utf-16-le") * 100).decode().replace("\0", ""))) > 1
    short = disguise.setting("/ab/secretword").split("/")[1]
    assert disguise.text("ab") == short != "ab"


numbers = (
    st.decimals(allow_nan=False, allow_infinity=False, places=None)
    .map(str)
    .filter(lambda text: re.fullmatch(r"-?\d{1,20}(\.\d{1,20})?(E[+-]\d{1,2})?", text))
)


@given(numbers)
def test_every_digits_shape_is_kept_and_every_digit_that_counts_goes(text: str) -> None:
    made = PLAIN.number(text)
    old, new = Decimal(text), Decimal(made)
    assert len(made) == len(text)
    assert old.as_tuple().exponent == new.as_tuple().exponent
    assert len(old.as_tuple().digits) == len(new.as_tuple().digits)
    assert (old.is_signed(), not old) == (new.is_signed(), not new)
    if old and not made.lstrip("-").startswith("1642075807"):
        mantissas = zip(text.partition("E")[0], made.partition("E")[0], strict=True)
        assert all(was != now for was, now in mantissas if was in "123456789")


def test_digits_in_json_are_replaced_in_place() -> None:
    made = PLAIN.body(b'{ "total" : -12.500,\n"id":0.00, "a":[1e5, true, null], "amount":"1E-8"}')
    assert re.fullmatch(
        rb'\{ "total" : -\d\d\.[1-9]00,\n"id":0\.00, "a":\[[2-9]e5, true, null\], "amount":"[2-9]E-8"\}', made
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)


def shape(value: Any) -> Any:
    if isinstance(value, list):
        return [shape(item) for item in value]
    if isinstance(value, tuple):  # a member of an object
        return ("member", shape(value[1]))
    return value if value is None or isinstance(value, bool) else type(value)


@given(json_values)
def test_structure_and_types_stay(value: Any) -> None:
    made = Disguise(known_of([], [])).body(json.dumps(value).encode())
    pairs = json.loads(made, object_pairs_hook=list)  # two names may have become one; whoever parses it will say so
    assert shape(pairs) == shape(json.loads(json.dumps(value), object_pairs_hook=list))


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b"balance:31.17\n", rb"balance:\d\d\.\d\d\n"),
        (b"status=success&name=ada&code=200", rb"status=success&name=[a-z]{3}&code=200"),
        (
            b'<?xml version="1.0" encoding="UTF-8"?>\n<balance id="77"><name>Ada</name></balance>',
            rb'<\?xml version="1\.0" encoding="UTF-8"\?>\n<balance id="\d\d"><name>[A-Z][a-z]{2}</name></balance>',
        ),
        (b"<!DOCTYPE html><html><p>Dr Ada</p></html>", rb"<!DOCTYPE html><html><p>[A-Z][a-z] [A-Z][a-z]{2}</p></html>"),
        (b'{"name": "Ada", broken', rb'\{"name": "[A-Z][a-z]{2}", [a-z]{6}'),
        (b"\xef\xbb\xbf{}", b"\xef\xbb\xbf\\{\\}"),
        (b"", b""),
    ],
)
def test_bodies_of_other_kinds_keep_their_names(body: bytes, form: bytes) -> None:
    made = PLAIN.body(body)
    assert re.fullmatch(form, made), made
    assert b"Ada" not in made
    assert b"ada" not in made


@given(st.binary(min_size=1, max_size=60))
def test_of_bytes_that_are_no_text_none_beyond_ascii_stays(body: bytes) -> None:
    made = PLAIN.body(b"\xff" + body)
    if b"@" not in body:  # an e-mail's address has no length of its own
        assert all(new != old for old, new in zip(b"\xff" + body, made, strict=True) if old >= 128)


def test_of_headers_only_the_few_that_matter_stay(module: types.ModuleType) -> None:
    module.__file__ = None  # no source was shipped
    response = Response(
        429,
        (
            ("content-type", "application/json; charset=utf-8; profile=ada"),
            ("Content-Type", "image/ada"),
            ("Retry-After", "30"),
            ("retry-after", "86400"),
            ("Date", "Mon, 06 May 2024 07:08:09 GMT"),
            ("Set-Cookie", "ada=1"),
            ("X-Customer", "Ada"),
            ("Name", "Ada"),
        ),
        b"{}",
    )
    made = Disguise(known_of([module], [])).response(response)
    assert made.status == 429
    assert made.headers[:3] == (
        ("content-type", "application/json; charset=utf-8"),
        ("Content-Type", "application/octet-stream"),
        ("Retry-After", "30"),
    )
    assert dict(made.headers)["Date"] == "Thu, 13 Jan 2022 12:10:07 GMT"
    assert {name for name, _ in made.headers} == {
        "content-type",
        "Content-Type",
        "Retry-After",
        "retry-after",
        "Date",
        "Name",
    }
    assert "Ada" not in dict(made.headers)["Name"]


def test_earlier_vectors_make_their_words_known(tmp_path: Path) -> None:
    answer = b'HTTP/1.1 200 OK\n\n{"purse": [{"kind": "gold coin"}], "n": 5, "no": "A1"}'
    cases = [
        Case(tmp_path, {"response.http": answer}),
        Case(tmp_path, {"response.http": b"nothing"}),
        Case(tmp_path, {"response.http": b"HTTP/1.1 200 OK\n\n<p>"}),
        Case(tmp_path, {}),
    ]
    disguise = Disguise(known_of([], cases))
    assert scrubbed(disguise, {"purse": "gold coin", "kind": "a gold coin"})["purse"] == "gold coin"
    assert scrubbed(disguise, {"no": "A1"})["no"] != "A1"


def test_numbers_that_say_how_it_went_go_where_they_may_be_amounts() -> None:
    strict = Disguise(known_of([], []), verdicts=False)
    assert scrubbed(strict, {"result": 250})["result"] != 250
    assert parse_json(PLAIN.body(b'{"result": 250}')) == {"result": 250}


def test_a_setting_may_name_fields(disguise: Disguise) -> None:
    made = disguise.setting("/data/0/purse_name/secretword")
    assert made.startswith("/data/0/purse_name/")
    assert not made.endswith("secretword")
    assert disguise.text("/data/0") != "/data/0"
