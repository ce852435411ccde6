"""A user of the package; both checkers must be content with every line."""

# pyright: strict

from __future__ import annotations

from decimal import Decimal

from coffers import Account, AuthError, Balance, Client, CoffersError, Outcome, Secret, Snapshot


def the_total(client: Client, account: Account) -> Decimal:
    try:
        snapshot: Snapshot = client.read(account)
    except AuthError as error:
        raise SystemExit(f"{error.account}: {error.message}") from None
    return sum((row.spendable for row in snapshot.balances if row.spendable is not None), Decimal(0))


def all_of_them() -> list[str]:
    accounts = [
        Account("shop", "acme", {"key": "env:KEY"}),
        Account("other", "acme", {"key": Secret("k")}, timeout_s=5),
        Account("mixed", "acme", {"login": "me", "password": Secret("p"), "page_size": 5, "test": True}),
    ]
    with Client(timeout_s=10) as client:
        return [line(outcome) for outcome in client.read_many(accounts, workers=8, within_s=30)]


def line(outcome: Outcome) -> str:
    error: CoffersError | None = outcome.error
    if error is not None:
        return f"{outcome.account.name}: {error.kind} {error.retry_after_s or 0:.0f}"
    rows: tuple[Balance, ...] = outcome.unwrap().balances
    return ", ".join(f"{row.currency} {row.network or ''} {row.details.get('asset', '')}" for row in rows)
