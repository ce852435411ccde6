"""Strict readers: nothing coerced, nothing guessed, nothing quoted."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffers.errors import BadResponseError
from coffers.messages import Response
from coffers.reading import MAX_DEPTH, Amount, parse_json, read_json, structure

MIB = 1 << 20


def _refused(body: bytes) -> str:
    with pytest.raises(BadResponseError) as caught:
        parse_json(body)
    assert caught.value.__context__ is caught.value.__cause__ is None  # it would hold the whole body
    return caught.value.message


# --- bytes to JSON -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b' [1, true, null, "a"]\r\n', [1, True, None, "a"]),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('{"ключ": "значение"}'.encode(), {"ключ": "значение"}),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'"\\\\ud800"', "\\ud800"),
        (b'"a\\u0000b"', "a\0b"),
        (b'[{"a": 1}, {"a": 1}]', [{"a": 1}, {"a": 1}]),
        (b'{"a": {"a": 1}}', {"a": {"a": 1}}),
        (b"-0", 0),
    ],
)
def test_json(body: bytes, value: object) -> None:
    assert parse_json(body) == value


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        *((body, "is empty") for body in (b"", b" \r\n\t", b"\xef\xbb\xbf")),
        *((text.encode(code), "is not UTF-8") for text in ("{}я",) for code in ("utf-16", "cp1251", "utf-32")),
        (b'"\xed\xa0\x80"', "is not UTF-8"),
        (b'"\xff"', "is not UTF-8"),
        ("{}".encode("utf-16-le"), "is not JSON"),
        *((b, "holds NaN or Infinity") for b in (b"NaN", b"[Infinity]", b'{"a": -Infinity}')),
        *(
            (b, "holds an object with a repeated key")
            for b in (b'{"a":1,"a":1}', b'[{"b":{"a":1,"c":2,"a":3}}]', b'{"a":1,"\\u0061":2}')
        ),
        *(
            (b, "holds half of a surrogate pair")
            for b in (b'"\\ud800"', b'{"\\uDFFF": 1}', b'[{"a": ["\\ude00\\ud83d"]}]')
        ),
        *(
            (b, "is not JSON")
            for b in (b"{", b"}", b"nul", b"'a'", b'{"a":1,}', b"[1,]", b"{}x", b"{} {}", b'"a\nb"', b'"\x00"')
        ),
        *(
            (b, "is not JSON")
            for b in (
                b"01",
                b"1.",
                b".5",
                b"+1",
                b"0x1",
                b"1_0",
                b"--1",
                b"{a:1}",
                b"<html>",
                b"\xef\xbb\xbf\xef\xbb\xbf{}",
            )
        ),
        ("１".encode(), "is not JSON"),
    ],
)
def test_what_is_not_strict_json(body: bytes, reason: str) -> None:
    assert _refused(body) == f"the answer {reason}"


@pytest.mark.parametrize(
    "number", ["9" * 50, "-" + "9" * 50, "0." + "9" * 49, "-9." + "9" * 49, "1e60", "1E-60", "1.50", "0.00", "1e060"]
)
def test_numbers_keep_every_digit(number: str) -> None:
    for value in (parse_json(number.encode()), parse_json(f'{{"a": [{number}]}}'.encode())["a"][0]):
        assert value == Decimal(number)
        assert type(value) is (Decimal if set(number) & set(".eE") else int)
        assert str(value) == str(Decimal(number))


def test_minus_zero_keeps_its_digits() -> None:
    assert str(parse_json(b"-0.00")) == "-0.00"
    assert str(parse_json(b"-0")) == "0"


@pytest.mark.parametrize("number", ["9" * 51, "-" + "9" * 51, "0." + "9" * 50, "9" * 5_000, "9" * 1_000_000])
def test_more_than_fifty_digits(number: str) -> None:
    assert _refused(number.encode()) == "the answer holds a number with more than 50 digits"


@pytest.mark.parametrize("number", ["1e61", "1e-61", "0e1000000", "1E+999999999999", "1.5e" + "9" * 10_000])
def test_an_exponent_beyond_sixty(number: str) -> None:
    assert _refused(f"[{number}]".encode()) == "the answer holds a number with an exponent beyond 60"


@pytest.mark.parametrize(("open_", "close"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a]":', b"}]")])
def test_the_depth(open_: bytes, close: bytes) -> None:
    levels = len(close)
    parse_json(open_ * (MAX_DEPTH // levels) + b"1" + close * (MAX_DEPTH // levels))
    deep = MAX_DEPTH // levels + 1
    assert _refused(open_ * deep + b"1" + close * deep) == "the answer is more than 64 levels deep"


@pytest.mark.parametrize("text", ["[" * 1000, '\\"' + "{[" * 1000, "\\\\", "[" * 70 + '\\\\\\"' + "[" * 70, "]" * 100])
def test_brackets_in_strings_are_no_depth(text: str) -> None:
    body = f'["{text}", {{"{text}": "{text}"}}{", []" * 70}]'.encode()
    assert parse_json(body) == json.loads(body)


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            b"[",
            b'{"a":',
            b"1",
            b'"',
            b"\\",
            b'"\\',
            b'\\"',
            b"-",
            b"1e",
            b" ",
            b"]",
            b"[]",
            b"{",
            b'[{"a":',
            b'"[',
            b"\\u",
            b'"\\u0',
        ),
        *(b"\xff", b"\xef\xbb\xbf", b"a", b"\n", b"[1,", b'"",'),
    ],
)
@pytest.mark.parametrize("start", [b"", b'["', b"[", b"[[" * 40, b'{"a":' * 65])
def test_a_mebibyte_of_anything_is_refused_at_once(pattern: bytes, start: bytes) -> None:
    body = start + (pattern * (MIB // len(pattern)))
    started = time.process_time()
    _refused(body)
    assert time.process_time() - started < 2  # about 0.01 s; a regular expression that goes back needs minutes


@given(st.one_of(st.binary(max_size=200), st.text('[]{}",:\\u0d8aeE+-.19 tfn\n', max_size=60).map(str.encode)))
def test_no_bytes_make_it_raise_anything_else(body: bytes) -> None:
    with contextlib.suppress(BadResponseError):
        json.dumps(parse_json(body), ensure_ascii=False, default=str).encode()


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**50) + 1, 10**50 - 1)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(json_values, st.booleans())
def test_what_json_can_say_comes_through(value: Any, ascii_only: bool) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


# --- JSON to attrs classes -----------------------------------------------------------------------------------------


@attrs.frozen
class Row:
    name: str
    amount: Amount


@attrs.frozen
class Node:
    kids: list[Node]
    amount: Amount | None = None


EMPTY: list[Any] = [{}, "", None, [], 0, False]
ODD: list[Any] = [*EMPTY, True, 1, Decimal("1.50"), "CANARY", "1.50", ["CANARY"], {"CANARY": "CANARY"}, 1.5]

#: A field's type, and what of the odd values it takes; everything else must be refused.
TAKES: list[tuple[Any, list[Any]]] = [
    (str, ["", "CANARY", "1.50"]),
    (int, [0, 1]),
    (bool, [False, True]),
    (Amount, [0, 1, Decimal("1.50"), "1.50"]),
    (list[Row], [[]]),
    (list[str], [[], ["CANARY"]]),
    (list[Amount], [[]]),
    (tuple[Row, ...], [[]]),
    (tuple[str, ...], [[], ["CANARY"]]),
    (Sequence[Row], [[]]),
    (dict[str, Row], [{}]),
    (dict[str, str], [{}, {"CANARY": "CANARY"}]),
    (Mapping[str, Row], [{}]),
    (Row, []),
    (str | None, [None, "", "CANARY", "1.50"]),
    (int | None, [None, 0, 1]),
    (bool | None, [None, False, True]),
    (Amount | None, [None, 0, 1, Decimal("1.50"), "1.50"]),
    (list[Row] | None, [None, []]),
    (dict[str, Row] | None, [None, {}]),
    (Row | None, [None]),
    (list[Row | None], [[]]),
    (Literal["CANARY"], ["CANARY"]),
    (Any, ODD),
    (float, []),
    (bytes, []),
    (set[str], []),
    (frozenset[str], []),
    (tuple[str, str], []),
]


def _takes(allowed: list[Any], value: Any) -> bool:
    return any(type(value) is type(good) and value == good for good in allowed)


@pytest.mark.parametrize(("kind", "allowed"), TAKES, ids=lambda part: str(part) if not isinstance(part, list) else "")
@pytest.mark.parametrize("value", ODD, ids=repr)
def test_a_field_takes_its_own_json_type_and_no_other(kind: Any, allowed: list[Any], value: Any) -> None:
    cls = attrs.make_class("Answer", {"field": attrs.field(type=kind)}, frozen=True)
    if _takes(allowed, value):
        made: Any = structure({"field": value}, cls).field
        wanted = Decimal(str(value)) if kind in (Amount, Amount | None) and value is not None else value
        assert (list(made) if isinstance(made, tuple) else made) == wanted
        return
    with pytest.raises(BadResponseError) as caught:
        structure({"field": value}, cls)
    assert caught.value.field is not None
    assert caught.value.field.startswith("$.field")
    assert caught.value.message.startswith(f"{caught.value.field}: ")
    assert "CANARY" not in repr(caught.value)
    assert caught.value.__context__ is caught.value.__cause__ is None


@pytest.mark.parametrize("kind", [Row, list[Row], dict[str, Row]], ids=str)
@pytest.mark.parametrize("value", EMPTY, ids=repr)
def test_the_whole_answer_is_as_strict(kind: Any, value: Any) -> None:
    if (kind, value) in ((list[Row], []), (dict[str, Row], {})):
        assert structure(value, kind) == value
        return
    with pytest.raises(BadResponseError) as caught:
        structure(value, kind)
    assert caught.value.field == ("$.name" if (kind, value) == (Row, {}) else "$")


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        ({"name": "a"}, Row, "$.amount: is missing"),
        ({"name": "a", "amount": None}, Row, "$.amount: must be a plain decimal number, is null"),
        ({"name": "a", "amount": ""}, Row, "$.amount: must be a plain decimal number, is an empty text"),
        ({"name": "a", "amount": True}, Row, "$.amount: must be a plain decimal number, is true or false"),
        ({"name": "a", "amount": "CANARY"}, Row, "$.amount: is not an amount: not a plain decimal number"),
        ({"name": "a", "amount": "1,5"}, Row, "$.amount: is not an amount: not a plain decimal number"),
        ({"name": "a", "amount": "9" * 51}, Row, "$.amount: is not an amount: more than 50 digits"),
        ({"name": None, "amount": 1}, Row, "$.name: must be a text, is null"),
        ([{"name": "a", "amount": 1}, {"name": "b"}], list[Row], "$[1].amount: is missing"),
        ({"CANARY": {"name": 1, "amount": 1}}, dict[str, Row], "$.*.name: must be a text, is a number"),
        ({"kids": [{"kids": []}, {"kids": {}}]}, Node, "$.kids[1].kids: must be an array, is an object"),
        ({"kids": [{"kids": [], "amount": []}]}, Node, "$.kids[0].amount: must be a plain decimal number, is an array"),
        ([], Row, "$: must be an object, is an array"),
        ("", list[Row], "$: must be an array, is an empty text"),
    ],
)  # fmt: skip
def test_the_message_says_where_and_what(value: Any, kind: Any, message: str) -> None:
    with pytest.raises(BadResponseError) as caught:
        structure(value, kind)
    assert caught.value.message == message
    assert caught.value.field == message.partition(":")[0]


def test_forward_references_and_unknown_members() -> None:
    found = structure({"kids": [{"kids": [], "amount": "1.50", "more": 1}], "other": None}, Node)
    assert found == Node([Node([], Decimal("1.50"))])


def test_a_tuple_is_made_of_an_array() -> None:
    assert structure(["a", "b"], tuple[str, ...]) == ("a", "b")


def test_amounts_keep_every_digit() -> None:
    body = b'[{"name": "a", "amount": 0.10}, {"name": "b", "amount": "12345678901234567890123456789012345678.90"}]'
    rows = read_json(Response(200, (), body), list[Row])
    assert [str(row.amount) for row in rows] == ["0.10", "12345678901234567890123456789012345678.90"]


@attrs.frozen
class Fussy:
    name: str

    def __attrs_post_init__(self) -> None:
        error = ValueError(f"the name must not be {self.name}")
        error.add_note(f"it is {self.name}")
        raise error


@attrs.frozen
class Refusing:
    name: str

    def __attrs_post_init__(self) -> None:
        raise BadResponseError("the name is a word of ours")


def test_the_text_of_a_validator_is_never_shown() -> None:
    with pytest.raises(BadResponseError) as caught:
        structure([{"name": "CANARY"}], list[Fussy])
    assert caught.value.message == "$[0]: is not understood (ValueError)"


def test_the_text_of_our_own_errors_is() -> None:
    with pytest.raises(BadResponseError) as caught:
        structure({"name": "CANARY"}, Refusing)
    assert caught.value.message == "$: the name is a word of ours"


class Fickle:
    """Makes the first try fail and no other."""

    tries = 0


@attrs.frozen
class Once:
    name: str

    def __attrs_post_init__(self) -> None:
        Fickle.tries += 1
        if Fickle.tries == 1:
            raise ValueError


def test_a_fault_that_does_not_come_again_is_still_a_fault() -> None:
    Fickle.tries = 0
    with pytest.raises(BadResponseError) as caught:
        structure({"name": "a"}, Once)
    assert caught.value.message == "$: is not understood"


@attrs.frozen
class Everything:
    rows: list[Row]
    by_name: dict[str, Row]
    tree: Node
    flag: bool
    count: int
    words: tuple[str, ...]
    maybe: Row | None = None
    total: Amount | None = None


canaries = st.recursive(
    st.sampled_from(["CANARY", "CANARY1", "1CANARY", "", None, True, 0, Decimal("1.5")]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["name", "amount", "kids", "CANARY"]), inner, max_size=3)
    ),
    max_leaves=6,
)
fields = [field.name for field in attrs.fields(Everything)]


@given(st.dictionaries(st.sampled_from(fields), canaries) | canaries)
def test_no_value_is_ever_in_the_message(value: Any) -> None:
    error = _failure(value)
    if error is not None:
        assert "CANARY" not in repr(error)
        assert error.field is not None
        assert error.field.startswith("$")


def _failure(value: Any) -> BadResponseError | None:
    try:
        structure(value, Everything)
    except BadResponseError as error:
        return error
    return None


# --- answers that are too large to be looked at in detail ----------------------------------------------------------


def test_an_answer_may_hold_a_hundred_thousand_values_and_no_more() -> None:
    assert len(parse_json(b"[" + b"1," * 99_999 + b"1]")) == 100_000
    with pytest.raises(BadResponseError, match="more than 100000 values"):
        parse_json(b"[" + b"1," * 100_000 + b"1]")


@pytest.mark.parametrize(
    ("cls", "value"), [(list[int], [1] * 10_001), (dict[str, int], dict.fromkeys(map(str, range(10_001)), 1))]
)
def test_an_array_or_object_that_is_structured_has_at_most_ten_thousand_items(cls: Any, value: Any) -> None:
    with pytest.raises(BadResponseError, match=r"\$: has more than 10000 items"):
        structure(value, cls)


def test_only_the_first_fault_is_looked_for() -> None:
    looked_at: list[object] = []

    def look(_: object, __: object, value: object) -> None:
        looked_at.append(value)
        raise ValueError

    @attrs.frozen
    class Row:
        name: str = attrs.field(validator=look)

    with pytest.raises(BadResponseError) as caught:
        structure([{"name": str(number)} for number in range(5_000)], list[Row])
    assert caught.value.field == "$[0]"
    assert len(looked_at) < 10


def test_a_member_that_may_be_missing_is_passed_over() -> None:
    @attrs.frozen(kw_only=True)
    class Row:
        note: str = ""
        amount: Amount

    with pytest.raises(BadResponseError, match=r"^\$\.amount: must be a plain decimal number, is null$"):
        structure({"amount": None}, Row)
