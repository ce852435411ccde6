"""The provider's side of the HTTP API, and a taste of its other dialect for who forgets ``version``."""

from __future__ import annotations

import base64

from coffers.plugin import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply, amount_to_text


def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """Answer one call. Every verdict comes with HTTP 200."""
    if call.path != "/api/http.php":
        return SandboxReply(b"Not Found", status=404, content_type="text/plain")
    if call.method == "POST" and call.content_type == "application/x-www-form-urlencoded":
        parameters = call.form
    else:
        parameters = dict(call.query) if call.method == "GET" else {}
    amount = amount_to_text(next(iter(account.balances.values())))
    if account.revoked or not _known(parameters, account.fields):
        return _text("errors:Wrong login/password")
    if parameters.get("command") != "balance":
        return _text("errors:Unknown command")
    if parameters.get("version") not in ("http", "https"):
        return _text(base64.b64encode(f'a:1:{{s:7:"balance";d:{amount};}}'.encode(), b"-_").decode().replace("=", ","))
    return _text(f"balance:{amount}")


def _known(parameters: dict[str, str], fields: dict[str, str]) -> bool:
    names = ("key",) if "key" in fields else ("login", "password")
    return all(parameters.get(name) == fields[name] for name in names)


def _text(line: str) -> SandboxReply:
    return SandboxReply(f"{line}\n".encode(), content_type="text/plain; charset=utf-8")


SANDBOX = SandboxProvider(
    id="alphasms-http",
    fields={"key": "made-up-alphasms-key", "currency": "UAH"},
    balances={"UAH": "31.168300000000002"},
    answer=answer,
)
