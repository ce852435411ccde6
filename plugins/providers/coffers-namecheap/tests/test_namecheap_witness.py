"""A witness nobody here wrote: PyNamecheap 0.0.3 reads the same account over HTTP.

It has no method for this call, so its general one is used; it sends POST, and writes ``ClientIP`` where the pages have
``ClientIp``. It reads XML without refusing entities, its known fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import namecheap  # type: ignore[import-untyped]  # it has no types
import pytest

from coffers import Balance, Client, CoffersError
from coffers.sandbox import Sandbox, ServedAccount
from coffers_namecheap.sandbox import SANDBOX

RESULT = f".//{{{namecheap.NAMESPACE}}}UserGetBalancesResult"


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    with Sandbox([SANDBOX]) as sandbox:
        yield sandbox["namecheap"]


def witness(
    served: ServedAccount, key: str | None = None, address: str = SANDBOX.fields["client_ip"]
) -> dict[str, str]:
    user = SANDBOX.fields["api_user"]
    theirs: Any = namecheap.Api(user, key or served.secret_fields()["api_key"], user, address, debug=False)
    theirs.endpoint = f"{served.base_url}/xml.response"
    return dict(theirs._call("namecheap.users.getBalances").find(RESULT).attrib)


def read(served: ServedAccount) -> Balance:
    with Client() as client:
        (row,) = client.read(served.account()).balances
    return row


@pytest.mark.parametrize("funds", ["4932.96", "0.00", "-7.10", "123456789012345678901234.56"])
def test_both_read_the_same_funds(served: ServedAccount, funds: str) -> None:
    served.set_balance("USD", funds)
    ours, theirs = read(served), witness(served)
    assert ours.currency == theirs["Currency"]
    assert ours.total == Decimal(funds) == Decimal(theirs["AccountBalance"])
    assert str(ours.available) == theirs["AvailableBalance"]
    assert dict(ours.details) == {
        "earned": theirs["EarnedAmount"],
        "withdrawable": theirs["WithdrawableAmount"],
        "needed_for_auto_renewal": theirs["FundsRequiredForAutoRenew"],
    }


def test_both_are_refused_with_a_revoked_key(served: ServedAccount) -> None:
    served.revoke_key()
    with pytest.raises(namecheap.ApiError) as theirs:
        witness(served)
    with pytest.raises(CoffersError) as ours:
        read(served)
    assert (ours.value.kind, ours.value.code, ours.value.message) == ("auth", theirs.value.number, theirs.value.text)


def test_the_witness_is_refused_from_another_address(served: ServedAccount) -> None:
    with pytest.raises(namecheap.ApiError) as theirs:
        witness(served, address="198.51.100.7")
    assert (theirs.value.number, theirs.value.text) == ("1011150", "Invalid request IP: 198.51.100.7")
