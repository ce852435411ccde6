"""Metrics: what is there, and above all what is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from made_up_month import NOW, Lasting, Month
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from coffers_monitor.facts import Attempt, Figures, Place
from coffers_monitor.metrics import Metrics
from coffers_monitor.web.view import Watched

USD = {"currency": "USD", "network": "", "unit": "money", "wallet": ""}


def samples(month: Month) -> Iterator[Sample]:
    for family in text_string_to_metric_families(Metrics(month, clock=lambda: NOW).text().decode()):
        yield from family.samples


def values(month: Month, name: str, **labels: str) -> list[float]:
    return [one.value for one in samples(month) if one.name == name and labels.items() <= one.labels.items()]


def as_the_library_writes_it(metrics: Metrics) -> str:
    registry = CollectorRegistry()
    registry.register(metrics)
    return generate_latest(registry).decode()


def test_the_text_is_what_prometheus_client_writes_of_the_same_metrics(month: Month) -> None:
    """But for the form of the numbers, which are the same."""
    odd = 'a"b\\c\nd{e}, ü \u2028 \x85 x="1"'
    place = Place("odd", "USD", odd, odd)
    read = Attempt("odd", odd, NOW, 0.5, (Figures(place, total=Decimal("1E+30")),), as_of=NOW)
    metrics = Metrics(month, clock=lambda: NOW)
    for watched in (month.watched, [*month.watched, Watched("odd", odd, 900.0, read, read)], month.watched[2:], []):
        month.watched = list(watched)
        for _ in range(2):
            ours, theirs = metrics.text().decode(), as_the_library_writes_it(metrics)
            cut = [[line.rpartition(" ")[0] for line in text.split("\n")] for text in (ours, theirs)]
            assert cut[0] == cut[1]
            assert list(text_string_to_metric_families(ours)) == list(text_string_to_metric_families(theirs))


def test_each_kind_of_amount_is_a_gauge_of_its_own(month: Month) -> None:
    place = {"network": "ERC20", "wallet": "main", "currency": "USDT", "unit": "asset"}
    labels = {"account": "cold-wallet", "provider": "chainly"} | place
    found = {one.name: one.value for one in samples(month) if one.labels == labels}
    assert found == {
        "coffers_balance_total_amount": 20500.10,
        "coffers_balance_available_amount": 20000.10,
        "coffers_balance_reserved_amount": 500,
        "coffers_balance_spendable_amount": 20000.10,
    }


@pytest.mark.parametrize("account", ["gateway", "sms-west", "cards", "new-one"])
def test_what_does_not_hold_is_absent(month: Month, account: str) -> None:
    names = {one.name for one in samples(month) if one.labels.get("account") == account}
    assert not {name for name in names if name.startswith("coffers_balance")}
    assert "coffers_account_interval_seconds" in names
    assert values(month, "coffers_account_up", account=account) == {"cards": [1], "new-one": []}.get(account, [0])


def test_a_failed_read_makes_series_vanish_and_nothing_0(month: Month) -> None:
    payouts = next(one for one in month.watched if one.account == "payouts")
    before = list(samples(month))
    failed = Attempt("payouts", "acme", NOW, 15.0, None, error="timeout", message="no answer")
    month.replace("payouts", last=failed)
    after = list(samples(month))
    assert {one.name for one in before if one.labels.get("account") == "payouts"} - {
        one.name for one in after if one.labels.get("account") == "payouts"
    } == {
        "coffers_account_as_of_timestamp_seconds",
        "coffers_balance_total_amount",
        "coffers_balance_spendable_amount",
        "coffers_balance_runway_seconds",
        "coffers_balance_runway_earliest_seconds",
        "coffers_balance_runway_latest_seconds",
    }
    zero = [one.name for one in after if one.labels.get("account") == "payouts" and one.value == 0]
    assert zero == ["coffers_account_up"]
    assert values(month, "coffers_account_last_success_timestamp_seconds", account="payouts") == [
        payouts.last.at.timestamp()
    ]


def test_a_0_is_told_once_it_is_confirmed(month: Month) -> None:
    assert values(month, "coffers_balance_spendable_amount", account="reserve") == []
    month.held.clear()
    assert values(month, "coffers_balance_spendable_amount", account="reserve") == [0]


def test_states_thresholds_alerts_and_runways(month: Month) -> None:
    assert {
        one.labels["account"]: one.labels["state"] for one in samples(month) if one.name == "coffers_account_state"
    } == {
        "payouts": "critical",
        "gateway": "failed",
        "sms-west": "paused",
        "cards": "stale",
        "reserve": "unconfirmed",
        "chat-model": "warn",
        "new-one": "waiting",
        "hosting": "ok",
        "cold-wallet": "ok",
        "empty": "ok",
    }
    assert values(month, "coffers_balance_threshold_amount", account="payouts", level="warn") == [80]
    assert values(month, "coffers_balance_threshold_amount", account="payouts", level="critical") == [50]
    assert values(month, "coffers_account_alerts", account="payouts", level="critical") == [1]
    assert values(month, "coffers_account_alerts", account="hosting") == []
    (runway,) = values(month, "coffers_balance_runway_seconds", account="payouts", **USD)
    assert runway == pytest.approx(float(Decimal("41.87") / 130) * 86400)


def test_a_runway_that_is_over_is_0_and_one_that_may_last_for_ever_has_no_end(month: Month) -> None:
    past = NOW - timedelta(hours=1)
    month.forecasts[Place("payouts", "USD")] = Lasting("estimate", Decimal(1), past, past, None)
    assert values(month, "coffers_balance_runway_seconds", account="payouts") == [0]
    assert values(month, "coffers_balance_runway_latest_seconds", account="payouts") == []
    assert values(month, "coffers_balance_runway_seconds", account="cold-wallet") == []


def test_counters(month: Month) -> None:
    assert values(month, "coffers_fetches_total", account="gateway", outcome="timeout") == [1]
    assert values(month, "coffers_fetches_total", account="gateway", outcome="ok") == [1]
    assert values(month, "coffers_fetch_duration_seconds_count", account="gateway") == [2]
    assert values(month, "coffers_fetch_duration_seconds_sum", account="gateway") == [pytest.approx(15.21)]


def test_two_rows_that_no_label_tells_apart_are_both_left_out() -> None:
    rows = (Figures(Place("shop", "USD"), total=Decimal(1)), Figures(Place("shop", "USD"), total=Decimal(2)))
    good = Attempt("shop", "acme", NOW, 0.1, (*rows, Figures(Place("shop", "EUR"), total=Decimal(3))))
    month = Month([Watched("shop", "acme", 900.0, good, good)])
    assert values(month, "coffers_balance_total_amount") == [3]


def test_no_text_of_a_provider_is_a_label(month: Month) -> None:
    bad = Attempt("hosting", "cloudlet", NOW, 1.0, None, error="rejected", message='what "they" said\n')
    month.replace("hosting", last=bad)
    month.tally.add(bad)
    text = Metrics(month, clock=lambda: NOW).text().decode()
    assert "they" not in text
    assert 'outcome="rejected"' in text
