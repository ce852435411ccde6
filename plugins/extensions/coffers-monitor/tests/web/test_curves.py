"""What is kept between two pages, and that it is made afresh."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import attrs
import httpx
import pytest
from made_up_month import NOW, Lasting, Month
from served_page import Serve

from coffers_monitor.facts import Figures, Place, Point
from coffers_monitor.web import words
from coffers_monitor.web.board import board
from coffers_monitor.web.curves import Curves

PAYOUTS = Place("payouts", "USD")
LEFT = Figures(PAYOUTS, total=Decimal("41.87"))


@attrs.define
class Counting(Month):
    """A month that counts how often its history was asked for."""

    asked: list[Place] = attrs.field(factory=list)

    def points(self, place: Place, since: datetime, until: datetime, *, at_most: int) -> Sequence[Point]:
        self.asked.append(place)
        return super().points(place, since, until, at_most=at_most)


def counting(month: Month) -> Counting:
    return Counting(**{field.name: getattr(month, field.name) for field in attrs.fields(Month)})


def eventually(holds: Callable[[], bool]) -> None:
    limit = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_a_page_asks_for_no_history_twice(month: Month) -> None:
    view = counting(month)
    curves = Curves(view, lambda: NOW)
    for _ in range(3):
        assert curves.forecast(LEFT) is month.forecasts[PAYOUTS]
        assert curves.spark(PAYOUTS).startswith("<svg")
    assert view.asked == [PAYOUTS]


def test_everything_is_made_afresh_and_what_is_gone_is_forgotten(month: Month) -> None:
    view = counting(month)
    curves, stop = Curves(view, lambda: NOW), threading.Event()
    gone = Figures(Place("gone", "USD"), total=Decimal(1))
    curves.forecast(gone)
    curves.forecast(LEFT)
    view.forecasts[PAYOUTS] = Lasting("not_falling")
    assert curves.forecast(LEFT).verdict == "estimate"
    renewing = threading.Thread(target=curves.renew, args=(stop,))
    renewing.start()
    places = {row.place for one in view.watched if one.good for row in one.good.rows or ()}
    eventually(lambda: set(view.asked[2:]) == places)
    eventually(lambda: curves.forecast(LEFT).verdict == "not_falling")
    stop.set()
    renewing.join(60)
    assert not renewing.is_alive()
    view.asked.clear()
    assert curves.spark(gone.place) == ""
    curves.forecast(gone)
    assert view.asked == [gone.place]


def test_a_forecast_does_not_outlive_its_amount(month: Month) -> None:
    view = counting(month)
    curves = Curves(view, lambda: NOW)
    assert curves.forecast(LEFT).out_at is not None
    since = NOW - timedelta(hours=1)
    for amount, out_at in (("0", since), ("500", NOW + timedelta(days=9)), ("-1", since), ("0", since)):
        month.forecasts[PAYOUTS] = Lasting("estimate", Decimal(1), out_at)
        assert curves.forecast(Figures(PAYOUTS, total=Decimal(amount))).out_at == out_at
    assert len(view.asked) == 4
    curves.forecast(Figures(PAYOUTS))
    assert len(view.asked) == 5


def test_a_page_does_not_wait_for_a_thousand_forecasts(month: Month, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coffers_monitor.web.curves._PATIENCE_S", 0.0)
    month.held.clear()
    view = counting(month)
    curves = Curves(view, lambda: NOW)
    now_board = board(view, NOW, curves.forecast)
    assert now_board.is_pending
    assert now_board.first_out is None
    assert words.runway(curves.forecast(LEFT), NOW) == "being worked out"
    assert (curves.spark(PAYOUTS), view.asked) == ("", [])
    stop = threading.Event()
    renewing = threading.Thread(target=curves.renew, args=(stop,))
    renewing.start()
    eventually(lambda: not board(view, NOW, curves.forecast).is_pending)
    stop.set()
    renewing.join(60)
    first = board(view, NOW, curves.forecast).first_out
    assert first is not None
    assert first.figures.place == PAYOUTS


def test_the_page_says_that_forecasts_are_missing(serve: Serve, month: Month, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coffers_monitor.web.curves._PATIENCE_S", 0.0)
    monkeypatch.setattr(Curves, "renew", lambda self, stop: stop.wait())
    url = serve(month)
    said = httpx.get(url, timeout=60).text
    assert "Forecasts are still being worked out." in said
    assert "as far as can be told" not in said
    assert "coffers_balance_runway_seconds{" not in httpx.get(url + "/metrics", timeout=60).text
    runway = httpx.get(url + "/api/v1/accounts/payouts", timeout=60).json()["balances"][0]["runway"]
    assert (runway["verdict"], runway["out_at"]) == ("pending", None)


def test_a_database_that_is_away_for_a_while_ends_nothing(serve: Serve, month: Month) -> None:
    @attrs.define
    class Away(Counting):
        away: bool = True

        def accounts(self) -> Sequence[object]:  # type: ignore[override]
            if self.away:
                raise OSError("no database")
            return super().accounts()

    view = Away(**{field.name: getattr(month, field.name) for field in attrs.fields(Month)})
    url = serve(view)
    assert httpx.get(url, timeout=60).status_code == 500
    view.away = False
    assert httpx.get(url, timeout=60).status_code == 200
