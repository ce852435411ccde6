"""Linode's side of the protocol, for demos and tests. The month's estimate and all personal data are made up.

What no page tells is chosen here: another method of the same path is as unknown as another path.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, amount_to_text, reply_json

_UNINVOICED: Final = Decimal("3.75")
_MONTHLY_CAP: Final = Decimal("10.00")
_PROMOTION: Final = "$10 off your Linode a month!"


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Check path, method and token as documented, then answer the account."""
    if (call.method, call.path) != ("GET", "/v4/account"):
        return _refused("Not found", 404)
    if call.header("authorization") != f"Bearer {account.fields['token']}" or account.revoked:
        return _refused("Invalid Token", 401, scopes="unknown")
    body = {
        "company": "",
        "email": "someone@example.com",
        "first_name": "Some",
        "last_name": "One",
        "address_1": "1 Example Street",
        "address_2": "",
        "city": "Exampleton",
        "state": "",
        "zip": "00000",
        "country": "US",
        "phone": "",
        "balance": account.balances["USD"].copy_negate(),
        "tax_id": "",
        "billing_source": "linode",
        "credit_card": {"last_four": "1111", "expiry": "11/2030"},
        "balance_uninvoiced": _UNINVOICED,
        "active_since": "2018-01-02T03:04:05",
        "capabilities": ["Linodes", "NodeBalancers", "Block Storage", "Object Storage"],
        "active_promotions": [
            _promotion(summary, left, call.time_s) for summary, left in account.balances.items() if summary != "USD"
        ],
        "euuid": "00000000-0000-4000-8000-000000000000",
    }
    return reply_json(body, headers=_headers("account:read_only"))


def _promotion(summary: str, left: Decimal, time_s: float) -> dict[str, Any]:
    """A promotion that ends in half a year."""
    end = datetime.fromtimestamp(int(time_s), UTC) + timedelta(days=180)
    return {
        "description": "Receive up to $10 off your services every month for 6 months!",
        "summary": summary,
        "expire_dt": f"{end:%Y-%m-%dT23:59:59}",
        "credit_remaining": amount_to_text(left),
        "this_month_credit_remaining": amount_to_text(min(left, _MONTHLY_CAP)),
        "credit_monthly_cap": amount_to_text(_MONTHLY_CAP),
        "image_url": "https://example.com/promotion.svg",
        "service_type": "all",
    }


def _refused(reason: str, status: int, *, scopes: str = "account:read_only") -> SandboxReply:
    return reply_json({"errors": [{"reason": reason}]}, status=status, headers=_headers(scopes))


def _headers(scopes: str) -> tuple[tuple[str, str], ...]:
    return (
        ("X-OAuth-Scopes", scopes),
        ("X-Accepted-OAuth-Scopes", "account:read_only"),
        ("X-RateLimit-Limit", "800"),
    )


#: The sandbox part; its token opens nothing. A credit of 29.91 dollars is -29.91 there, a promotion keeps its sign.
SANDBOX: Final = SandboxProvider(
    id="linode",
    fields={"token": "made-up-0123456789abcdef0123456789abcdef0123456789abcdef01234567"},
    balances={"USD": "29.91", _PROMOTION: "50.00"},
    answer=answer,
)
