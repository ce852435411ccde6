"""A month of made-up accounts: every state there is, the same figures at every run. What `View` asks for, answered.

Every provider and account is made up. Figures come from a seeded generator and are exact.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs

from coffers_monitor.facts import Attempt, Figures, Place, Point
from coffers_monitor.web.view import Alert, Fetches, Threshold, Told, Watched

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DAYS = 30


@attrs.frozen
class Lasting:
    """A forecast."""

    verdict: str
    per_day: Decimal | None = None
    out_at: datetime | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    seen_days: float = 30.0


@attrs.frozen
class Expected:
    """A point of a forecast's line."""

    at: datetime
    expected: Decimal
    low: Decimal
    high: Decimal


class Tally:
    """Counts reads, as a store does."""

    def __init__(self) -> None:
        self.reads: list[Attempt] = []

    def add(self, attempt: Attempt) -> None:
        self.reads.append(attempt)

    def fetches(self) -> list[Fetches]:
        found: dict[tuple[str, str], list[Attempt]] = {}
        for read in self.reads:
            found.setdefault((read.account, read.provider), []).append(read)
        return [
            Fetches(*whose, Counter(one.error or "ok" for one in reads), sum(one.elapsed_s for one in reads))
            for whose, reads in found.items()
        ]


@attrs.define
class Month:
    """A view of what was made up; tests change what they are about."""

    watched: list[Watched] = attrs.field(factory=list)
    history: dict[Place, list[Point]] = attrs.field(factory=dict)
    forecasts: dict[Place, Lasting] = attrs.field(factory=dict)
    raised: dict[Place, list[Point]] = attrs.field(factory=dict)
    held: list[Alert] = attrs.field(factory=list)
    lines: dict[Place, list[Threshold]] = attrs.field(factory=dict)
    heard: list[Told] = attrs.field(factory=list)
    tally: Tally = attrs.field(factory=Tally)

    def accounts(self) -> Sequence[Watched]:
        return tuple(self.watched)

    def points(self, place: Place, since: datetime, until: datetime, *, at_most: int) -> Sequence[Point]:
        found = [point for point in self.history.get(place, ()) if since <= point.at <= until]
        step = max(1, len(found) // at_most)
        return [*found[::step], *(found[-1:] if step > 1 else ())]

    def runway(self, place: Place) -> Lasting:
        return self.forecasts.get(place, Lasting("not_enough_data", seen_days=0.1))

    def band(self, place: Place, until: datetime) -> Sequence[Expected]:
        forecast, last = self.runway(place), self.history[place][-1]
        if forecast.verdict != "estimate" or forecast.out_at is None:
            return ()
        line = []
        for number in range(21):
            at = last.at + (until - last.at) * number / 20
            ends = (forecast.out_at, forecast.earliest, forecast.latest)
            left = [max(Decimal(0), last.amount * Decimal(1 - (at - last.at) / (end - last.at))) for end in ends if end]
            line.append(Expected(at, *left))
        return line

    def top_ups(self, place: Place, since: datetime, until: datetime) -> Sequence[Point]:
        return [point for point in self.raised.get(place, ()) if since <= point.at <= until]

    def alerts(self) -> Sequence[Alert]:
        return tuple(self.held)

    def told(self) -> Sequence[Told]:
        return tuple(self.heard)

    def thresholds(self, place: Place) -> Sequence[Threshold]:
        return self.lines.get(place, ())

    def fetches(self) -> Sequence[Fetches]:
        return self.tally.fetches()

    def replace(self, account: str, **changes: object) -> None:
        """Change what is known of one account."""
        self.watched = [attrs.evolve(one, **changes) if one.account == account else one for one in self.watched]


def made_up_month(now: datetime = NOW) -> Month:
    """Ten accounts, one of each kind."""
    month = Month()
    month.heard = [
        Told(now - timedelta(minutes=7), "chat", "CRITICAL payouts USD: 41.87 USD left, below 50 USD", now),
        Told(now - timedelta(minutes=7), "mail", "CRITICAL payouts USD: 41.87 USD left, below 50 USD",
             next_try=now + timedelta(minutes=4), error="its server could not be reached"),
    ]  # fmt: skip
    _spending(month, now, "payouts", "acme", "USD", "41.870000", 130, top_up=400, alert="critical", warn="80", low="50")
    _spending(month, now, "chat-model", "wordsmith", "USD", "182.4417", 38, top_up=500, alert="warn", warn="200")
    _spending(month, now, "hosting", "cloudlet", "EUR", "1204.55", 27, top_up=1500)
    _still(month, now, "cold-wallet", "chainly", (
        Figures(Place("cold-wallet", "USDT", "TRC20", "main"), "asset", total=Decimal("1250000.000000")),
        Figures(Place("cold-wallet", "USDT", "ERC20", "main"), "asset", total=Decimal("20500.10"),
                available=Decimal("20000.10"), reserved=Decimal("500")),
        Figures(Place("cold-wallet", "ETH", "ERC20", "main"), "asset", total=Decimal("98765.000000000000000010")),
    ))  # fmt: skip
    _spending(month, now, "cards", "paywell", "CNY", "88123.40", 900, age=timedelta(hours=5))
    _spending(month, now, "gateway", "paywell", "USD", "930.00", 60)
    _fail(month, now, "gateway", "timeout", "no answer within 15 s", timedelta(minutes=50))
    _spending(month, now, "sms-west", "textline", "MESSAGES", "15320", 900, unit="credits")
    _fail(month, now, "sms-west", "auth", "the provider does not know this key", timedelta(hours=26))
    month.replace("sms-west", paused=True)
    _still(month, now, "reserve", "acme", (Figures(Place("reserve", "USD"), "money", Decimal("0.00")),))
    month.held.append(
        Alert("reserve", Place("reserve", "USD"), "unconfirmed", "below", now - timedelta(minutes=4),
              "everything was 0 after 5000.00; read again before it counts")
    )  # fmt: skip
    _still(month, now, "empty", "chainly", ())
    month.watched.append(Watched("new-one", "cloudlet", 900.0))
    return month


def many(count: int, now: datetime = NOW) -> Month:
    """`count` accounts, one in fifty in need of something, half of them with two rows."""
    month = Month()
    for number in range(count):
        name, alert = f"account-{number:05}", "critical" if number % 50 == 7 else None
        _spending(
            month, now, name, f"provider-{number % 12}", "USD", f"{100 + number}.25", 5 + number % 40, alert=alert
        )
        if number % 2:
            place = Place(name, "EUR")
            month.history[place] = month.history[Place(name, "USD")]
            last = month.watched[-1].last
            rows = (*last.rows, attrs.evolve(last.rows[0], place=place))
            month.watched[-1] = attrs.evolve(
                month.watched[-1], last=attrs.evolve(last, rows=rows), good=attrs.evolve(last, rows=rows)
            )
        if number % 50 == 8:
            _fail(month, now, name, "unavailable", "the provider answered 503", timedelta(minutes=40), only_last=True)
    return month


def _spending(
    month: Month, now: datetime, name: str, provider: str, currency: str, left: str, per_day: int, *,
    top_up: int = 0, alert: str | None = None, warn: str | None = None, low: str | None = None,
    unit: str = "money", age: timedelta = timedelta(minutes=2),
) -> None:  # fmt: skip
    place = Place(name, currency)
    dice = random.Random(name)
    digits = Decimal(1).scaleb(Decimal(left).as_tuple().exponent)
    amount, points = Decimal(left), []
    at = now - age
    while at > now - timedelta(days=DAYS):  # backwards: what was there before it was spent
        points.append(Point(at, amount))
        busy = 2 if 8 <= at.hour < 20 else 0 if at.weekday() > 4 else 1
        amount += (Decimal(per_day) / 24 * busy * dice.randrange(40, 160) / 100).quantize(digits)
        if top_up and amount > top_up * 2:
            month.raised.setdefault(place, []).append(Point(at, Decimal(top_up * 2 - 60)))
            amount -= top_up * 2 - 60
        at -= timedelta(hours=1)
    month.history[place] = points[::-1]
    days = float(Decimal(left) / per_day)
    month.forecasts[place] = Lasting(
        "estimate",
        Decimal(per_day),
        now + timedelta(days=days),
        now + timedelta(days=days * 0.8),
        now + timedelta(days=days * 1.4),
    )
    figures = Figures(place, unit, total=Decimal(left))  # type: ignore[arg-type]
    read = Attempt(name, provider, at=now - age, elapsed_s=0.21, rows=(figures,), as_of=now - age)
    month.watched.append(Watched(name, provider, 900.0, read, read))
    month.tally.add(read)
    for level, line in (("warn", warn), ("critical", low)):
        if line:
            month.lines.setdefault(place, []).append(Threshold(level, Decimal(line)))  # type: ignore[arg-type]
    if alert:
        text = f"{left} {currency} is below {low or warn or '150'}"
        month.held.append(Alert(name, place, alert, "below", now - timedelta(hours=3), text))  # type: ignore[arg-type]


def _still(month: Month, now: datetime, name: str, provider: str, rows: Iterable[Figures]) -> None:
    read = Attempt(name, provider, now - timedelta(minutes=7), 0.4, tuple(rows))
    month.watched.append(Watched(name, provider, 900.0, read, read))
    month.tally.add(read)
    for row in read.rows or ():
        steps = range(DAYS * 24, 0, -6)
        month.history[row.place] = [Point(now - timedelta(hours=step), row.spendable or Decimal(0)) for step in steps]
        month.forecasts[row.place] = Lasting("not_falling")


def _fail(
    month: Month, now: datetime, name: str, kind: str, message: str, since: timedelta, *, only_last: bool = False
) -> None:
    one = next(one for one in month.watched if one.account == name)
    bad = Attempt(name, one.provider, now - timedelta(minutes=3), 15.0, None, error=kind, message=message)
    good = attrs.evolve(one.good, at=now - since, as_of=None)
    month.replace(name, last=bad, good=good)
    if not only_last:
        month.tally.add(bad)
