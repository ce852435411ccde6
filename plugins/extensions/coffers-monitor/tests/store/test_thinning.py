"""What is old gets less, what stays is as it was: lows, top-ups, failures and the last figure survive."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from coffers_monitor.facts import Attempt, Figures, Place, Point
from coffers_monitor.store import Keep, Store
from coffers_monitor.store.hours import day_of, hour_of

USD, EUR = Place("shop", "USD"), Place("shop", "EUR")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
KEEP = Keep(raw=2 * DAY, hourly=4 * DAY)


def read(at: datetime, dollars: int, euros: int = 1) -> Attempt:
    rows = (Figures(USD, total=Decimal(dollars)), Figures(EUR, available=Decimal(euros), total=Decimal(99)))
    return Attempt("shop", "acme", at, 0.1, rows)


def failed(at: datetime, kind: str) -> Attempt:
    return Attempt("shop", "acme", at, 0.1, None, error=kind, message="no")


def add(store: Store, *attempts: Attempt) -> None:
    with store.begin() as transaction:
        for attempt in attempts:
            transaction.add(attempt)


def month(start: datetime, days: int) -> list[Attempt]:
    """A read every ten minutes: it falls, with a top-up at noon, a low at 12:20 and failures in the evening."""
    found: list[Attempt] = []
    for number in range(days * 144):
        at = start + number * 10 * MINUTE
        if at.hour in (20, 21):
            found.append(failed(at, "timeout" if at.minute < 30 else "network"))
        else:
            found.append(read(at, -5 if (at.hour, at.minute) == (12, 20) else 5000 - number + 500 * (at.hour == 12)))
    return found


def m4(attempts: list[Attempt], place: Place) -> set[datetime]:
    points = [
        Point(one.at, row.spendable or Decimal()) for one in attempts for row in one.rows or () if row.place == place
    ]
    if not points:
        return set()
    low, high = (pick(points, key=lambda point: point.amount) for pick in (min, max))
    return {points[0].at, points[-1].at, low.at, high.at}


def expected(attempts: list[Attempt]) -> set[datetime]:
    """Which of the reads of a span stay, found the long way round."""
    stays = m4(attempts, USD) | m4(attempts, EUR)
    for kind in (None, "timeout", "network"):
        times = [one.at for one in attempts if one.error == kind]
        stays |= {times[0], times[-1]} if times else set()
    return stays


def test_each_age_keeps_what_it_shall(store: Store, now: datetime) -> None:
    today = day_of(now)
    history = month(today - 7 * DAY, 7)
    add(store, *history)
    before = store.points(USD, today - 7 * DAY, now, at_most=1000)
    gone = store.thin(now, KEEP)
    left = list(store.attempts("shop"))
    assert gone == len(history) - len(left) > 0
    assert all(one in history for one in left), "what stays is as it was"
    wanted: set[datetime] = set()
    for span_of, oldest, end in ((day_of, 7, 4), (hour_of, 4, 2)):
        spans: dict[datetime, list[Attempt]] = {}
        for one in history:
            if today - oldest * DAY <= one.at < today - end * DAY:
                spans.setdefault(span_of(one.at), []).append(one)
        assert len(spans) == (3 if span_of is day_of else 48)
        wanted = wanted.union(*map(expected, spans.values()))
    wanted |= {one.at for one in history if one.at >= today - 2 * DAY}
    assert {one.at for one in left} == wanted
    # Charts see the same ends, lows and top-ups, whether they look at hours or at reads.
    after = store.points(USD, today - 7 * DAY, now, at_most=1000)
    for few in (after, store.points(USD, today - 7 * DAY, now)):
        assert (few[0], few[-1]) == (before[0], before[-1])
        for day in {day_of(point.at) for point in before}:
            amounts = [[p.amount for p in some if day_of(p.at) == day] for some in (before, few)]
            assert (min(amounts[0]), max(amounts[0])) == (min(amounts[1]), max(amounts[1]))
    assert set(after) <= set(before)
    assert store.thin(now, KEEP) == 0, "once is enough"
    assert list(store.attempts("shop")) == left


def test_it_goes_on_where_it_was_stopped(store: Store, now: datetime) -> None:
    history = month(day_of(now) - 7 * DAY, 7)
    add(store, *history)
    steps, gone = 0, 0

    def stop() -> bool:
        nonlocal steps
        steps += 1
        return steps % 2 == 0

    for _ in range(20):
        gone += store.thin(now, KEEP, stop=stop)
    with_one_call = len(list(store.attempts("shop")))
    assert gone == len(history) - with_one_call
    assert store.thin(now, KEEP) == 0


def test_the_last_figure_stays_for_ever(store: Store, now: datetime) -> None:
    good, bad = read(now - 5 * HOUR, 7), failed(now - 4 * HOUR, "auth")
    add(store, read(now - 6 * HOUR, 8), good, *(failed(now - 5 * HOUR + n * MINUTE, "auth") for n in range(1, 60)), bad)
    store.thin(now + 9999 * DAY)
    assert store.latest() == {"shop": (bad, good)}
    assert good in list(store.attempts("shop"))


def test_what_comes_late_is_thinned_later(store: Store, now: datetime) -> None:
    start = day_of(now) - 7 * DAY
    add(store, *(read(start + n * MINUTE, 50 - n) for n in range(3)))
    store.thin(now, KEEP)
    late = [read(start + 5 * HOUR + n * MINUTE, 40 - n) for n in range(9)]
    add(store, *late)
    assert store.thin(now, KEEP) > 0
    points = store.points(USD, start, now)
    assert points == store.points(USD, start, now, at_most=100)
    assert (points[0].amount, points[-1].amount) == (50, 32)


def test_an_account_of_many_places_is_thinned_too(store: Store, now: datetime) -> None:
    places = [Place("shop", f"C{number}") for number in range(60)]
    start = day_of(now) - 3 * DAY
    for n in range(8):
        rows = tuple(Figures(place, total=Decimal(n)) for place in places)
        add(store, Attempt("shop", "acme", start + n * 20 * MINUTE, 0.1, rows))
    store.thin(now, KEEP)
    assert [point.amount for point in store.points(places[59], start, now)] == [0, 2, 3, 5, 6, 7]


def test_amounts_that_are_not_known_are_no_obstacle(store: Store, now: datetime) -> None:
    start = day_of(now) - 7 * DAY
    rows = (Figures(USD, pending=Decimal(3)),)
    add(store, *(Attempt("shop", "acme", start + n * MINUTE, 0.1, rows) for n in range(9)))
    store.thin(now, KEEP)
    assert [one.at for one in store.attempts("shop")] == [start, start + 8 * MINUTE]
    assert store.points(USD, start, now, at_most=9) == []


def test_notices_that_are_done_with_go_in_the_end(store: Store, now: datetime) -> None:
    with store.begin() as transaction:
        for name in ("sent", "given up", "waiting"):
            transaction.put_notice(name, "text", now)
    for notice in store.notices_due(now):
        if notice.id == "sent":
            store.notice_sent(notice, now)
        elif notice.id == "given up":
            store.notice_failed(notice, "no", None)
    store.thin(now + 3 * DAY, KEEP)
    assert len(store.notices()) == 3
    store.thin(now + 5 * DAY, KEEP)
    assert [notice.id for notice in store.notices()] == ["waiting"]


@pytest.mark.parametrize(("raw", "hourly"), [(0.5, 4), (5, 4)])
def test_keeping_is_as_long_as_it_can_be(raw: float, hourly: float) -> None:
    with pytest.raises(ValueError, match="must be kept"):
        Keep(raw=raw * DAY, hourly=hourly * DAY)
