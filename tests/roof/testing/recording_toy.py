"""The module of a made-up provider with a token, pages and rows, as text: recorded by the tests of recording."""

from __future__ import annotations

TOY = '''
"""The made-up provider `scribe`: a token, pages, rows."""
from datetime import datetime
from typing import Literal

import attrs
from coffers.plugin import (
    AccessToken, AuthError, Balance, Provider, Request, Secret, Snapshot, Valuation, amount_from_text, hookimpl,
    parse_json, refusal,
)

def _hex(_, attribute, value):
    bytes.fromhex(value.reveal())

@attrs.frozen
class Settings:
    purse: str = "main"
    number: int = 7
    region: Literal["north", "south"] = "north"
    only: str | None = attrs.field(default=None)
    @only.validator
    def _check(self, attribute, value):
        if value and " " in value and value[0] != chr(113):
            raise ValueError("a text with " + value)

@attrs.frozen
class ByKey:
    key: Secret
    login: str
    kind: Literal["old", "new"] = "new"
    shop: int | None = None

@attrs.frozen
class ByHex:
    pepper: Secret = attrs.field(validator=_hex)

def _oath(_, attribute, value):
    if value.reveal()[0] != chr(113):
        raise ValueError("not an oath")

@attrs.frozen
class ByOath:
    oath: Secret = attrs.field(validator=_oath)

times = iter(range(9999))

@hookimpl
def coffers_provider():
    return Provider(id="scribe", title="Scribe", docs="https://scribe.example/docs", settings=Settings,
                    base_urls={"api": "https://api.scribe.example"}, credentials=(ByKey, ByHex, ByOath),
                    token_step="login")

@hookimpl
def coffers_request(query):
    return Request("GET", "/" + query.step, query={"page": query.get("page"), "purse": query.settings.purse})

@hookimpl
def coffers_sign(request, credentials, attempt):
    if isinstance(credentials, ByOath):
        return request.seal()
    if isinstance(credentials, ByHex):
        return request.seal(headers={"X-Pepper": bytes.fromhex(credentials.pepper.reveal()).hex()})
    token = attempt.token.value.reveal() if attempt.token else credentials.key.reveal()
    return request.seal(headers={"X-Key": token, "X-Login": credentials.login})

@hookimpl
def coffers_parse(response, query):
    answer = parse_json(response.body)
    if response.status != 200:
        raise refusal(response, answer["message"], answer.get("code"), {"denied": AuthError})
    if query.step == "login":
        return AccessToken(Secret(answer["token"]), 60)
    rows = [Balance(row["currency"], total=amount_from_text(row["total"]), network=row.get("network"),
                    valuation=Valuation("USD", total=amount_from_text(row["usd"])) if "usd" in row else None)
            for row in answer["rows"] if query.settings.only in (None, row["currency"])]
    if "sum" in answer and amount_from_text(answer["sum"]) != sum(row.total for row in rows):
        rows.clear()
    if "count" in answer:
        rows = [Balance("USD", total=amount_from_text(str(answer["result"])))]
    time = answer.get("as_of")
    more = [query.then("balances", {"page": answer["next_page"]})] if answer.get("next_page") else []
    if "impure" in answer:
        more = [query.then("balances", {"page": "x", "time": str(next(times))})]
    return Snapshot(rows, None if time is None else datetime.fromisoformat(time), next=more)
'''
