"""The JSON API. Balances leave in the command line's own schema, made by the core; the rest is described in
`openapi.json`. Amounts are text with every digit; what is not known is null.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coffers import (
    KINDS,
    Account,
    Balance,
    Outcome,
    Snapshot,
    amount_to_text,
    balance_report,
    balances_report,
    time_to_text,
)
from coffers_monitor.facts import Attempt, Figures, Place

from .board import Board, Row, Standing
from .view import Alert, Forecast, View

__all__ = ["MONITOR_SCHEMA", "Api", "openapi", "to_outcome"]

#: The value of the key `schema` in what is not of the command line.
MONITOR_SCHEMA: Final = "coffers.monitor/1"

#: The most days of history in one answer, and about how many points.
_MOST_DAYS: Final = 366
_MOST_POINTS: Final = 2000


class Api:
    """Answers with JSON.

    Args:
        view: what is known.
        look: the board at this moment.
    """

    def __init__(self, view: View, look: Callable[[], Board]) -> None:
        self._view = view
        self._look = look

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/api/v1/balances", self._balances),
            Route("/api/v1/accounts", self._accounts),
            Route("/api/v1/accounts/{account}", self._account),
            Route("/api/v1/accounts/{account}/history", self._history),
            Route("/api/v1/openapi.json", self._openapi),
        ]

    def _balances(self, request: Request) -> Response:
        """The latest read of each account, as if the command line had just made it."""
        wanted = request.query_params.getlist("account")
        now_board = self._look()
        every = {one.account: one for one in self._view.accounts()}
        if not set(wanted) <= every.keys():
            raise HTTPException(404)
        outcomes = [to_outcome(one.last) for name, one in every.items() if one.last and (not wanted or name in wanted)]
        return JSONResponse(balances_report(outcomes, generated_at=now_board.at))

    def _accounts(self, _: Request) -> Response:
        now_board = self._look()
        return _answer(
            now_board, {"state": now_board.state, "accounts": [self._standing(one) for one in now_board.standings]}
        )

    def _account(self, request: Request) -> Response:
        now_board = self._look()
        return _answer(now_board, self._standing(_of(now_board, request)))

    def _history(self, request: Request) -> Response:
        now_board = self._look()
        standing = _of(now_board, request)
        asked = request.query_params
        rows = [row for row in standing.rows if _matches(row.figures.place, asked)]
        days = _days(asked.get("days", "30"))
        since, until = now_board.at - timedelta(days=days), now_board.at
        series: list[dict[str, Any]] = []
        for row in rows:
            place = row.figures.place
            points = self._view.points(place, since, until, at_most=_MOST_POINTS)
            told = [{"at": time_to_text(point.at), "spendable": amount_to_text(point.amount)} for point in points]
            series.append(_place(place) | {"unit": row.figures.unit, "points": told})
        account = {"account": standing.watched.account, "since": time_to_text(since), "until": time_to_text(until)}
        return _answer(now_board, account | {"series": series})

    def _openapi(self, _: Request) -> Response:
        return JSONResponse(openapi())

    # --- values ---------------------------------------------------------------------------------------------------

    def _standing(self, standing: Standing) -> dict[str, Any]:
        watched, failure = standing.watched, standing.failure
        return {
            "account": watched.account,
            "provider": watched.provider,
            "state": standing.state,
            "current": standing.current,
            "every_s": watched.every_s,
            "last_attempt": _time(watched.last.at if watched.last else None),
            "last_success": _time(watched.good.at if watched.good else None),
            "as_of": _time(watched.good.as_of if watched.good else None),
            "error": None if failure is None else {"kind": failure.error, "message": failure.message},
            "balances": [self._row(row) for row in standing.rows],
            "alerts": [_alert(alert) for alert in standing.alerts],
        }

    def _row(self, row: Row) -> dict[str, Any]:
        lines = [
            {"level": line.level, "amount": _amount(line.amount), "runway_s": line.runway_s}
            for line in self._view.thresholds(row.figures.place)
        ]
        return balance_report(to_balance(row.figures)) | {
            "state": row.state,
            "runway": _runway(row.forecast),
            "thresholds": lines,
            "alerts": [_alert(alert) for alert in row.alerts],
        }


@cache
def openapi() -> dict[str, Any]:
    """The description of the API, the core's own schema of balances in it, its parts as ``balances.…``."""
    described: dict[str, Any] = json.loads(files("coffers_monitor.web").joinpath("openapi.json").read_text("utf-8"))
    text = files("coffers").joinpath("schemas/balances-1.schema.json").read_text("utf-8")
    # Tools look for what is referred to among the components, not inside one of them.
    balances = json.loads(text.replace('"#/$defs/', '"#/components/schemas/balances.'))
    parts = {f"balances.{name}": part for name, part in balances.pop("$defs").items()}
    described["components"]["schemas"] |= {"Balances": balances} | parts
    return described


def to_outcome(attempt: Attempt) -> Outcome:
    """A kept read as the core tells it."""
    account = Account(attempt.account, attempt.provider)
    if attempt.rows is not None:
        snapshot = Snapshot(tuple(to_balance(row) for row in attempt.rows), attempt.as_of)
        return Outcome(account, attempt.at, attempt.elapsed_s, snapshot)
    kind = KINDS[attempt.error or "bad_response"]
    error = kind(attempt.message or "no reason was kept", retry_after_s=attempt.retry_after_s)
    return Outcome(account, attempt.at, attempt.elapsed_s, error=error)


def to_balance(figures: Figures) -> Balance:
    """Kept figures as the core's own value; details and valuations are not kept."""
    place = figures.place
    return Balance(
        place.currency,
        total=figures.total,
        available=figures.available,
        pending=figures.pending,
        reserved=figures.reserved,
        unit=figures.unit,
        network=place.network or None,
        wallet=place.wallet or None,
        expires_at=figures.expires_at,
    )


def _answer(now_board: Board, what: dict[str, Any]) -> Response:
    return JSONResponse({"schema": MONITOR_SCHEMA, "generated_at": time_to_text(now_board.at)} | what)


def _of(now_board: Board, request: Request) -> Standing:
    name = request.path_params["account"]
    found = next((one for one in now_board.standings if one.watched.account == name), None)
    if found is None:
        raise HTTPException(404)
    return found


def _matches(place: Place, asked: Any) -> bool:
    return all(asked.get(key, getattr(place, key)) == getattr(place, key) for key in ("currency", "network", "wallet"))


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 3 or not 1 <= int(text) <= _MOST_DAYS:
        raise HTTPException(400)
    return int(text)


def _place(place: Place) -> dict[str, Any]:
    return {"currency": place.currency, "network": place.network or None, "wallet": place.wallet or None}


def _alert(alert: Alert) -> dict[str, Any]:
    return {"level": alert.level, "rule": alert.rule, "since": time_to_text(alert.since), "text": alert.text}


def _runway(forecast: Forecast) -> dict[str, Any]:
    return {
        "verdict": forecast.verdict,
        "per_day": _amount(forecast.per_day),
        "out_at": _time(forecast.out_at),
        "earliest": _time(forecast.earliest),
        "latest": _time(forecast.latest),
        "seen_days": forecast.seen_days,
    }


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else amount_to_text(amount)


def _time(when: datetime | None) -> str | None:
    return None if when is None else time_to_text(when)
