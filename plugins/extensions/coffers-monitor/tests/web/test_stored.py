"""The page's view over a real store: what is kept, judged and forecast, as the page asks for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from coffers import Account
from coffers_monitor.config import Settings
from coffers_monitor.facts import Attempt, Figures, Place
from coffers_monitor.notify import Channel
from coffers_monitor.parts import Parts
from coffers_monitor.rules import read_rules
from coffers_monitor.store import Store
from coffers_monitor.watching.books import Books
from coffers_monitor.watching.pace import Pace, Watched
from coffers_monitor.watching.plan import Plan
from coffers_monitor.web.app import make_app
from coffers_monitor.web.board import board
from coffers_monitor.web.serving import Place as Where
from coffers_monitor.web.serving import served
from coffers_monitor.web.stored import StoredView, serve_beside
from coffers_monitor.web.view import Threshold, Told

START = datetime(2026, 11, 1, tzinfo=UTC)
USD = Place("shop", "USD")
RULES: list[dict[str, Any]] = [
    {"account": "shop", "currency": "USD", "below": {"warn": "80", "critical": "50"}},
    {"runway_below": {"warn": "2d"}},
    {"unread_for": "3h"},
]


@attrs.define
class World:
    """A store, a config, and the view of both."""

    store: Store
    file: Path
    now: datetime = START
    provider: str = "acme"
    books: Books = attrs.field(init=False)
    view: StoredView = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.file.write_text("shop idle")
        self.books = Books(self.store, clock=lambda: self.now, tell=pytest.fail)
        self.books.follow(self.plan().parts.rules, (), {"shop": "acme", "idle": "acme"})
        self.view = StoredView(self.store, self.plan, clock=lambda: self.now, fresh_s=0)

    def plan(self) -> Plan:
        names = self.file.read_text().split()
        ours = [rule for rule in RULES if rule.get("account") in (None, *names)]
        rules, faults = read_rules(ours, accounts=names)
        assert not faults
        watched = {name: Watched(Account(name, self.provider), Pace(60, 300)) for name in names}
        return Plan(Settings(), watched, Parts(rules=rules))

    def reads(
        self, hours: float, *amounts: str, error: str | None = None, expires_at: datetime | None = None
    ) -> Attempt:
        self.now = START + timedelta(hours=hours)
        places = (USD, Place("shop", "EUR"))
        rows = tuple(
            Figures(place, total=Decimal(amount), expires_at=expires_at)
            for place, amount in zip(places, amounts, strict=False)
        )
        attempt = Attempt("shop", "acme", self.now, 0.5, None if error else rows, error=error, message=error or "")
        return self.books.enter(attempt).attempt


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Store.open(f"sqlite:///{tmp_path / 'monitor.sqlite3'}") as store:
        yield World(store, tmp_path / "names")


def test_accounts_are_those_of_the_config_in_its_order_read_or_not(world: World) -> None:
    good = world.reads(0, "100")
    bad = world.reads(1, error="timeout")
    shop, idle = world.view.accounts()
    assert (shop.account, shop.last, shop.good, shop.paused, shop.every_s) == ("shop", bad, good, False, 300)
    assert (idle.account, idle.last, idle.good) == ("idle", None, None)
    world.file.write_text("idle shop new")
    assert [one.account for one in world.view.accounts()] == ["idle", "shop", "new"]


def test_what_another_provider_said_of_an_account_of_that_name_is_not_shown(world: World) -> None:
    world.reads(0, "100")
    world.provider = "other"
    world.file.write_text("shop")
    [shop] = world.view.accounts()
    assert (shop.last, shop.good) == (None, None)


def test_an_account_is_paused_after_two_refusals_without_a_success_and_by_the_count_of_the_watch(world: World) -> None:
    world.store.note_configs({"shop": "as it is"}, START - timedelta(days=1))
    world.reads(0, "100")
    world.reads(1, error="auth")
    assert not world.view.accounts()[0].paused
    world.reads(2, error="timeout")
    world.reads(2.5, error="auth")
    assert world.view.accounts()[0].paused
    assert board(world.view, world.now).counts["paused"] == 1
    world.store.forgive("shop", START + timedelta(hours=3))  # somebody asked
    world.reads(3.5, error="auth")
    assert not world.view.accounts()[0].paused
    world.reads(4, "100")
    world.reads(5, error="auth")
    assert not world.view.accounts()[0].paused
    for minutes in range(1, 60):
        world.reads(5 + minutes / 60, error="network")
    world.reads(6, error="auth")
    assert world.view.accounts()[0].paused


def test_alerts_are_what_the_rules_hold_with_their_words(world: World) -> None:
    world.reads(0, "100", "5")
    assert world.view.alerts() == []
    world.reads(1, "60.50", "5")
    [alert] = world.view.alerts()
    assert (alert.place, alert.level, alert.rule, alert.since) == (USD, "warn", "below", START + timedelta(hours=1))
    assert alert.text == "60.50 USD left, below 80 USD"
    world.reads(2, error="timeout")
    world.reads(5, error="timeout")
    assert {(one.place, one.level, one.rule) for one in world.view.alerts()} == {
        (USD, "warn", "below"),
        (None, "critical", "unread_for"),
    }


def test_what_was_told_comes_with_what_became_of_it(world: World) -> None:
    channels = tuple(Channel(name=name, kind="apprise", address="env:CHAT") for name in ("chat", "mail", "pager"))
    world.books.follow(world.plan().parts.rules, channels, {"shop": "acme", "idle": "acme"})
    world.reads(0, "100", "5")
    assert world.view.told() == []
    world.reads(1, "60.50", "5")
    text, later = "WARN shop USD: 60.50 USD left, below 80 USD", world.now + timedelta(minutes=1)
    assert {one.channel: one for one in world.view.told()} == {
        name: Told(world.now, name, text, next_try=world.now) for name in ("chat", "mail", "pager")
    }
    due = {json.loads(one.text)["channel"]: one for one in world.store.notices_due(world.now)}
    world.store.notice_sent(due["chat"], later)
    world.store.notice_failed(due["mail"], "its server is away", later)
    world.store.notice_failed(due["pager"], "its server is away", None)
    assert {one.channel: (one.sent_at, one.next_try, one.error) for one in world.view.told()} == {
        "chat": (later, None, None),
        "mail": (None, later, "its server is away"),
        "pager": (None, None, "its server is away"),
    }
    world.file.write_text("idle")
    assert world.view.told() == []
    world.file.write_text("shop idle")
    world.now += timedelta(days=7, seconds=1)
    assert world.view.told() == []


def test_what_was_told_is_told_in_a_few_lines(world: World) -> None:
    channels = tuple(Channel(name=f"c{number}", kind="apprise", address="env:CHAT") for number in range(20))
    world.books.follow(world.plan().parts.rules, channels, {"shop": "acme", "idle": "acme"})
    world.reads(0, "60.50", "5")
    assert len(world.view.told()) == 3
    with world.store.begin() as transaction:
        for number in range(5):  # of another program that shares the database
            transaction.put_notice(f"odd-{number}", "{}", world.now + timedelta(minutes=number))
    assert len(world.view.told()) == 3


def test_a_sudden_zero_is_unconfirmed_on_the_page_and_no_metric(world: World) -> None:
    world.reads(0, "100", "5")
    world.reads(1, "0", "0.00")
    assert {(one.place and one.place.currency, one.level) for one in world.view.alerts()} == {
        ("USD", "unconfirmed"),
        ("EUR", "unconfirmed"),
    }
    now = board(world.view, world.now)
    assert now.standings[0].state == "unconfirmed"
    with served(lambda: make_app(world.view, clock=lambda: world.now), Where(port=0)) as url:
        assert "coffers_balance_total_amount{" not in httpx.get(f"{url}metrics", timeout=60).text
        assert "Unconfirmed" in httpx.get(url, timeout=60).text
    world.reads(1.01, "0", "0.00")
    held = {(one.level, one.rule) for one in world.view.alerts() if one.place == USD}
    assert held == {("critical", "below"), ("warn", "runway_below")}


def test_thresholds_are_those_of_the_rules_that_decide(world: World) -> None:
    runway = Threshold("warn", runway_s=172_800)
    both = {Threshold("warn", Decimal(80)), Threshold("critical", Decimal(50)), runway}
    assert set(world.view.thresholds(USD)) == both
    assert world.view.thresholds(Place("idle", "USD")) == (runway,)


def test_forecasts_bands_and_top_ups_come_from_the_history(world: World) -> None:
    for hour in range(24 * 60):
        amount = 2000 - hour + (1000 if hour >= 300 else 0) + (1000 if hour >= 24 * 55 else 0)
        with world.store.begin() as transaction:
            rows = (Figures(USD, total=Decimal(amount)),)
            transaction.add(Attempt("shop", "acme", START + timedelta(hours=hour), 0.1, rows))
    world.now = START + timedelta(days=60)
    runway = world.view.runway(USD)
    assert runway.verdict == "estimate"
    assert runway.out_at is not None
    assert abs(runway.out_at - (world.now + timedelta(hours=2561))) < timedelta(days=5)
    line = world.view.band(USD, world.now + timedelta(days=30))
    assert line[0].expected == 2561
    assert abs(line[-1].expected - (2561 - 720)) < 40
    since = START + timedelta(days=1)
    assert [one.at for one in world.view.top_ups(USD, since, world.now)] == [
        START + timedelta(hours=300),
        START + timedelta(days=55),
    ]
    assert len(world.view.points(USD, START, world.now, at_most=1)) == 4
    soon = world.now + timedelta(days=3)
    world.reads(24 * 60, "560", expires_at=soon)
    assert world.view.runway(USD).out_at == soon


def test_reads_are_counted_by_their_outcome(world: World) -> None:
    world.reads(0, "100")
    world.reads(1, error="timeout")
    world.reads(2, "100")
    [one] = world.view.fetches()
    assert (one.account, one.provider, one.outcomes, one.elapsed_s) == ("shop", "acme", {"ok": 2, "timeout": 1}, 1.5)


Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def series_of(url: str, account: str) -> Series:
    """What Prometheus would get of an account: every series with its value."""
    answer = httpx.get(f"{url}metrics", timeout=60)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = [one for family in text_string_to_metric_families(answer.text) for one in family.samples]
    of_it = [one for one in samples if one.labels.get("account") == account]
    found = {(one.name, frozenset(one.labels.items())): one.value for one in of_it}
    assert len(found) == len(of_it)
    return found


def names_of(series: Series) -> set[str]:
    return {name.removeprefix("coffers_") for name, _ in series}


AMOUNTS = {"balance_total_amount", "balance_spendable_amount"}
RUNWAY = {"balance_runway_seconds", "balance_runway_earliest_seconds", "balance_runway_latest_seconds"}
ACCOUNT = {
    "account_up", "account_state", "account_interval_seconds", "account_last_success_timestamp_seconds",
    "account_last_attempt_timestamp_seconds", "balance_threshold_amount", "balance_threshold_seconds",
    "fetches_total", "fetch_duration_seconds_count", "fetch_duration_seconds_sum",
}  # fmt: skip


def test_series_vanish_rather_than_turn_0(world: World) -> None:
    for hour in range(48 * 2):
        world.reads(hour / 2, str(Decimal(1000) - hour))
    with served(lambda: make_app(world.view, clock=lambda: world.now, curves_every_s=0.1), Where(port=0)) as url:
        well = series_of(url, "shop")
        assert names_of(well) == AMOUNTS | RUNWAY | ACCOUNT
        labels = {
            "provider": "acme",
            "account": "shop",
            "wallet": "",
            "network": "",
            "currency": "USD",
            "unit": "money",
        }
        assert well["coffers_balance_spendable_amount", frozenset(labels.items())] == 905
        assert well["coffers_balance_threshold_amount", frozenset((labels | {"level": "critical"}).items())] == 50
        assert not [name for (name, _), value in well.items() if value == 0]

        world.reads(48, error="timeout")
        failed = series_of(url, "shop")
        assert names_of(failed) == ACCOUNT
        assert [name for (name, _), value in failed.items() if value == 0] == ["coffers_account_up"]

        world.reads(49, "0.00")  # after there was money: nobody believes it yet
        assert names_of(series_of(url, "shop")) == ACCOUNT | {"account_alerts"}
        world.reads(49.1, "0.00")
        assert series_of(url, "shop")["coffers_balance_spendable_amount", frozenset(labels.items())] == 0

        world.reads(50, "80", "7")  # another balance comes, and goes
        currencies = [dict(of).get("currency") for name, of in series_of(url, "shop") if name.endswith("total_amount")]
        assert sorted(map(str, currencies)) == ["EUR", "USD"]
        world.reads(51, "80")
        assert not [of for _, of in series_of(url, "shop") if ("currency", "EUR") in of]

        world.now += timedelta(hours=2)  # nobody reads any more
        assert not names_of(series_of(url, "shop")) & (AMOUNTS | RUNWAY)

        world.file.write_text("idle")
        assert series_of(url, "shop") == {}
        assert names_of(series_of(url, "idle")) == {"account_state", "account_interval_seconds"}


def test_the_providers_own_time_is_a_series_where_there_is_one(world: World) -> None:
    rows = (Figures(USD, total=Decimal(100)),)
    as_of = START - timedelta(hours=5)
    world.books.enter(Attempt("shop", "acme", START, 0.5, rows, as_of=as_of))
    with served(lambda: make_app(world.view, clock=lambda: world.now), Where(port=0)) as url:
        of_it = frozenset({("provider", "acme"), ("account", "shop")})
        assert series_of(url, "shop")["coffers_account_as_of_timestamp_seconds", of_it] == as_of.timestamp()


def test_a_memory_of_the_rules_that_cannot_be_read_is_no_alert(world: World) -> None:
    world.reads(0, "10")
    with world.store.begin() as transaction:
        transaction.put_state("shop", "nonsense")
    assert world.view.alerts() == []


def test_what_was_looked_up_stands_for_a_moment(world: World) -> None:
    world.reads(0, "100")
    view = StoredView(world.store, world.plan, clock=lambda: world.now, fresh_s=3600)
    before = view.accounts()
    world.reads(1, "90")
    assert view.accounts() == before != world.view.accounts()


def test_it_is_served_beside_a_watch(world: World) -> None:
    world.reads(0, "100.25")
    with serve_beside(world.store, world.plan, 0) as url:
        assert "100.25" in httpx.get(url, timeout=60).text
    with pytest.raises(httpx.TransportError):
        httpx.get(url, timeout=60)
