"""What stands for an account's config: the same as long as its table is the same, and nothing of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from coffers import Account, Secret
from coffers_monitor.watching.marks import mark_of

SHOP = Account("shop", "acme", {"key": "env:KEY", "region": "eu", "test": True}, timeout_s=5, folder=Path("/etc"))


def test_the_same_table_has_the_same_mark_wherever_it_lies() -> None:
    fields = {"test": True, "region": "eu", "key": "env:KEY"}
    other = Account("other-name", "acme", fields, timeout_s=5, folder=Path("/srv"))
    assert mark_of(other) == mark_of(SHOP)
    assert len(mark_of(SHOP)) == 32


@pytest.mark.parametrize(
    "other",
    [
        Account("shop", "acme", {"key": "env:NEW", "region": "eu", "test": True}, timeout_s=5),
        Account("shop", "acme", {"key": "env:KEY", "region": "eu", "test": 1}, timeout_s=5),
        Account("shop", "acme", {"key": "env:KEY", "region": "eu"}, timeout_s=5),
        Account("shop", "acme", {"key": "env:KEY", "region": "eu", "test": True}, timeout_s=6),
        Account("shop", "acme", {"key": "env:KEY", "region": "eu", "test": True}, timeout_s=5, ca_file=Path("roots")),
        Account(
            "shop", "acme", {"key": "env:KEY", "region": "eu", "test": True}, timeout_s=5, base_url="https://x.example"
        ),
        Account("shop", "other", {"key": "env:KEY", "region": "eu", "test": True}, timeout_s=5),
    ],
)
def test_another_table_has_another(other: Account) -> None:
    assert mark_of(other) != mark_of(SHOP)


def test_no_secret_is_in_it() -> None:
    one, two = (Account("shop", "acme", {"key": Secret(text)}) for text in ("canary-one", "canary-two"))
    assert mark_of(one) == mark_of(two)
