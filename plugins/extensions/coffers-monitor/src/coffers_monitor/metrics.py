"""Metrics for Prometheus: what is known now, in its text format.

A series that is not known, or no longer holds, is absent; it must never turn 0. Prometheus keeps floating-point
numbers and nothing else: the exact amounts are on the page and in its API. No message, no secret becomes a label.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

import coffers

from .facts import Figures
from .web.board import Board, Row, Standing, board
from .web.view import Fetches, View

__all__ = ["CONTENT_TYPE", "Metrics"]

#: What `Metrics.text` is.
CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4

_ACCOUNT: Final = ("provider", "account")
_BALANCE: Final = ("provider", "account", "wallet", "network", "currency", "unit")

#: A gauge for each kind of amount: adding up kinds makes no sense, so no label invites to it.
_AMOUNTS: Final = {
    "total": "Everything held.",
    "available": "What can be spent now.",
    "pending": "Under way and not settled.",
    "reserved": "Held back.",
    "spendable": "What can be spent as far as is known: available, else total.",
}


class Metrics(Collector):
    """All metrics of what a view knows, as they are when asked. Has a registry of its own; safe between threads.

    Args:
        view: what is known.
        look: the board at this moment; None looks at the view, and asks it for every forecast.
        clock: the time.
    """

    def __init__(
        self,
        view: View,
        look: Callable[[], Board] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._view = view
        self._look = look or (lambda: board(view, clock()))
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def text(self) -> bytes:
        """The metrics in Prometheus's text format; see `CONTENT_TYPE`."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing is collected before somebody asks."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every family, at this moment."""
        now_board = self._look()
        yield _build()
        yield from _accounts(now_board)
        yield from _balances(now_board, self._view)
        yield from _fetches(self._view.fetches())


def _build() -> Metric:
    build = GaugeMetricFamily("coffers_build_info", "Always 1; tells the version of coffers.", labels=("version",))
    build.add_metric((coffers.__version__,), 1)
    return build


# --- accounts ------------------------------------------------------------------------------------------------------


def _accounts(now_board: Board) -> Iterator[Metric]:
    up = GaugeMetricFamily("coffers_account_up", "Whether the latest read succeeded.", labels=_ACCOUNT)
    state = GaugeMetricFamily(
        "coffers_account_state", "Always 1; the label tells the state it is in.", labels=(*_ACCOUNT, "state")
    )
    interval = GaugeMetricFamily("coffers_account_interval_seconds", "How often it is to be read.", labels=_ACCOUNT)
    success = GaugeMetricFamily(
        "coffers_account_last_success_timestamp_seconds", "When it was last read.", labels=_ACCOUNT
    )
    attempt = GaugeMetricFamily(
        "coffers_account_last_attempt_timestamp_seconds", "When it was last tried.", labels=_ACCOUNT
    )
    as_of = GaugeMetricFamily(
        "coffers_account_as_of_timestamp_seconds", "The provider's own time of its figures.", labels=_ACCOUNT
    )
    alerts = GaugeMetricFamily(
        "coffers_account_alerts", "How many alerts of the monitor's own rules hold.", labels=(*_ACCOUNT, "level")
    )
    for standing in now_board.standings:
        watched = standing.watched
        labels = (watched.provider, watched.account)
        interval.add_metric(labels, watched.every_s)
        state.add_metric((*labels, standing.state), 1)
        if watched.last:
            up.add_metric(labels, watched.last.rows is not None)
            attempt.add_metric(labels, watched.last.at.timestamp())
        if watched.good:
            success.add_metric(labels, watched.good.at.timestamp())
        if watched.good and watched.good.as_of and standing.current:
            as_of.add_metric(labels, watched.good.as_of.timestamp())
        for level, count in _levels(standing).items():
            alerts.add_metric((*labels, level), count)
    yield from (up, state, interval, success, attempt, as_of, alerts)


def _levels(standing: Standing) -> Counter[str]:
    every = (standing.alerts, *(row.alerts for row in standing.rows))
    return Counter(alert.level for alerts in every for alert in alerts)


# --- balances ------------------------------------------------------------------------------------------------------


def _balances(now_board: Board, view: View) -> Iterator[Metric]:
    amounts = {
        kind: GaugeMetricFamily(f"coffers_balance_{kind}_amount", text, labels=_BALANCE)
        for kind, text in _AMOUNTS.items()
    }
    threshold = GaugeMetricFamily(
        "coffers_balance_threshold_amount", "What must not be fallen below.", labels=(*_BALANCE, "level")
    )
    runway_threshold = GaugeMetricFamily(
        "coffers_balance_threshold_seconds", "How long it must last at least.", labels=(*_BALANCE, "level")
    )
    runway = GaugeMetricFamily("coffers_balance_runway_seconds", "How long it will last.", labels=_BALANCE)
    earliest = GaugeMetricFamily(
        "coffers_balance_runway_earliest_seconds", "How long it will last at least.", labels=_BALANCE
    )
    latest = GaugeMetricFamily(
        "coffers_balance_runway_latest_seconds", "How long it will last at most.", labels=_BALANCE
    )
    expiry = GaugeMetricFamily("coffers_balance_expiry_timestamp_seconds", "When the credit is gone.", labels=_BALANCE)
    for standing, row in _rows(now_board):
        labels = _labels(standing, row.figures)
        for line in view.thresholds(row.figures.place):
            if line.amount is not None:
                threshold.add_metric((*labels, line.level), float(line.amount))
            if line.runway_s is not None:
                runway_threshold.add_metric((*labels, line.level), line.runway_s)
        if not standing.current or any(alert.level == "unconfirmed" for alert in row.alerts):
            continue
        for kind, family in amounts.items():
            amount = getattr(row.figures, kind)
            if amount is not None:
                family.add_metric(labels, float(amount))
        if row.figures.expires_at is not None:
            expiry.add_metric(labels, row.figures.expires_at.timestamp())
        if row.forecast.verdict != "estimate":
            continue
        for when, family in (
            (row.forecast.out_at, runway),
            (row.forecast.earliest, earliest),
            (row.forecast.latest, latest),
        ):
            if when is not None:
                family.add_metric(labels, max(0.0, (when - now_board.at).total_seconds()))
    yield from (*amounts.values(), threshold, runway_threshold, runway, earliest, latest, expiry)


def _rows(now_board: Board) -> Iterator[tuple[Standing, Row]]:
    """Every row that its labels tell from all others: of two with the same labels nobody could say which is which."""
    rows = [(standing, row) for standing in now_board.standings for row in standing.rows]
    times = Counter(_labels(standing, row.figures) for standing, row in rows)
    return ((standing, row) for standing, row in rows if times[_labels(standing, row.figures)] == 1)


def _labels(standing: Standing, figures: Figures) -> tuple[str, ...]:
    place, watched = figures.place, standing.watched
    return (watched.provider, watched.account, place.wallet, place.network, place.currency, figures.unit)


# --- reads ---------------------------------------------------------------------------------------------------------


def _fetches(fetches: Iterable[Fetches]) -> Iterator[Metric]:
    count = CounterMetricFamily(
        "coffers_fetches", "Reads by outcome: ok, or the kind of the failure.", labels=(*_ACCOUNT, "outcome")
    )
    duration = SummaryMetricFamily("coffers_fetch_duration_seconds", "How long reads took.", labels=_ACCOUNT)
    for one in fetches:
        labels = (one.provider, one.account)
        for outcome, times in one.outcomes.items():
            count.add_metric((*labels, outcome), times)
        duration.add_metric(labels, count_value=sum(one.outcomes.values()), sum_value=one.elapsed_s)
    yield from (count, duration)
