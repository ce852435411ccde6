"""CryptoCloud's side of the protocol, for demos and tests. Rates, ids and icons are made up; never part of a read.

What no page tells is chosen here: every refusal is HTTP 401, a wrong path 404, a wrong method 405.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, exact, reply_json

#: Coins: code, short code, name, network, its full name, US dollars for one (made up).
_COINS: Final[Mapping[str, tuple[str, str, str, str, str]]] = {
    "USDT_TRC20": ("USDT", "Tether", "TRC20", "Tron", "1"),
    "USDT_ERC20": ("USDT", "Tether", "ERC20", "Ethereum", "1"),
    "USDT_TON": ("USDT", "Tether", "TON", "TON", "1"),
    "USDC_ERC20": ("USDC", "USD Coin", "ERC20", "Ethereum", "1"),
    "BTC": ("BTC", "Bitcoin", "BTC", "Bitcoin", "64000.5"),
    "ETH": ("ETH", "Ethereum", "ERC20", "Ethereum", "2500.25"),
    "LTC": ("LTC", "Litecoin", "LTC", "Litecoin", "80"),
    "TRX": ("TRX", "Tron", "TRC20", "Tron", "0.25"),
}


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Check path, method and key as documented, then answer every balance."""
    if call.path != "/v2/merchant/wallet/balance/all":
        return reply_json({"detail": "Not found."}, status=404)
    if call.method != "POST":
        return reply_json({"detail": f'Method "{call.method}" not allowed.'}, status=405)
    scheme, _, key = (call.header("authorization") or "").partition(" ")
    if scheme != "Token" or not key:
        return reply_json({"status": "error", "result": {"authorization": "Unauthorized request."}}, status=401)
    if key.count(".") != 2:  # not the three parts of a JWT
        return reply_json({"detail": "Invalid header padding"}, status=401)
    if key != account.fields["key"] or account.revoked:
        return reply_json({"detail": "Signature verification failed"}, status=401)
    rows = [_row(order, code, amount) for order, (code, amount) in enumerate(account.balances.items(), 1)]
    return reply_json({"status": "success", "result": rows})


def _row(order: int, code: str, amount: Decimal) -> dict[str, Any]:
    """One row with every documented member; an unknown coin lives on a network of its own, worth a dollar."""
    short, name, network, network_name, rate = _COINS.get(code, (code, code, code, code, "1"))
    icons = "https://cdn.cryptocloud.plus/img"
    with exact():
        dollars = amount * Decimal(rate)
    return {
        "currency": {
            "id": order,
            "code": code,
            "short_code": short,
            "name": name,
            "is_email_required": False,
            "stablecoin": short.startswith("USD"),
            "icon_base": f"{icons}/currency/{short}.svg",
            "icon_network": f"{icons}/currency_network/{code}.svg",
            "icon_qr": f"{icons}/stroke/{short}_STROKE.svg",
            "order": order,
            "obj_network": {
                "code": network,
                "id": order,
                "icon": f"{icons}/network/{network}.svg",
                "fullname": network_name,
            },
            "enable": True,
        },
        "balance_crypto": amount,
        "balance_usd": dollars,
        "available_balance": amount,
        "available_balance_usd": dollars,
    }


#: The sandbox part; its key has the form of a real one and opens nothing.
SANDBOX: Final = SandboxProvider(
    id="cryptocloud",
    fields={"key": "made-up-header.made-up-payload.made-up-signature"},
    balances={"USDT_TRC20": "10.0", "USDT_ERC20": "250.000001", "BTC": "0.12345678", "TRX": "0.0"},
    answer=answer,
)
