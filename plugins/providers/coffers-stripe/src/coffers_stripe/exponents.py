"""How many decimals an amount of a currency has at Stripe: ISO 4217's number, but for Stripe's own exceptions.

As of 2026-11: https://docs.stripe.com/currencies (zero-decimal currencies, special cases)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from iso4217 import Currency

from coffers.plugin import BadResponseError

#: Where Stripe's number is another one than ISO's, or ISO has none any more.
OWN: Final[Mapping[str, int]] = {
    "ISK": 2,  # special case: zero-decimal now, two on the wire as before, so that 500 is 5 kr.
    "UGX": 2,  # special case, likewise; Stripe's list of zero-decimal currencies has it all the same
    "MGA": 0,  # zero-decimal at Stripe; ISO counts two, of which a fifth is the unit
    # Withdrawn from ISO's list, once on Stripe's, where what is not marked has two.
    "ANG": 2,
    "BGN": 2,
    "HRK": 2,
}


def exponent(currency: str) -> int:
    """The number of decimals.

    Args:
        currency: its code, in any letter case.

    Raises:
        BadResponseError: nobody says how many it has; none is guessed.
    """
    code = currency.upper()
    if code in OWN:
        return OWN[code]
    try:
        known = Currency(code).exponent
    except ValueError:
        known = None
    if known is None:
        raise BadResponseError("an amount is in a currency whose minor unit is not known", field="currency")
    return known
