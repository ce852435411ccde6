"""DigitalOcean's side of the protocol, for demos and tests. The month's usage is made up and stays what it is.

What no page tells is chosen here: another method of the same path is as unknown as another path. The limits of requests
are told in the headers and never reached.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, amount_to_text, exact, reply_json

_HOUR_S: Final = 3600
_USAGE: Final = Decimal("11.21")


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Check path, method and token as documented, then answer what is owed."""
    limits = (
        ("ratelimit-limit", "5000"),
        ("ratelimit-remaining", "4816"),
        ("ratelimit-reset", str(int(call.time_s) + _HOUR_S)),
    )
    if (call.method, call.path) != ("GET", "/v2/customers/my/balance"):
        told = {"id": "not_found", "message": "The resource you requested could not be found."}
        return reply_json(told, status=404, headers=limits)
    if call.header("authorization") != f"Bearer {account.fields['token']}" or account.revoked:
        told = {"id": "unauthorized", "message": "Unable to authenticate you."}
        return reply_json(told, status=401, headers=limits)
    with exact():
        owed = -account.balances["USD"]
        figures = {
            "month_to_date_balance": amount_to_text(owed + _USAGE),
            "account_balance": amount_to_text(owed),
            "month_to_date_usage": amount_to_text(_USAGE),
            "generated_at": f"{datetime.fromtimestamp(int(call.time_s), UTC):%Y-%m-%dT%H:%M:%SZ}",
        }
    return reply_json(figures, headers=limits)


#: The sandbox part; its token has the form of a real one and opens nothing. A credit of 40 dollars is -40 there.
SANDBOX: Final = SandboxProvider(
    id="digitalocean",
    fields={"token": "dop_v1_made_up_0123456789abcdef0123456789abcdef"},
    balances={"USD": "40.00"},
    answer=answer,
)
