"""Amounts: exact decimals, in and out.

Floor 1. An amount is a `decimal.Decimal` with every digit the provider sent and none it did not; no float ever.
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow, localcontext
from typing import Final

__all__ = ["MAX_DIGITS", "MAX_EXPONENT", "amount_from_text", "amount_to_text", "exact"]

#: Most digits an amount may have. Balances in wei need 30; nothing needs more than this.
MAX_DIGITS: Final = 50
#: Largest distance of the decimal exponent from zero. `Decimal("1e1000000")` is cheap to make and 26 s to print.
MAX_EXPONENT: Final = 60

_NUMBER = re.compile(r"-?([0-9]+)(?:\.([0-9]+))?(?:[eE][+-]?0*([0-9]+))?")

_EXACT = Context(prec=200, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])


def exact() -> AbstractContextManager[Context]:
    """A place where decimal arithmetic is exact or fails.

    200 digits, and `decimal.Inexact` is raised where a result would be rounded. Python's default context keeps 28
    digits and says nothing: even unary minus loses digits there. `parse` always runs inside it.
    """
    return localcontext(_EXACT)


def amount_from_text(text: str) -> Decimal:
    """The exact value of a plain or scientific decimal number.

    Args:
        text: ASCII digits, an optional leading minus, one optional point, an optional exponent; nothing else:
            no spaces, no separators, no leading plus, no NaN.

    Raises:
        ValueError: not such a number, or more than 50 digits, or an exponent beyond 60. The text is not in the message.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError("not a plain decimal number")
    whole, fraction, exponent = match.groups()
    if len(whole) + len(fraction or "") > MAX_DIGITS:
        raise ValueError(f"more than {MAX_DIGITS} digits")
    if exponent is not None and (len(exponent) > 2 or int(exponent) > MAX_EXPONENT):
        raise ValueError(f"an exponent beyond {MAX_EXPONENT}")
    return Decimal(text)


def amount_to_text(amount: Decimal) -> str:
    """Plain decimal notation without exponent; zero has no sign.

    Args:
        amount: a finite decimal.
    """
    text = format(amount, "f")
    return text[1:] if amount.is_zero() and text.startswith("-") else text
