"""Kraken's asset codes: what each is about. Two tables and no rule, for no rule holds.

Old codes have a letter in front, X for coins and Z for states' money; but XTZ, ZRX and XAUT are spelt so by themselves.
Some codes end in a point and letters: the same asset in another place. A code that is not listed stays as it is.
"""

from __future__ import annotations

from typing import Final, Literal

import attrs

__all__ = ["Asset", "asset_of"]

#: Old codes, and Kraken's own names of two coins. As of 2026-11; new codes have no letter in front.
_NAMES: Final = {
    "XXBT": "BTC",
    "XBT": "BTC",
    "XXDG": "DOGE",
    "XDG": "DOGE",
    "XETC": "ETC",
    "XETH": "ETH",
    "XLTC": "LTC",
    "XMLN": "MLN",
    "XREP": "REP",
    "XXLM": "XLM",
    "XXMR": "XMR",
    "XXRP": "XRP",
    "XZEC": "ZEC",
    "ZAUD": "AUD",
    "ZCAD": "CAD",
    "ZEUR": "EUR",
    "ZGBP": "GBP",
    "ZJPY": "JPY",
    "ZUSD": "USD",
}

#: Suffixes that name a place. ``.T`` is none: a tokenised share is another asset than the share.
_WALLETS: Final = {
    "B": "yield",
    "F": "rewards",
    "M": "opt-in rewards",
    "P": "parachain",
    "S": "staked",
    "HOLD": "hold",  # on no page; in Kraken's list of assets, as others' clients show it
}

_MONEY: Final = frozenset({"AUD", "CAD", "CHF", "EUR", "GBP", "JPY", "USD"})
#: Fee credits: they pay trading fees and nothing else.
_CREDITS: Final = frozenset({"KFEE", "FEE"})


@attrs.frozen
class Asset:
    """What a code is about.

    Attributes:
        currency: the usual code.
        wallet: the place that a suffix names, or None.
        unit: as in `Balance`.
    """

    currency: str
    wallet: str | None
    unit: Literal["money", "asset", "credits"]


def asset_of(code: str) -> Asset:
    """What Kraken's `code` is about, such as ``XXBT``, ``ZEUR`` or ``XBT.F``."""
    base, _, suffix = code.rpartition(".")
    wallet = _WALLETS.get(suffix) if base else None
    name = base if wallet else code
    currency = _NAMES.get(name, name)
    if currency in _CREDITS:
        return Asset(currency, wallet, "credits")
    return Asset(currency, wallet, "money" if currency in _MONEY else "asset")
