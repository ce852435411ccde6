"""What the made-up providers document: the inputs and the answer of each case; the rest is recorded from a plugin."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from coffers.testing.vectors import load_cases, write_case

__all__ = ["CASES", "recorded"]

Files = Mapping[str, Any]

PAGE: Final = "HTTP/1.1 200 OK\nContent-Type: text/html\n\n<!doctype html><html><body>Welcome</body></html>"
DOWN: Final = "HTTP/1.1 502 Bad Gateway\nContent-Type: text/html\n\n<html><body>Bad gateway</body></html>"
ATTEMPT: Final = {"time_ms": 1700000000000, "nonce": 7}


def _json(value: object, status: str = "200 OK") -> str:
    return f"HTTP/1.1 {status}\nContent-Type: application/json\n\n{json.dumps(value)}"


def _xml(text: str, status: str = "200 OK") -> str:
    return f"HTTP/1.1 {status}\nContent-Type: text/xml\n\n{text}\n"


def _lagoon() -> Mapping[str, Files]:
    signed = {"credentials.json": {"key": "made-up-key"}, "attempt.json": ATTEMPT}
    purses = '<purse id="main" currency="UAH">102.50</purse><purse id="spare" currency="UAH">-7.10</purse>'
    eur = '<purse id="main" currency="EUR">0.00</purse>'
    at = 'code="0" at="2023-11-14T23:13:20+02:00"'
    return {
        "balance": {**signed, "response.http": _xml(f"<reply {at}>{purses}{eur}</reply>")},
        "none": {"response.http": _xml(f"<reply {at}></reply>")},
        "wrong-key": {"response.http": _xml('<reply code="101">Unknown key</reply>')},
        "rejected": {"response.http": _xml('<reply code="400">Unknown format</reply>')},
        "malformed": {"response.http": _xml(f'<reply {at}><purse id="main" currency="UAH"></purse></reply>')},
        "page": {"response.http": PAGE},
        "down": {"response.http": DOWN},
    }


def _quarry() -> Mapping[str, Files]:
    signed = {
        "credentials.json": {"shop_id": "4711", "secret": "made-up-secret"},
        "attempt.json": ATTEMPT,
    }
    funds = {
        "USD": {"amount": 1230450, "hold": 2310, "scale": 2},
        "JPY": {"amount": 98700, "hold": 0, "scale": 0},
        "KWD": {"amount": 5507, "hold": 1205, "scale": 3},
    }
    reply = {"ts": 1700000000123, "funds": funds}
    return {
        "balance": {**signed, "response.http": _json({"status": 0, "data": reply})},
        "none": {"response.http": _json({"status": 0, "data": {**reply, "funds": {}}})},
        "wrong-key": {"response.http": _json({"status": 17, "text": "Bad signature"}, "401 Unauthorized")},
        "clock": {"response.http": _json({"status": 21, "text": "Clock"}, "400 Bad Request")},
        "malformed": {"response.http": _json({"status": 0, "data": {"ts": 1700000000123}})},
        "page": {"response.http": PAGE},
        "down": {"response.http": DOWN},
    }


def _harbour() -> Mapping[str, Files]:
    login = {"user": "made-up-user", "password": "made-up-password"}
    token = {"value": "made-up-token", "lifetime_s": 3600}
    signed = {"credentials.json": login, "attempt.json": {**ATTEMPT, "token": token}}

    def coin(name: str, chain: str, free: str, locked: str, **more: Any) -> dict[str, Any]:
        return {"coin": name, "chain": chain, "free": free, "locked": locked, **more}

    first = [
        coin("usdt", "tron", "120.50", "7.20", usd="127.70"),
        coin("usdt", "ethereum", "3.000100", "0"),
    ]
    second = [coin("BTC", "bitcoin", "0.00120000", "0.00000000")]
    book = [{"name": "spot", "coins": first}, {"name": "earn", "coins": second}]
    link = "https://api.harbour.example/book?after=k2"
    return {
        "login": {
            "query.json": {"step": "login"},
            "credentials.json": login,
            "attempt.json": ATTEMPT,
            "response.http": _json({"error": None, "result": {"access_token": "made-up-token", "expires_in": 3600}}),
        },
        "balance": {
            **signed,
            "response.http": _json({"error": None, "result": {"places": book, "next": link}}),
        },
        "second": {
            **signed,
            "query.json": {"state": {"after": "k2"}},
            "response.http": _json({"error": None, "result": {"places": book[:1], "next": None}}),
        },
        "none": {"response.http": _json({"error": None, "result": {"places": [], "next": None}})},
        "no-coins": {
            "response.http": _json({"error": None, "result": {"places": [{"name": "spot", "coins": []}], "next": None}})
        },
        "wrong-key": {"response.http": _json({"error": "BAD_KEY"}, "401 Unauthorized")},
        "too-fast": {"response.http": _json({"error": "SLOW_DOWN"}, "429 Too Many Requests")},
        "malformed": {"response.http": _json({"error": None, "result": {"places": [{"name": "spot"}]}})},
        "page": {"response.http": PAGE},
        "down": {"response.http": DOWN},
    }


#: Of each provider.
CASES: Final[Mapping[str, Mapping[str, Files]]] = {"lagoon": _lagoon(), "quarry": _quarry(), "harbour": _harbour()}


def recorded(folder: Path, provider: str, plugin: Any) -> Path:
    """Write a provider's cases to a folder, recorded from a plugin of it; the vectors folder."""
    for name, files in CASES[provider].items():
        there = folder / provider / name
        there.mkdir(parents=True)
        for file, content in {"query.json": {}, **files}.items():
            (there / file).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    for case in load_cases(folder):
        write_case(case, plugin)
    return folder
