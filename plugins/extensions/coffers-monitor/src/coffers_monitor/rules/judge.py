"""The judgement: what was kept of an account and one more reading in, what is kept now and what there is to tell out.

Pure: no clock, no files, no network; `now` is given. What never happens here: a failed read is taken for a low balance;
a row that is missing, or tells no amount, is taken for 0; an amount of zero everywhere, after there was money, is
believed before a second answer says the same; one reading that is judged twice is told twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Protocol

import attrs

from coffers import exact
from coffers_monitor.facts import Attempt, Figures, Place

from .alarm import seen, settled, stepped
from .notice import Event, Forecast, Notice, Subject, notice_id
from .rule import Level, Rule, rules_of_account, rules_of_place
from .state import Alarm, Failure, Kept, Points, State

__all__ = ["FORGOTTEN_AFTER", "Judgement", "RunwayLike", "is_doubtful", "judge", "standing", "tick"]

#: When a place that is no longer in the answers is forgotten, its alarms with it.
FORGOTTEN_AFTER: Final = timedelta(days=90)

#: How finely the beginning of the window of `drops_by` is kept: so many parts. Bounds what is kept of it.
_PARTS: Final = 60

_VANISHED: Final = "vanished"
#: How a missing row is told: by the second answer in a row without it, once.
_VANISHED_RULE: Final = Rule(kind="below", confirmations=2, remind_every=None)


class RunwayLike(Protocol):
    """How long the money of a place will last, as the monitor's forecast answers."""

    @property
    def verdict(self) -> str:
        """``estimate``, ``not_falling`` or ``not_enough_data``."""
        ...

    @property
    def per_day(self) -> Decimal | None:
        """Spending a day."""
        ...

    @property
    def out_at(self) -> datetime | None:
        """When it runs out."""
        ...

    @property
    def earliest(self) -> datetime | None:
        """The early end of the honest interval."""
        ...

    @property
    def latest(self) -> datetime | None:
        """The late end of it."""
        ...


@attrs.frozen
class Judgement:
    """What came of a reading.

    Attributes:
        state: to be kept until the next one.
        notices: what there is to tell; stored together with the state, each is told once.
        read_again: whether the account should be read once more, soon: an answer is in doubt. It is asked for once.
        unconfirmed: whether this answer's amounts were set aside until the next one says the same.
    """

    state: State
    notices: tuple[Notice, ...] = ()
    read_again: bool = False
    unconfirmed: bool = False


def judge(
    rules: Sequence[Rule],
    state: State | None,
    attempt: Attempt,
    now: datetime,
    runway: Callable[[Place], RunwayLike | None],
) -> Judgement:
    """Judge one finished read, failed or not.

    A reading that was judged before, or that is older than one that was, changes nothing. Where the clock was put back
    since, what was kept is taken as of `now`.

    Args:
        rules: all of the config.
        state: what was kept; None for an account that is new.
        attempt: the reading.
        now: aware; not before the reading's end.
        runway: the forecast of a place with this reading in it, or None; asked only where it is needed.
    """
    state = State(attempt.account, born_at=attempt.at) if state is None else state
    judged_at = state.judged_at
    if judged_at is not None and (attempt.at == judged_at or attempt.at < judged_at <= now):
        return Judgement(state)
    state = attrs.evolve(_no_later(state, now), provider=attempt.provider, judged_at=attempt.at)
    if attempt.rows is None:
        since = state.failure.since if state.failure else attempt.at
        failure = Failure(since, attempt.error or "", attempt.message)
        return _told(rules, attrs.evolve(state, failure=failure), now, runway)
    state = attrs.evolve(state, read_at=attempt.at, failure=None)
    rows = _by_place(attempt.rows)
    if is_doubtful(state, attempt):
        doubted = attrs.evolve(state, doubted_at=attempt.at)
        return attrs.evolve(_told(rules, doubted, now, runway), read_again=True, unconfirmed=True)
    first_seen = state.doubted_at if _is_zero(rows) and state.doubted_at else attempt.at
    places = dict(state.places)
    missed_now = False
    for place in [*rows, *(place for place in state.places if place not in rows)]:
        kept = _read(rules, places.get(place), rows.get(place), attempt, first_seen, runway)
        missed_now |= kept.gone_at == attempt.at and bool(kept.figures.spendable)
        places[place] = kept
    state = attrs.evolve(state, places=places, doubted_at=None)
    return attrs.evolve(_told(rules, state, now, runway), read_again=missed_now)


