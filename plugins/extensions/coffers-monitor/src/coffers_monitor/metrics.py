"""Metrics for Prometheus: what is known now, in its text format.

A series that is not known, or no longer holds, is absent; it must never turn 0. Prometheus keeps floating-point
numbers and nothing else: the exact amounts are on the page and in its API. No message, no secret becomes a label.

prometheus-client writes the text: the head of every family, and the labels of every account and balance once, for they
stay as they are. What is left for each scrape is to put values behind them. Where a thousand accounts took 160 ms,
they take 60 (`tests/web/page_cost.py`): checking and escaping the same ten thousand labels again was most of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, TypeAlias

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

import coffers

from .web.board import Board, Row, Standing, board
from .web.view import Fetches, View

__all__ = ["CONTENT_TYPE", "Metrics"]

#: What `Metrics.text` is.
CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4

#: Names and values; samples of different families share the very same.
_Labels: TypeAlias = dict[str, str]

#: A gauge for each kind of amount: adding up kinds makes no sense, so no label invites to it.
_AMOUNTS: Final = {
    "total": "Everything held.",
    "available": "What can be spent now.",
    "pending": "Under way and not settled.",
    "reserved": "Held back.",
    "spendable": "What can be spent as far as is known: available, else total.",
}


class Metrics(Collector):
    """All metrics of what a view knows, as they are when asked. A collector for any registry; safe between threads.

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
        self._texts: dict[tuple[str, ...], str] = {}

    def text(self) -> bytes:
        """The metrics in Prometheus's text format; see `CONTENT_TYPE`."""
        families = list(self.collect())
        texts = self._label_texts(families)
        heads = _written([Metric(one.name, one.documentation, one.type) for one in families])
        parts: list[str] = []
        for number, family in enumerate(families):
            parts += heads[number * 2 : number * 2 + 2]
            parts += [f"{one.name}{texts[id(one.labels)]} {float(one.value)!r}" for one in family.samples]
        return "\n".join([*parts, ""]).encode()

    def _label_texts(self, families: Sequence[Metric]) -> dict[int, str]:
        """How the labels of all samples are written, by the identity of the labels; what is new is written now."""
        every = {id(one.labels): one.labels for family in families for one in family.samples}
        keys = {ident: (*labels, *labels.values()) for ident, labels in every.items()}
        new, known = Metric("x", "", "gauge"), self._texts
        idents = [ident for ident, key in keys.items() if key not in known]
        for ident in idents:
            new.add_sample(new.name, every[ident], 0)
        lines = _written([new])[2:-1]
        fresh = {keys[ident]: line[1:].rpartition(" ")[0] for ident, line in zip(idents, lines, strict=True)}
        known = known | fresh if fresh else known
        if len(known) > 2 * len(keys):  # most of it is gone, and is forgotten
            known = {key: known[key] for key in keys.values()}
        self._texts = known
        return {ident: known[key] for ident, key in keys.items()}

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


class _Fixed(Collector):
    """Families that are there already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """These."""
        return self._families


def _written(families: Iterable[Metric]) -> list[str]:
    """How prometheus-client writes families: two lines of a head for each, then a line for each sample."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Fixed(families))
    return generate_latest(registry).decode().split("\n")  # alone: a label may hold other ends of lines


def _gauge(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"coffers_{name}", text)


def _put(family: Metric, labels: _Labels, value: float) -> None:
    family.add_sample(family.name, labels, value)


def _build() -> Metric:
    build = _gauge("build_info", "Always 1; tells the version of coffers.")
    _put(build, {"version": coffers.__version__}, 1)
    return build


# --- accounts ------------------------------------------------------------------------------------------------------


