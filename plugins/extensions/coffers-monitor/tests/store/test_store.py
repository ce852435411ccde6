"""What is stored comes back as it was, on both databases."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import count
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from coffers import KINDS, amount_to_text, one_line
from coffers_monitor.facts import Attempt, Figures, Place, Point
from coffers_monitor.store import Counted, Store, StoreError, WaitingNotices

USD = Place("shop", "USD")


def read(at: datetime, *amounts: str, place: Place = USD) -> Attempt:
    rows = tuple(Figures(place, total=Decimal(amount)) for amount in amounts)
    return Attempt(place.account, "acme", at, 0.25, rows)


def failed(at: datetime, kind: str = "network", account: str = "shop") -> Attempt:
    return Attempt(account, "acme", at, 0.25, None, error=kind, message="no answer", retry_after_s=30.0)


def add(store: Store, *attempts: Attempt) -> None:
    with store.begin() as transaction:
        for attempt in attempts:
            transaction.add(attempt)


# --- every digit ---------------------------------------------------------------------------------------------------

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EXPONENTS = st.integers(-60, 60).map(str)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5.5))])
TIMES = st.builds(lambda us, zone: (EPOCH + timedelta(microseconds=us)).astimezone(zone), st.integers(0, 2**52), ZONES)
DIGITS = st.text("0123456789", min_size=1, max_size=50)
AMOUNTS = st.builds(lambda sign, *parts: Decimal(sign + "E".join(parts)), st.sampled_from(["", "-"]), DIGITS, EXPONENTS)
WORDS = st.text(max_size=20).map(one_line)
SECONDS = st.floats(0, 1e9)
CODES = st.sampled_from(["USD", "EUR", "USDT", "Ⅎ", "Ñ1"])
NUMBERS = count()


@st.composite
def histories(draw: st.DrawFn) -> list[Attempt]:
    """Reads of one account that no other example has."""
    account = f"account-{next(NUMBERS)}"
    places = st.builds(Place, st.just(account), CODES, WORDS, WORDS)
    figures = st.builds(
        Figures,
        places,
        unit=st.sampled_from(["money", "asset", "credits"]),
        total=st.none() | AMOUNTS,
        available=st.none() | AMOUNTS,
        pending=st.none() | AMOUNTS,
        reserved=st.none() | AMOUNTS,
        expires_at=st.none() | TIMES,
    )
    provider, at = st.text(ascii_lowercase, min_size=1, max_size=3), st.none() | TIMES
    good = st.builds(Attempt, st.just(account), provider, TIMES, SECONDS, st.lists(figures, max_size=4).map(tuple), at)
    kinds = st.sampled_from(sorted(KINDS))
    bad = st.builds(
        Attempt, st.just(account), provider, TIMES, SECONDS, st.none(), at, kinds, WORDS, st.none() | SECONDS
    )
    return draw(st.lists(good | bad, min_size=1, max_size=6))


def texts(attempt: Attempt) -> list[list[str | None]]:
    """The digits, which equality of decimals does not look at."""
    amounts = [(row.total, row.available, row.pending, row.reserved) for row in attempt.rows or ()]
    return [[None if amount is None else amount_to_text(amount) for amount in row] for row in amounts]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
@given(history=histories())
def test_what_goes_in_comes_out(store: Store, history: list[Attempt]) -> None:
    account = history[0].account
    for attempt in history:
        add(store, attempt)
    found = list(store.attempts(account))
    assert [one.at for one in found] == sorted(one.at for one in history)
    assert list(store.attempts(account, newest_first=True)) == found[::-1]
    for one in found:
        history.remove(one)  # equal in everything
    assert history == []
    last, success = store.latest()[account]
    assert last.at == found[-1].at
    assert (success is None) == all(one.error is not None for one in found)
    assert success is None or success.at == max(one.at for one in found if one.error is None)
    assert store.places(account) == sorted({row.place for one in found for row in one.rows or ()})
    for place in store.places(account):
        named = [(one.at, [row.spendable for row in one.rows or () if row.place == place]) for one in found]
        expected = [Point(at, row[0]) for at, row in named if len(row) == 1 and row[0] is not None]
        points = store.points(place, found[0].at, found[-1].at)
        assert sorted(points, key=repr) == sorted(expected, key=repr)
        assert [point.at for point in points] == sorted(point.at for point in points)


@pytest.mark.parametrize(
    "amount", ["0.00", "-0.00", "1E+3", "12345678901234567890123456789012345678901234567890", "0.000000000000000001"]
)
def test_an_amount_has_the_digits_it_had(store: Store, now: datetime, amount: str) -> None:
    attempt = read(now, amount)
    add(store, attempt)
    [found] = store.attempts("shop")
    assert found == attempt
    assert texts(found) == texts(attempt)


def test_what_makes_no_sense_is_refused(store: Store, now: datetime) -> None:
    wrong = [
        attrs.evolve(read(now, "1"), error="auth"),
        attrs.evolve(failed(now), error=None),
        read(now.replace(tzinfo=None), "1"),
        attrs.evolve(read(now, "1"), as_of=now.replace(tzinfo=None)),
        read(now, "NaN"),
        attrs.evolve(read(now, "1"), account="other"),
    ]
    for attempt in wrong:
        with pytest.raises(ValueError), store.begin() as transaction:
            transaction.add(attempt)
    assert store.accounts() == []


# --- all or nothing ------------------------------------------------------------------------------------------------


def test_a_block_that_fails_leaves_nothing(store: Store, now: datetime) -> None:
    def fail() -> None:
        with store.begin() as transaction:
            transaction.add(read(now, "5"))
            transaction.put_state("shop", "{}")
            transaction.put_notice("low", "text", now)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert (store.accounts(), store.latest(), store.places(), store.notices()) == ([], {}, [], [])
    with store.begin() as transaction:
        assert transaction.state("shop") is None


def test_a_transaction_sees_what_it_wrote(store: Store, now: datetime) -> None:
    with store.begin() as transaction:
        transaction.add(read(now, "5"))
        transaction.put_state("shop", '{"warned": 1}')
        transaction.put_state("shop", '{"warned": 2}')
        assert transaction.state("shop") == '{"warned": 2}'
        assert transaction.state("other") is None
        assert transaction.places("shop") == [USD]
        assert transaction.points(USD, now, now) == [Point(now, Decimal(5))]
    with store.begin() as transaction:
        assert transaction.state("shop") == '{"warned": 2}'


def test_a_store_may_be_used_after_it_was_closed(store: Store, now: datetime) -> None:
    store.close()
    add(store, read(now, "5"))
    assert store.accounts() == ["shop"]


# --- what is the last ----------------------------------------------------------------------------------------------


def test_a_failed_read_hides_no_figure(store: Store, now: datetime) -> None:
    good, bad = read(now, "5"), failed(now + timedelta(minutes=1))
    add(store, good)
    assert store.latest() == {"shop": (good, good)}
    add(store, bad, failed(now, "auth", "other"))
    assert store.latest() == {"other": (failed(now, "auth", "other"), None), "shop": (bad, good)}


def test_what_comes_late_is_not_the_last(store: Store, now: datetime) -> None:
    add(store, read(now, "5"))
    add(store, read(now - timedelta(hours=1), "6"))
    assert store.latest()["shop"][0] == read(now, "5")
    assert [point.amount for point in store.points(USD, now - timedelta(days=1), now)] == [6, 5]


def test_an_account_that_moves_to_another_provider_keeps_its_history(store: Store, now: datetime) -> None:
    before, after = read(now, "5"), attrs.evolve(failed(now + timedelta(days=1)), provider="initech")
    add(store, before)
    add(store, after)
    assert store.accounts() == ["shop"]
    assert list(store.attempts("shop")) == [before, after]
    assert store.latest() == {"shop": (after, before)}
    last = attrs.evolve(read(now + timedelta(days=2), "7"), provider="initech")
    add(store, last)
    assert store.latest() == {"shop": (last, last)}
    assert [point.amount for point in store.points(USD, now, last.at)] == [5, 7]
    assert [point.amount for point in store.points(USD, now, last.at, at_most=4)] == [5, 7]


def test_an_empty_account_is_no_failure(store: Store, now: datetime) -> None:
    add(store, read(now))
    [found] = store.attempts("shop")
    assert (found.rows, found.error) == ((), None)
    assert store.latest() == {"shop": (found, found)}


# --- points --------------------------------------------------------------------------------------------------------


def test_a_place_that_is_named_twice_has_no_point(store: Store, now: datetime) -> None:
    add(store, read(now, "5", "6"), read(now + timedelta(minutes=1), "7"))
    [twins, _] = store.attempts("shop")
    assert [row.total for row in twins.rows or ()] == [5, 6]
    until = now + timedelta(days=2)
    assert store.points(USD, now, until) == [Point(now + timedelta(minutes=1), Decimal(7))]
    assert store.points(USD, now - timedelta(days=2), until, at_most=4) == [
        Point(now + timedelta(minutes=1), Decimal(7))
    ]


def test_both_ends_of_a_time_belong_to_it(store: Store, now: datetime) -> None:
    times = [now + timedelta(hours=hour) for hour in range(5)]
    add(store, *(read(at, str(number)) for number, at in enumerate(times)))
    for at_most in (None, 100):
        assert [int(p.amount) for p in store.points(USD, times[1], times[3], at_most=at_most)] == [1, 2, 3]
    assert [int(one.rows[0].total or 0) for one in store.attempts("shop", times[1], times[3]) if one.rows] == [1, 2, 3]
    assert [one.at for one in store.attempts("shop", until=times[0])] == times[:1]
    assert store.points(attrs.evolve(USD, wallet="none"), times[0], times[4]) == []


def test_few_points_keep_the_ends_the_low_and_the_top_up(store: Store, now: datetime) -> None:
    start = now - timedelta(days=10)
    amounts = [1000 - number for number in range(10 * 24 * 4)]
    amounts[300], amounts[500:] = -7, [amount + 900 for amount in amounts[500:]]
    times = [start + timedelta(minutes=15) * number for number in range(len(amounts))]
    add(store, *(read(at, str(amount)) for at, amount in zip(times, amounts, strict=True)))
    every = store.points(USD, start, now)
    assert [int(point.amount) for point in every] == amounts
    few = store.points(USD, start, now, at_most=24)
    assert len(few) <= 24
    assert set(few) <= set(every)
    assert few == sorted(few, key=lambda point: point.at)
    assert {every[0], every[-1], every[300], every[500], every[499]} <= set(few)
    assert store.points(USD, start, now, at_most=100_000)[0] == every[0]
    with pytest.raises(ValueError):
        store.points(USD, start, now, at_most=3)


@pytest.fixture
def many(store: Store, now: datetime) -> Store:
    """More reads than a page holds, some of one and the same time."""
    add(store, *(read(now + timedelta(seconds=number // 3), str(number)) for number in range(650)))
    return store


def test_any_number_of_reads_comes_in_order_and_once(many: Store, now: datetime) -> None:
    forward = list(many.attempts("shop"))
    assert sorted(int(one.rows[0].total or 0) for one in forward if one.rows) == list(range(650))
    assert forward == sorted(forward, key=lambda one: one.at)
    assert list(many.attempts("shop", newest_first=True)) == forward[::-1]
    few = list(many.attempts("shop", now + timedelta(seconds=10), now + timedelta(seconds=100)))
    assert len(few) == 91 * 3


def test_no_question_looks_through_whole_tables(tmp_path: Path, now: datetime) -> None:
    """Whatever the planner of SQLite makes of tables that it knows nothing of yet."""
    asked: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, values: Any, ___: Any, many: bool) -> None:
        asked.append((statement, values[0] if many else values))

    file = tmp_path / "monitor.sqlite3"
    with Store.open(f"sqlite:///{file}") as store:
        add(store, *(read(now + timedelta(hours=hour), str(hour)) for hour in range(50)))
        event.listen(store._engine, "before_cursor_execute", note)
        add(store, read(now, "5"), failed(now + timedelta(hours=51)))
        store.latest()
        store.places("shop")
        store.points(USD, now, now + timedelta(days=3))
        store.points(USD, now, now + timedelta(days=3), at_most=9)
        for newest_first in (True, False):
            assert len(list(store.attempts("shop", newest_first=newest_first))) == 52
        store.thin(now + timedelta(days=999))
    plans: list[str] = []
    with closing(sqlite3.connect(file)) as connection:
        for statement, values in asked:
            if statement.startswith(("SELECT", "UPDATE", "DELETE")):
                plans += [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert [plan for plan in plans if "SEARCH coffers_figure" in plan]
    assert [
        plan for plan in plans if re.search("SCAN coffers_(attempt|figure|hour|place)|TEMP B-TREE FOR O", plan)
    ] == []


# --- the outbox ----------------------------------------------------------------------------------------------------


def test_a_notice_is_put_once_for_ever(store: Store, now: datetime) -> None:
    with store.begin() as transaction:
        assert transaction.put_notice("low", "first", now)
        assert not transaction.put_notice("low", "second", now)
    [notice] = store.notices_due(now)
    assert (notice.id, notice.text, notice.at, notice.attempts) == ("low", "first", now, 1)
    store.notice_sent(notice, now)
    with store.begin() as transaction:
        assert not transaction.put_notice("low", "third", now)
    assert store.notices_due(now + timedelta(days=9)) == []
    [kept] = store.notices()
    assert (kept.sent_at, kept.next_try, kept.text) == (now, None, "first")


def test_refusals_count_since_the_last_success_and_since_the_config_is_as_it_is(store: Store, now: datetime) -> None:
    def reads(minute: int, error: str | None, account: str = "shop") -> None:
        with store.begin() as transaction:
            rows = () if error is None else None
            transaction.add(Attempt(account, "acme", now + timedelta(minutes=minute), 0.1, rows, error=error))

    reads(-1, "auth")
    store.note_configs({"shop": "one", "other": "one"}, now)
    assert store.refusals() == {}, "what was before is of another config, for all that is known"
    reads(1, "auth")
    reads(2, "timeout")
    reads(3, "auth")
    reads(3, "auth", "other")
    store.note_configs({"shop": "one", "other": "two"}, now + timedelta(minutes=4))
    assert store.refusals() == {"shop": 2}
    reads(5, None)
    assert store.refusals() == {}
    reads(6, "auth")
    assert store.refusals() == {"shop": 1}
    store.forgive("shop", now + timedelta(minutes=7))
    store.forgive("nobody", now)
    assert store.refusals() == {}
    reads(8, "auth")
    assert store.refusals() == {"shop": 1}


def test_notices_wait_by_channel_and_are_handed_out_by_it(store: Store, now: datetime) -> None:
    assert store.notices_waiting(now) == []
    second, late = timedelta(seconds=1), now + timedelta(minutes=1)
    with store.begin() as transaction:
        transaction.put_notice("a", "text", now + second, channel="chat")
        transaction.put_notice("b", "text", now + second, channel="chat", urgent=True)
        transaction.put_notice("c", "text", now, channel="mail")
        transaction.put_notice("d", "text", now, channel="chat")
    waiting = [WaitingNotices("chat", now, now + second), WaitingNotices("mail", now, None)]
    for _ in range(2):  # nothing is taken
        assert store.notices_waiting(late) == waiting
    assert [one.id for one in store.notices_due(late, channel="chat", at_most=2)] == ["d", "a"]
    assert store.notices_waiting(late) == [WaitingNotices("chat", now + second, now + second), waiting[1]]
    assert store.notices_due(late, channel="pager") == []


def test_a_clock_that_is_set_back_keeps_no_notice_waiting(store: Store, now: datetime) -> None:
    year = timedelta(days=365)
    with store.begin() as transaction:
        transaction.put_notice("put", "text", now + year, channel="chat")
        transaction.put_notice("held", "text", now, channel="chat")
    assert len(store.notices_due(now + year)) == 2
    assert [one.id for one in store.notices_due(now)] == ["held", "put"]  # a lease until next year is none
    assert store.notices_due(now) == []


def test_a_notice_is_one_holders_until_the_lease_is_over(store: Store, now: datetime) -> None:
    with store.begin() as transaction:
        transaction.put_notice("low", "text", now)
    [first] = store.notices_due(now, lease=timedelta(seconds=60))
    assert store.notices_due(now + timedelta(seconds=59)) == []
    [second] = store.notices_due(now + timedelta(seconds=60))
    assert second.attempts == 2
    store.notice_failed(first, "too late: it is another's", None)
    assert store.notices()[0].last_error is None
    store.notice_failed(second, "the chat\nis gone", now + timedelta(hours=1))
    assert store.notices_due(now + timedelta(minutes=59)) == []
    assert store.notices_due(now) == []
    store.notices_hastened(now)
    [third] = store.notices_due(now)
    assert (third.attempts, store.notices()[0].last_error) == (3, "the chat is gone")
    store.notice_failed(third, "given up", None)
    assert store.notices_due(now + timedelta(days=9)) == []
    [kept] = store.notices(now)
    assert (kept.sent_at, kept.next_try, kept.attempts, kept.last_error) == (None, None, 3, "given up")
    assert store.notices(now + timedelta(microseconds=1)) == []


def test_the_longest_waiting_is_first(store: Store, now: datetime) -> None:
    with store.begin() as transaction:
        for number in (3, 1, 2):
            transaction.put_notice(str(number), "text", now + timedelta(seconds=number))
    late = now + timedelta(hours=1)
    assert [notice.id for notice in store.notices_due(late, at_most=2)] == ["1", "2"]
    assert [notice.id for notice in store.notices_due(late)] == ["3"]


# --- what is counted, what is unconfirmed --------------------------------------------------------------------------


def test_reads_are_counted_by_outcome_and_thinning_takes_none_away(store: Store, now: datetime) -> None:
    begin = now - timedelta(days=400)
    with store.begin() as transaction:
        for minute in range(30):
            transaction.add(Attempt("shop", "acme", begin + timedelta(minutes=minute), 0.25, ()))
        transaction.add(Attempt("shop", "acme", begin, 1.0, None, error="timeout"))
        transaction.add(Attempt("shop", "other", begin, 2.0, ()))
    wanted = [
        Counted("shop", "acme", "ok", 30, 7.5),
        Counted("shop", "acme", "timeout", 1, 1.0),
        Counted("shop", "other", "ok", 1, 2.0),
    ]
    assert store.counted() == wanted
    assert store.thin(now) > 0
    assert store.counted() == wanted


def test_what_is_unconfirmed_is_kept_as_that_and_is_no_point(store: Store, now: datetime) -> None:
    place = Place("shop", "USD")
    reads = [
        Attempt("shop", "acme", now + timedelta(minutes=step), 0.1, (Figures(place, total=Decimal(amount)),))
        for step, amount in enumerate((5, 0, 4))
    ]
    reads[1] = attrs.evolve(reads[1], unconfirmed=True)
    with store.begin() as transaction:
        for read in reads:
            transaction.add(read)
    assert list(store.attempts("shop")) == reads
    for at_most in (None, 100):
        points = store.points(place, now, now + timedelta(days=1), at_most=at_most)
        assert [point.amount for point in points] == [5, 4]


def test_what_the_rules_remember_is_handed_out_at_once(store: Store) -> None:
    with store.begin() as transaction:
        transaction.put_state("shop", "one")
        transaction.put_state("other", "two")
        transaction.put_state("shop", "three")
    assert store.states() == {"shop": "three", "other": "two"}


def test_a_value_the_database_refuses_is_known_from_one_that_is_away(store: Store) -> None:
    with pytest.raises(StoreError) as caught, store.begin() as transaction:
        transaction.put_state(None, "{}")  # type: ignore[arg-type]  # what no table may hold
    assert caught.value.refused
