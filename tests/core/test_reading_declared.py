"""What a provider's answer classes may declare, and how what they may not is named."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from typing import Any, Generic, TypeVar

import attrs
import pytest

from coffers import BadResponseError, CoffersError, PluginError, Response
from coffers.plugin import Amount, read_json, structure

T = TypeVar("T")


class Bare:
    """No type of JSON's."""


class Colour(Enum):
    RED = "red"


@attrs.frozen
class Mixed:
    code: str | int | None
    sold: bool | Amount = False


@attrs.frozen
class Tree:
    kids: list[Tree]
    data: Any = None
    colour: Colour | None = None
    made: Bare = attrs.field(init=False, factory=Bare)


@attrs.frozen
class Page(Generic[T]):
    items: Sequence[T]


@attrs.frozen
class WithBare:
    inner: tuple[Bare, ...]


@attrs.frozen
class Around:
    rows: dict[str, list[WithBare]] | None = None


@attrs.frozen
class WithUnion:
    amount: str | Amount


@attrs.frozen
class Unknown:
    it: NotThere  # type: ignore[name-defined]  # noqa: F821  wrong on purpose


@pytest.mark.parametrize("code", ["x", "", "1", 1, -7, None])
def test_each_part_of_a_union_takes_its_own_json_type(code: object) -> None:
    read = structure({"code": code}, Mixed).code
    assert (read, type(read)) == (code, type(code))


@pytest.mark.parametrize(("sold", "expected"), [(True, True), (1, Decimal(1)), ("1.50", Decimal("1.50"))])
def test_an_amount_may_stand_beside_true_or_false(sold: object, expected: object) -> None:
    read = structure({"code": None, "sold": sold}, Mixed).sold
    assert (str(read), type(read)) == (str(expected), type(expected))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"code": True}, "$.code: must be a text or a whole number, is true or false"),
        ({"code": Decimal("1.5")}, "$.code: must be a text or a whole number, is a number"),
        ({"code": []}, "$.code: must be a text or a whole number, is an array"),
        ({}, "$.code: is missing"),
        ({"code": 1, "sold": None}, "$.sold: must be a plain decimal number, is null"),
        ({"code": 1, "sold": "no"}, "$.sold: is not an amount: not a plain decimal number"),
    ],
)
def test_nothing_is_coerced_to_a_part_of_a_union(answer: object, reason: str) -> None:
    with pytest.raises(BadResponseError) as caught:
        structure(answer, Mixed)
    assert caught.value.message == reason


@pytest.mark.parametrize(
    ("cls", "said"),
    [
        (WithBare, "WithBare.inner is declared as Bare"),
        (Around, "WithBare.inner is declared as Bare"),
        (list[Around], "WithBare.inner is declared as Bare"),
        (Page[Bare], "Bare"),
        (Bare, "Bare"),
        (WithUnion, "WithUnion.amount is declared as str | decimal.Decimal"),
        (str | Amount | None, "str | decimal.Decimal | None"),
        (int | Bare, "int | tests.core.test_reading_declared.Bare"),
    ],
)
def test_a_type_that_json_does_not_have_is_the_plugins_fault_whatever_the_answer(cls: Any, said: str) -> None:
    for body in (b"{}", b"[]", b"null", b'"text"'):
        with pytest.raises(PluginError) as caught:
            read_json(Response(200, (), body), cls)
        assert caught.value.message == f"{said}, which no JSON value becomes; see read_json for the types it knows"


def test_an_annotation_that_leads_nowhere_is_named() -> None:
    with pytest.raises(PluginError, match=r"^Unknown: its annotations name NotThere, which its module does not hold$"):
        structure({}, Unknown)


def test_what_could_be_read_before_still_can() -> None:
    tree = structure({"kids": [{"kids": [], "data": [1]}], "colour": "red"}, Tree)
    assert (tree.colour, tree.kids[0].data) == (Colour.RED, [1])
    assert structure({"items": [1, 2]}, Page[int]) == Page([1, 2])
    assert structure({"a": {"b": 1}}, dict) == {"a": {"b": 1}}
    with pytest.raises(CoffersError):
        structure({"items": ["1"]}, Page[int])