def _accounts(now_board: Board) -> Iterator[Metric]:
    up = _gauge("account_up", "Whether the latest read succeeded.")
    state = _gauge("account_state", "Always 1; the label tells the state it is in.")
    interval = _gauge("account_interval_seconds", "How often it is to be read.")
    success = _gauge("account_last_success_timestamp_seconds", "When it was last read.")
    attempt = _gauge("account_last_attempt_timestamp_seconds", "When it was last tried.")
    as_of = _gauge("account_as_of_timestamp_seconds", "The provider's own time of its figures.")
    alerts = _gauge("account_alerts", "How many alerts of the monitor's own rules hold.")
    for standing in now_board.standings:
        watched = standing.watched
        labels = {"provider": watched.provider, "account": watched.account}
        _put(interval, labels, watched.every_s)
        _put(state, labels | {"state": standing.state}, 1)
        if watched.last:
            _put(up, labels, watched.last.rows is not None)
            _put(attempt, labels, watched.last.at.timestamp())
        if watched.good:
            _put(success, labels, watched.good.at.timestamp())
        if watched.good and watched.good.as_of and standing.current:
            _put(as_of, labels, watched.good.as_of.timestamp())
        for level, count in _levels(standing).items():
            _put(alerts, labels | {"level": level}, count)
    yield from (up, state, interval, success, attempt, as_of, alerts)


def _levels(standing: Standing) -> Counter[str]:
    return Counter(
        alert.level for alerts in (standing.alerts, *(row.alerts for row in standing.rows)) for alert in alerts
    )


# --- balances ------------------------------------------------------------------------------------------------------


def _balances(now_board: Board, view: View) -> Iterator[Metric]:
    amounts = {kind: _gauge(f"balance_{kind}_amount", text) for kind, text in _AMOUNTS.items()}
    threshold = _gauge("balance_threshold_amount", "What must not be fallen below.")
    runway_threshold = _gauge("balance_threshold_seconds", "How long it must last at least.")
    runway = _gauge("balance_runway_seconds", "How long it will last.")
    earliest = _gauge("balance_runway_earliest_seconds", "How long it will last at least.")
    latest = _gauge("balance_runway_latest_seconds", "How long it will last at most.")
    expiry = _gauge("balance_expiry_timestamp_seconds", "When the credit is gone.")
    for standing, row, labels in _rows(now_board):
        for line in view.thresholds(row.figures.place):
            leveled = labels | {"level": line.level}
            if line.amount is not None:
                _put(threshold, leveled, float(line.amount))
            if line.runway_s is not None:
                _put(runway_threshold, leveled, line.runway_s)
        if not standing.current or row.is_unconfirmed:
            continue
        for kind, family in amounts.items():
            amount = getattr(row.figures, kind)
            if amount is not None:
                _put(family, labels, float(amount))
        if row.figures.expires_at is not None:
            _put(expiry, labels, row.figures.expires_at.timestamp())
        if row.forecast.verdict != "estimate":
            continue
        for when, family in (
            (row.forecast.out_at, runway),
            (row.forecast.earliest, earliest),
            (row.forecast.latest, latest),
        ):
            if when is not None:
                _put(family, labels, max(0.0, (when - now_board.at).total_seconds()))
    yield from (*amounts.values(), threshold, runway_threshold, runway, earliest, latest, expiry)


def _rows(now_board: Board) -> list[tuple[Standing, Row, _Labels]]:
    """Every row that its labels tell from all others: of two with the same labels nobody could say which is which."""
    rows = [(standing, row, _labels(standing, row)) for standing in now_board.standings for row in standing.rows]
    times = Counter(tuple(labels.values()) for _, _, labels in rows)
    return [one for one in rows if times[tuple(one[2].values())] == 1]


def _labels(standing: Standing, row: Row) -> _Labels:
    place, watched = row.figures.place, standing.watched
    return {
        "provider": watched.provider,
        "account": watched.account,
        "wallet": place.wallet,
        "network": place.network,
        "currency": place.currency,
        "unit": row.figures.unit,
    }


# --- reads ---------------------------------------------------------------------------------------------------------


def _fetches(fetches: Iterable[Fetches]) -> Iterator[Metric]:
    count = CounterMetricFamily("coffers_fetches", "Reads by outcome: ok, or the kind of the failure.")
    duration = SummaryMetricFamily("coffers_fetch_duration_seconds", "How long reads took.")
    for one in fetches:
        labels = {"provider": one.provider, "account": one.account}
        for outcome, times in one.outcomes.items():
            count.add_sample(f"{count.name}_total", labels | {"outcome": outcome}, times)
        duration.add_sample(f"{duration.name}_count", labels, sum(one.outcomes.values()))
        duration.add_sample(f"{duration.name}_sum", labels, one.elapsed_s)
    yield from (count, duration)
