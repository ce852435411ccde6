"""Amounts go in and out with exactly their digits."""

from __future__ import annotations

import threading
import time
from decimal import ROUND_UP, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, getcontext, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffers.amounts import MAX_DIGITS, MAX_EXPONENT, amount_from_text, amount_to_text, exact

whole_part = st.one_of(st.just("0"), st.from_regex(r"[1-9][0-9]{0,24}", fullmatch=True))
plain_numbers = st.builds(
    lambda sign, whole, fraction: sign + whole + (f".{fraction}" if fraction else ""),
    st.sampled_from(["", "-"]),
    whole_part,
    st.one_of(st.just(""), st.from_regex(r"[0-9]{1,25}", fullmatch=True)),
)


@given(plain_numbers)
def test_text_to_amount_to_text_keeps_every_digit(text: str) -> None:
    wanted = text.lstrip("-") if not text.strip("-0.") else text
    assert amount_to_text(amount_from_text(text)) == wanted


@given(plain_numbers)
def test_the_context_of_the_caller_changes_nothing(text: str) -> None:
    with localcontext(Context(prec=3, rounding=ROUND_UP, traps=[Inexact])):
        amount = amount_from_text(text)
        shown = amount_to_text(amount)
    assert amount == Decimal(text)
    assert shown == amount_to_text(amount_from_text(text))


@given(whole_part, st.integers(-MAX_EXPONENT, MAX_EXPONENT))
def test_an_exponent_is_written_out(whole: str, exponent: int) -> None:
    text = amount_to_text(amount_from_text(f"{whole}e{exponent}"))
    assert "e" not in text.lower()
    assert Decimal(text) == Decimal(f"{whole}e{exponent}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("-0", "0"),
        ("-0.00", "0.00"),
        ("-0e-3", "0.000"),
        ("0.10", "0.10"),
        ("1E3", "1000"),
        ("1e+3", "1000"),
        ("1e0000000000000000002", "100"),
        ("-1.50", "-1.50"),
        ("007", "7"),
        ("1e60", "1" + "0" * 60),
    ],
)
def test_how_amounts_are_written(text: str, shown: str) -> None:
    assert amount_to_text(amount_from_text(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "-",
            "+1",
            ".5",
            "5.",
            "1 ",
            " 1",
            "1\n",
            "1,5",
            "1 000",
            "1_0",
            "0x1",
            "NaN",
            "Infinity",
            "-inf",
            "sNaN1",
        ),
        *("1e", "e5", "1e1.5", "--1", "1.2.3", "١", "1²", "１", "$5", "null", "−1"),
    ],
)
def test_anything_else_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a plain decimal number$"):
        amount_from_text(text)


@pytest.mark.parametrize("text", ["9" * 51, "0." + "9" * 50, "1" + "." + "0" * 50, "9" * 100_000])
def test_too_many_digits(text: str) -> None:
    with pytest.raises(ValueError, match=rf"^more than {MAX_DIGITS} digits$"):
        amount_from_text(text)


@pytest.mark.parametrize("text", ["9" * 50, "0." + "9" * 49, "-" + "9" * 50])
def test_just_enough_digits(text: str) -> None:
    assert amount_to_text(amount_from_text(text)) == text


@pytest.mark.parametrize("text", ["1e61", "1e-61", "1E1000000", "0e-999999999999", "1e" + "9" * 100_000])
def test_too_large_an_exponent(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ValueError, match=rf"^an exponent beyond {MAX_EXPONENT}$"):
        amount_from_text(text)
    assert time.perf_counter() - started < 5


def test_arithmetic_inside_is_exact() -> None:
    long = amount_from_text("9" * 39)
    with exact():
        assert str(-long) == "-" + "9" * 39
        assert str(long + Decimal("0.01")) == "9" * 39 + ".01"
        assert long - long == 0
    assert str(-long) != "-" + "9" * 39  # outside, Python rounds to 28 digits without a word


def test_what_cannot_be_exact_fails() -> None:
    with exact():
        with pytest.raises(Inexact):
            Decimal(1) / Decimal(3)
        with pytest.raises(InvalidOperation):
            Decimal("sNaN") + 1
        with pytest.raises(DivisionByZero):
            Decimal(1) / Decimal(0)


def test_it_ends_where_it_ends_and_holds_for_its_own_thread_only() -> None:
    before = getcontext().prec
    seen: list[int] = []
    with exact():
        other = threading.Thread(target=lambda: seen.append(getcontext().prec))
        other.start()
        other.join()
        assert getcontext().prec == 200
    assert getcontext().prec == before
    assert seen == [before]


def test_it_ends_on_an_error_too() -> None:
    before = getcontext().prec
    with pytest.raises(Inexact), exact():
        Decimal(1) / Decimal(3)
    assert getcontext().prec == before


def test_flags_do_not_leak_from_one_use_to_the_next() -> None:
    with pytest.raises(Inexact), exact():
        Decimal(1) / Decimal(3)
    with exact():
        assert not getcontext().flags[Inexact]