def is_doubtful(state: State | None, attempt: Attempt) -> bool:
    """Whether `judge` would set this reading aside: 0 of everything after there was money, said for the first time."""
    if state is None or state.doubted_at is not None or not attempt.rows:
        return False
    return _is_zero(_by_place(attempt.rows)) and any(_amount(kept) > 0 for kept in state.places.values())


def tick(
    rules: Sequence[Rule],
    state: State | None,
    account: str,
    now: datetime,
    runway: Callable[[Place], RunwayLike | None] = lambda _: None,
) -> Judgement:
    """Judge what time alone brings about: unread accounts, credit about to expire, notices held back, reminders.

    Call it now and then for every account, read or not; called twice it tells nothing twice.
    """
    state = State(account, born_at=now) if state is None else _no_later(state, now)
    return _told(rules, state, now, runway)


# --- one row of one reading ----------------------------------------------------------------------------------------


def _by_place(rows: Iterable[Figures]) -> dict[Place, Figures]:
    """Rows by place. Of two rows that nothing tells apart the lower counts: they are not summed."""
    found: dict[Place, Figures] = {}
    for row in rows:
        known = None if row.place not in found else found[row.place].spendable
        if known is None or (row.spendable is not None and row.spendable < known):
            found[row.place] = row
    return found


def _is_zero(rows: Mapping[Place, Figures]) -> bool:
    """Whether every amount that the answer tells is zero."""
    amounts = [row.spendable for row in rows.values() if row.spendable is not None]
    return bool(amounts) and not any(amounts)


def _amount(kept: Kept) -> Decimal:
    """The amount that counts as money that was there; of a place that is gone, none does."""
    amount = kept.figures.spendable
    return Decimal(0) if amount is None or kept.gone_at is not None else amount


def _read(
    rules: Sequence[Rule],
    kept: Kept | None,
    row: Figures | None,
    attempt: Attempt,
    first_seen: datetime,
    runway: Callable[[Place], RunwayLike | None],
) -> Kept:
    """What is known of a place after a successful reading, with or without a row for it (one of the two is there)."""
    if kept is not None and (row is None or (row.spendable is None and kept.figures.spendable is not None)):
        return _missed(kept, attempt.at)
    assert row is not None
    place_rules = rules_of_place(rules, row.place)
    alarms = dict(kept.alarms) if kept else {}
    if _VANISHED in alarms:
        alarms[_VANISHED] = stepped(alarms[_VANISHED], Level.OK, confirmations=1, at=attempt.at)
    peaks = {} if kept is None else kept.peaks
    if row.spendable is not None:
        peaks = _peaks(peaks, place_rules, row.spendable, attempt.at)
    for rule in place_rules:
        alarm = alarms.get(rule.key, Alarm())
        level = _level(rule, alarm, row, peaks, attempt.at, runway)
        if level is not None:
            alarms[rule.key] = stepped(alarm, level, confirmations=rule.confirmations, at=first_seen)
    return Kept(row, attempt.at, attempt.as_of, None, peaks, alarms)


def _missed(kept: Kept, at: datetime) -> Kept:
    """A place that an answer does not hold: its alarms stay as they are. Where there was nothing, nothing is missed."""
    gone = attrs.evolve(kept, gone_at=kept.gone_at or at)
    if not kept.figures.spendable:
        return gone
    alarm = stepped(kept.alarms.get(_VANISHED, Alarm()), Level.WARN, confirmations=2, at=at)
    return attrs.evolve(gone, alarms={**kept.alarms, _VANISHED: alarm})


def _level(
    rule: Rule,
    alarm: Alarm,
    row: Figures,
    peaks: Mapping[int, Points],
    at: datetime,
    runway: Callable[[Place], RunwayLike | None],
) -> Level | None:
    """What the reading says about one rule; None where it says nothing."""
    amount = row.spendable
    if amount is None:
        return None
    if rule.kind == "below":
        return seen(rule, alarm.level, amount)
    if rule.kind == "drops_by" and rule.within is not None:
        peak = peaks[_seconds(rule.within)][0][1]
        with exact():
            if not rule.percent:
                return seen(rule, alarm.level, peak - amount)
            return seen(rule, alarm.level, (peak - amount) * 100, peak) if peak > 0 else Level.OK
    if rule.kind == "runway_below":
        left = _left(row.place, amount, alarm, at, runway)
        return left if left is None or isinstance(left, Level) else seen(rule, alarm.level, left)
    return None


