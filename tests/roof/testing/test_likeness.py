"""When a scrubbed answer counts as understood alike, and what is said where it does not."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from coffers import AuthError, Balance, RejectedError, Snapshot, Valuation
from coffers.plugin import AccessToken, NoSettings, Query, Secret
from coffers.testing.likeness import differences

TIME = datetime(2022, 1, 13, tzinfo=UTC)
PAGE = Query(NoSettings(), "page")


def row(currency: str = "USD", total: str = "12.50", **more: Any) -> Balance:
    return Balance(currency, total=Decimal(total), **more)


@pytest.mark.parametrize(
    ("real", "scrubbed"),
    [
        (AuthError("no"), AuthError("other words")),
        (AccessToken(Secret("a"), 60), AccessToken(Secret("b"), 99)),
        (Snapshot(), Snapshot()),
        (Snapshot([row()], TIME, next=[PAGE]), Snapshot([row(total="973.10")], TIME, next=[PAGE])),
        (Snapshot([row("ADA", "0.00")]), Snapshot([row("XYZ", "0.00")])),
        (
            Snapshot([row(valuation=Valuation("USD", total=Decimal("1.0")))]),
            Snapshot([row(total="7.77", valuation=Valuation("USD", total=Decimal("2.0")))]),
        ),
    ],
)
def test_alike(real: Any, scrubbed: Any) -> None:
    assert differences(real, scrubbed, {"USD"}) == []


@pytest.mark.parametrize(
    ("real", "scrubbed", "said"),
    [
        (AuthError("no"), RejectedError("no"), "the answer was the error auth, scrubbed it is the error rejected"),
        (Snapshot(), AccessToken(Secret("a"), 6), "the answer was a snapshot, scrubbed it is a token"),
        (Snapshot([row()]), Snapshot(), "1 balances became 0"),
        (Snapshot([], TIME), Snapshot(), "as_of is told in one of them only"),
        (Snapshot([], next=[PAGE]), Snapshot(), "other further steps follow"),
        (row(), row("EUR", "3.21"), "another currency"),
        (row(), row(total="3.21", unit="asset"), "another unit"),
        (row(network="TRC20"), row(total="3.21"), "network is told in one of them only"),
        (row(), row(total="3.21", wallet="w"), "wallet is told in one of them only"),
        (row(details={"a": "b"}), row(total="3.21"), "other details"),
        (row(), row(total="3.2"), "total has another shape"),
        (row(), row(total="-3.21"), "total has another shape"),
        (row(), row(total="0.00"), "total has another shape"),
        (row(), row(total="3.21", available=Decimal(1)), "available has another shape"),
        (row(), row(), "total is still what it was"),
        (row(valuation=Valuation("USD")), row(total="3.21"), "its value is told in one of them only"),
        (
            row(valuation=Valuation("USD", available=Decimal(1))),
            row(total="3.21", valuation=Valuation("USD")),
            "its value: available has another shape",
        ),
    ],
)
def test_not_alike(real: Any, scrubbed: Any, said: str) -> None:
    if isinstance(real, Balance):
        real, scrubbed, said = Snapshot([real]), Snapshot([scrubbed]), f"balance 1: {said}"
    assert differences(real, scrubbed, {"USD"}) == [said]
