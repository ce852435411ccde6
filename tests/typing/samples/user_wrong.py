"""What a user may get wrong; each marked line, and no other, must be an error in both checkers."""

# pyright: strict

from __future__ import annotations

from coffers import Account, Balance, Client, Secret


def wrong(client: Client, balance: Balance) -> None:
    client.read("shop")  # error: an account is an Account
    client.read_many(Account("shop", "acme"))  # error: several
    balance.total + 1  # error: the total may be unknown
    balance.details["asset"] = "x"  # error: details cannot be changed
    balance.currency = "USD"  # error: nor can anything else
    Account("shop", "acme", {"key": 1.5})  # error: no floats
    Secret(b"key")  # error: text only
    Client(timeout="5")  # error: units in names