def _left(
    place: Place, amount: Decimal, alarm: Alarm, at: datetime, runway: Callable[[Place], RunwayLike | None]
) -> timedelta | Level | None:
    """How long the money lasts; OK where it does not get less; None where nobody knows."""
    if amount <= 0 and alarm.level is not Level.OK:
        return timedelta(0)  # what has run out does not fall any more, and is not well for that
    found = runway(place)
    if found is None or found.verdict == "not_enough_data":
        return None
    if found.verdict == "not_falling":
        return Level.OK
    return None if found.out_at is None else found.out_at - at


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())


def _peaks(known: Mapping[int, Points], rules: Iterable[Rule], amount: Decimal, at: datetime) -> dict[int, Points]:
    """For each window: the highest amount in it first, then what will be the highest once that is too old."""
    made: dict[int, Points] = {}
    for within in {rule.within for rule in rules if rule.within is not None}:
        points = [point for point in known.get(_seconds(within), ()) if at - within <= point[0] and point[1] > amount]
        if len(points) > 1 and at - points[-2][0] < within / _PARTS:
            points.pop()
        made[_seconds(within)] = (*points, (at, amount))
    return made


# --- what time brings about, and what is told ----------------------------------------------------------------------


def _told(
    rules: Sequence[Rule], state: State, now: datetime, runway: Callable[[Place], RunwayLike | None]
) -> Judgement:
    """Step what time alone decides, then tell what is due."""
    notices: list[Notice] = []
    alarms: dict[str, Alarm] = {}
    last_read = state.read_at or state.born_at
    for rule in rules_of_account(rules, state.account):
        alarm = state.alarms.get(rule.key, Alarm())
        level = seen(rule, alarm.level, now - last_read)
        alarm = stepped(alarm, level, confirmations=1, at=last_read)
        alarms[rule.key], event = settled(alarm, rule, now)
        if event is not None:
            notices.append(_notice(state, None, rule, rule.kind, alarm, alarms[rule.key], event, now, runway))
    places: dict[Place, Kept] = {}
    for place, kept in state.places.items():
        if kept.gone_at is None or now - kept.gone_at < FORGOTTEN_AFTER:
            places[place] = _told_of(rules, state, place, kept, now, runway, notices)
    return Judgement(attrs.evolve(state, alarms=alarms, places=places), tuple(notices))


def _told_of(
    rules: Sequence[Rule],
    state: State,
    place: Place,
    kept: Kept,
    now: datetime,
    runway: Callable[[Place], RunwayLike | None],
    notices: list[Notice],
) -> Kept:
    """The same for one place; alarms of rules that are no more are forgotten."""
    place_rules = rules_of_place(rules, place)
    alarms: dict[str, Alarm] = {}
    for rule in place_rules:
        alarm = kept.alarms.get(rule.key, Alarm())
        if rule.kind == "expires_within" and kept.gone_at is None:
            alarm = _expiring(rule, alarm, kept, now)
        alarms[rule.key], event = settled(alarm, rule, now)
        if event is not None:
            notices.append(_notice(state, kept, rule, rule.kind, alarm, alarms[rule.key], event, now, runway))
    if place_rules and _VANISHED in kept.alarms:
        alarm = kept.alarms[_VANISHED]
        alarms[_VANISHED], event = settled(alarm, _VANISHED_RULE, now)
        if event is not None:
            notices.append(_notice(state, kept, None, _VANISHED, alarm, alarms[_VANISHED], event, now, runway))
    return attrs.evolve(kept, alarms={key: alarm for key, alarm in alarms.items() if not alarm.is_blank})


def standing(
    rules: Sequence[Rule], state: State, now: datetime, runway: Callable[[Place], RunwayLike | None] = lambda _: None
) -> tuple[Notice, ...]:
    """All that holds now, told or held back, as reminders; to be shown, never to be sent."""
    found: list[Notice] = []

    def look(kept: Kept | None, rule: Rule | None, subject: Subject, alarm: Alarm | None) -> None:
        if alarm is not None and alarm.level is not Level.OK:
            after = attrs.evolve(alarm, told=alarm.level)
            found.append(_notice(state, kept, rule, subject, alarm, after, "reminder", now, runway))

    for rule in rules_of_account(rules, state.account):
        look(None, rule, rule.kind, state.alarms.get(rule.key))
    for place, kept in state.places.items():
        for rule in rules_of_place(rules, place):
            look(kept, rule, rule.kind, kept.alarms.get(rule.key))
        look(kept, None, _VANISHED, kept.alarms.get(_VANISHED))
    return tuple(found)


