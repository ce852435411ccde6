"""Coins that the sandbox parts know, held or not. Not used when a balance is read: any symbol may come then."""

from __future__ import annotations

from typing import Final

__all__ = ["COINS"]

COINS: Final = frozenset(
    {"BNB", "BTC", "DOGE", "DOGS", "ETH", "LTC", "POL", "SHIB", "SOL", "TON", "TRX", "USDC", "USDT"}
)
