"""Balances and snapshots: nothing half-known is built, nothing known is lost."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import attrs
import pytest

from coffers.errors import BadResponseError
from coffers.messages import Query
from coffers.models import MAX_BALANCES, Balance, Snapshot, Valuation

FULL = Balance(
    "usdt",
    total=Decimal("10.50"),
    available=Decimal("10"),
    pending=Decimal("0.25"),
    reserved=Decimal("0.25"),
    unit="asset",
    network="TRC20",
    wallet="main",
    valuation=Valuation("usd", total=Decimal("10.49"), available=Decimal("9.99")),
    details={"asset": "USDT_TRC20"},
)


def _refused(field: str, make: Any, *args: Any, **facts: Any) -> None:
    with pytest.raises(BadResponseError) as caught:
        make(*args, **facts)
    assert caught.value.field == field
    assert "CANARY" not in caught.value.message


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"balances": itertools.repeat(Balance("USD", total=Decimal(1)))}, "balances"),
        ({"next": itertools.repeat(Query(None))}, "next"),
    ],
)
def test_no_snapshot_takes_rows_or_steps_without_end(parts: dict[str, Any], field: str) -> None:
    with pytest.raises(BadResponseError, match="more than") as caught:
        Snapshot(**parts)
    assert caught.value.field == field
    assert len(Snapshot([Balance("USD", total=Decimal(1))] * MAX_BALANCES).balances) == MAX_BALANCES


@pytest.mark.parametrize(
    ("value", "kind"), [(12.5, "float"), (1250, "int"), ("12.50", "str"), (Decimal("NaN"), "Decimal")]
)
def test_what_is_no_amount_is_named_with_its_type(value: Any, kind: str) -> None:
    with pytest.raises(BadResponseError) as caught:
        Balance("USD", reserved=value)
    assert caught.value.message == f"reserved must be a finite Decimal or None, and is of type {kind}"


# --- currency ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        *(("USD", "USD"), ("usdt", "USDT"), ("stETH", "STETH"), ("a-b_c.1", "A-B_C.1"), ("x" * 32, "X" * 32)),
        *(("币安人生", "币安人生"), ("币安life", "币安LIFE"), ("币" * 32, "币" * 32), ("٣", "٣"), ("грн", "грн")),
        # Capitals would make other codes of these: SS, S, I, FF, K.
        *((letter, letter) for letter in "ßſıﬀ\u212a"),
    ],
)
@pytest.mark.parametrize("cls", [Balance, Valuation])
def test_a_currency_is_upper_cased(cls: Any, given: str, kept: str) -> None:
    assert cls(given, total=Decimal(1)).currency == kept


@pytest.mark.parametrize(
    "given",
    [
        *("", " ", "US D", "USD\n", "x" * 33, "币" * 33, "€", "$", "USD/EUR", "\x1b[31m", None, 840, b"USD", ["USD"]),
        *(
            "²",
            "½",
            "币 安",
            "币\u3000安",
            "币\u200b",
            "\u202e币安",
            "\x9b币",
            "e\u0301",
            "\ud800",
            "😀",
            "币|安",
            "币=安",
        ),
        *("\u3164", "\u115f币", "\uffa0"),  # letters that nobody sees
    ],
)
@pytest.mark.parametrize("cls", [Balance, Valuation])
def test_what_is_no_currency(cls: Any, given: Any) -> None:
    _refused("currency", cls, given, total=Decimal(1))


# --- amounts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["total", "available", "pending", "reserved"])
@pytest.mark.parametrize(
    "wrong",
    [
        *(1, 1.0, True, "1", "CANARY", b"1"),
        *(Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity")),
        *(Decimal("1e201"), Decimal("1e-201"), Decimal("0e1000000")),
    ],
    ids=repr,
)
def test_what_is_no_amount(field: str, wrong: Any) -> None:
    _refused(field, Balance, "USD", **{field: wrong})


@pytest.mark.parametrize("field", ["total", "available"])
def test_a_valuation_is_as_strict(field: str) -> None:
    _refused(field, Valuation, "USD", **{field: 1.0})


@pytest.mark.parametrize("field", ["total", "available", "pending", "reserved"])
def test_one_amount_is_enough(field: str) -> None:
    amounts: dict[str, Any] = {field: Decimal("1.10")}
    balance = Balance("USD", **amounts)
    assert str(getattr(balance, field)) == "1.10"
    assert [name for name in ("total", "available", "pending", "reserved") if getattr(balance, name) is not None] == [
        field
    ]


def test_no_amount_is_no_balance() -> None:
    _refused("total", Balance, "USD")
    _refused("total", Balance, "USD", valuation=Valuation("EUR", total=Decimal(1)))


def test_debt_and_zero_are_amounts() -> None:
    assert Balance("USD", total=Decimal("-5.00")).spendable == Decimal("-5.00")
    assert Balance("USD", total=Decimal(0)).spendable == 0


@pytest.mark.parametrize(
    ("amounts", "spendable"),
    [
        ({"total": Decimal(5), "available": Decimal(3)}, Decimal(3)),
        ({"total": Decimal(5), "available": Decimal(0)}, Decimal(0)),
        ({"total": Decimal(5)}, Decimal(5)),
        ({"pending": Decimal(5)}, None),
    ],
)
def test_spendable_is_available_when_known_else_the_total(amounts: dict[str, Any], spendable: Decimal | None) -> None:
    assert Balance("USD", **amounts).spendable == spendable


# --- the other parts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["network", "wallet"])
@pytest.mark.parametrize("wrong", ["", " ", "\x1b", 5, b"x", ["CANARY"]])
def test_a_label_is_a_text_or_none(field: str, wrong: Any) -> None:
    _refused(field, Balance, "USD", total=Decimal(1), **{field: wrong})


def test_texts_are_on_one_line() -> None:
    balance = Balance("USD", total=Decimal(1), wallet="a\r\nb\x1b[0m", network="\u202eTRC", details={"x\n": "y\ud800z"})
    assert (balance.wallet, balance.network) == ("a b [0m", "TRC")
    assert balance.details == {"x": "y z"}


@pytest.mark.parametrize("unit", ["", "Money", "crypto", None, 1, ["money"]])
def test_what_is_no_unit(unit: Any) -> None:
    _refused("unit", Balance, "USD", total=Decimal(1), unit=unit)


@pytest.mark.parametrize("wrong", ["USD", Decimal(1), FULL])
def test_what_is_no_valuation(wrong: Any) -> None:
    _refused("valuation", Balance, "USD", total=Decimal(1), valuation=wrong)


@pytest.mark.parametrize("wrong", ["total", ["spendable"], ["total", "total"], [None], ["total"] * 9, ["available"]])
def test_what_is_no_mark_of_derived_amounts(wrong: Any) -> None:
    _refused("derived", Balance, "USD", total=Decimal(1), derived=wrong)


def test_derived_amounts_are_named_in_their_own_order() -> None:
    row = Balance("USD", total=Decimal(3), reserved=Decimal(1), derived=("reserved", "total"))
    assert row.derived == ("total", "reserved")


@pytest.mark.parametrize("wrong", ["2027-01-01", 5, datetime(2027, 1, 1)])  # noqa: DTZ001  a naive time is the fault
def test_what_is_no_time_of_expiry(wrong: Any) -> None:
    _refused("expires_at", Balance, "USD", total=Decimal(1), expires_at=wrong)


@pytest.mark.parametrize("wrong", [{"a": 1}, {"a": None}, {1: "a"}, {"a": ["CANARY"]}])
def test_what_are_no_details(wrong: Any) -> None:
    _refused("details", Balance, "USD", total=Decimal(1), details=wrong)


def test_details_are_a_copy_that_cannot_be_changed() -> None:
    given = {"a": "b"}
    balance = Balance("USD", total=Decimal(1), details=given)
    given["a"] = "changed"
    assert balance.details == {"a": "b"}
    unlocked: Any = balance.details
    with pytest.raises(TypeError):
        unlocked["a"] = "changed"


# --- as values -----------------------------------------------------------------------------------------------------


def test_it_is_frozen() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        FULL.currency = "EUR"  # type: ignore[misc]  # that is the test


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_travels_whole(protocol: int) -> None:
    snapshot = Snapshot((FULL,), datetime(2026, 11, 21, tzinfo=UTC))
    arrived = pickle.loads(pickle.dumps(snapshot, protocol))
    assert arrived == snapshot
    assert hash(arrived.balances[0]) == hash(FULL)
    assert [str(arrived.balances[0].total), arrived.balances[0].valuation] == ["10.50", FULL.valuation]


@pytest.mark.parametrize(
    "change",
    [
        *(
            {"currency": "USDC"},
            {"network": "ERC20"},
            {"network": None},
            {"wallet": "other"},
            {"total": Decimal("10.51")},
        ),
        *({"pending": None}, {"reserved": None}, {"unit": "money"}, {"valuation": None}, {"details": {}}),
        *({"derived": ("total",)}, {"expires_at": datetime(2027, 1, 1, tzinfo=UTC)}),
    ],
    ids=str,
)
def test_rows_that_differ_anywhere_stay_apart(change: dict[str, Any]) -> None:
    other = attrs.evolve(FULL, **change)
    assert other != FULL
    assert len({other, FULL}) == 2
    assert Snapshot([FULL, other]).balances == (FULL, other)


def test_equal_rows_are_not_merged_either() -> None:
    assert Snapshot([FULL, FULL]).balances == (FULL, FULL)
    assert hash(FULL) == hash(attrs.evolve(FULL))


# --- snapshot ------------------------------------------------------------------------------------------------------


def test_a_snapshot_of_nothing() -> None:
    assert Snapshot() == Snapshot([], None, next=[])
    assert (Snapshot().balances, Snapshot().as_of, Snapshot().next) == ((), None, ())


@pytest.mark.parametrize("rows", [[FULL], (FULL,), iter([FULL])])
def test_rows_may_come_in_any_iterable(rows: Iterable[Balance]) -> None:
    assert Snapshot(rows).balances == (FULL,)


@pytest.mark.parametrize("rows", [["USD"], [None], [FULL, {}], "CANARY", {"CANARY": 1}])
def test_rows_are_balances(rows: Any) -> None:
    _refused("balances", Snapshot, rows)


@pytest.mark.parametrize("wrong", [["page"], [["page"]], "page", [None]])
def test_next_holds_queries(wrong: Any) -> None:
    _refused("next", Snapshot, next=wrong)


def test_next_is_kept_in_order() -> None:
    queries: list[Query[str]] = [Query("s", "b"), Query("s", "a")]
    assert Snapshot(next=queries).next == tuple(queries)


@pytest.mark.parametrize("wrong", [datetime(2026, 1, 1), date(2026, 1, 1), "2026-01-01T00:00:00Z", 0])  # noqa: DTZ001  a naive time is the test
def test_a_time_is_aware(wrong: Any) -> None:
    _refused("as_of", Snapshot, (), wrong)


def test_an_aware_time_is_kept_as_it_is() -> None:
    kyiv = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert Snapshot((), kyiv).as_of is kyiv