def _expiring(rule: Rule, alarm: Alarm, kept: Kept, now: datetime) -> Alarm:
    """An alarm about credit that ends; where nothing is left, nothing is lost."""
    expires_at, amount = kept.figures.expires_at, kept.figures.spendable
    if expires_at is None or (amount is not None and amount <= 0):
        return stepped(alarm, Level.OK, confirmations=1, at=now)
    spans = [limit for _, limit in rule.limits() if isinstance(limit, timedelta)]
    level = seen(rule, alarm.level, expires_at - now)
    return stepped(alarm, level, confirmations=1, at=expires_at - max(spans))


def _notice(
    state: State,
    kept: Kept | None,
    rule: Rule | None,
    subject: Subject,
    before: Alarm,
    after: Alarm,
    event: Event,
    now: datetime,
    runway: Callable[[Place], RunwayLike | None],
) -> Notice:
    """The notice of a change from `before`, what was told so far, to `after`."""
    place = kept.figures.place if kept else None
    since = before.since or now
    key = rule.key if rule else subject
    facts: dict[str, Any] = {"read_at": state.read_at}
    if kept is not None:
        figures = kept.figures
        facts = {
            "amount": figures.spendable,
            "unit": figures.unit,
            "read_at": kept.read_at,
            "as_of": kept.as_of,
            "gone_at": kept.gone_at,
            "expires_at": figures.expires_at,
            "forecast": _forecast(runway(figures.place)),
        }
    if rule is not None:
        facts |= _limits(rule, max(after.told, before.told if event == "recovery" else Level.OK))
        if kept is not None and rule.within is not None and (points := kept.peaks.get(_seconds(rule.within))):
            facts |= {"peak_at": points[0][0], "peak": points[0][1], "within_s": _seconds(rule.within)}
    return Notice(
        id=notice_id(state.account, place, key, since, before.count + 1),
        event=event,
        subject=subject,
        level=after.told,
        before=before.told,
        account=state.account,
        provider=state.provider,
        place=place,
        since=since,
        at=now,
        failure=state.failure,
        **facts,
    )


def _limits(rule: Rule, level: Level) -> dict[str, Any]:
    limit = rule.limit(level)
    if limit is None:  # the config changed since
        limit = rule.limits()[0][1]
    if isinstance(limit, timedelta):
        return {"limit_s": _seconds(limit)}
    return {"limit": limit, "percent": rule.percent}


def _forecast(runway: RunwayLike | None) -> Forecast | None:
    if runway is None or runway.out_at is None:
        return None
    return Forecast(out_at=runway.out_at, earliest=runway.earliest, latest=runway.latest, per_day=runway.per_day)


# --- a clock that was put back -------------------------------------------------------------------------------------


def _no_later(state: State, now: datetime) -> State:
    """The state without times that lie ahead of `now`: they would silence everything until the clock is there again."""
    times = [state.born_at, state.judged_at, *(alarm.told_at for alarm in _every_alarm(state))]
    if all(time is None or time <= now for time in times):
        return state

    def held(when: datetime | None) -> datetime | None:
        return None if when is None else min(when, now)

    def alarms(known: Mapping[str, Alarm]) -> dict[str, Alarm]:
        return {
            key: attrs.evolve(alarm, since=held(alarm.since), told_at=held(alarm.told_at))
            for key, alarm in known.items()
        }

    places = {
        place: attrs.evolve(
            kept,
            read_at=min(kept.read_at, now),
            gone_at=held(kept.gone_at),
            peaks={
                window: tuple((min(at, now), amount) for at, amount in points) for window, points in kept.peaks.items()
            },
            alarms=alarms(kept.alarms),
        )
        for place, kept in state.places.items()
    }
    return attrs.evolve(
        state,
        born_at=min(state.born_at, now),
        judged_at=held(state.judged_at),
        read_at=held(state.read_at),
        doubted_at=held(state.doubted_at),
        failure=state.failure and attrs.evolve(state.failure, since=min(state.failure.since, now)),
        places=places,
        alarms=alarms(state.alarms),
    )


def _every_alarm(state: State) -> Iterable[Alarm]:
    yield from state.alarms.values()
    for kept in state.places.values():
        yield from kept.alarms.values()
