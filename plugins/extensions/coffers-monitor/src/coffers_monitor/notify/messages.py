"""What is said: notices become a short title and a plain text that says what, how much, since when, for how long, what
to do. Pure. Never a secret, never a rounded amount, never an old number without its age.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from typing import Final

import attrs

from coffers import amount_to_text, exact, one_line
from coffers_monitor.facts import Place
from coffers_monitor.rules import Level, Notice

__all__ = ["Message", "headline", "message", "span_text", "summary", "time_text"]

#: Notices that are told one by one; what is beyond is counted and named.
_MOST_PARAGRAPHS: Final = 20
#: From so many on, notices that say the same of several accounts become one paragraph.
_ALIKE: Final = 4
_MOST_NAMES: Final = 15
_LONGEST_REASON: Final = 200

_ADVICE: Final[Mapping[str, str]] = {
    "below": "Top it up.",
    "runway_below": "Top it up before then.",
    "drops_by": "Look at what was spent, and whether somebody else uses the key.",
    "expires_within": "Use it, or have it extended, before then.",
    "vanished": "Look at the account at the provider. This is not 0: nothing is known of it.",
}

#: What to do about reads that fail, by the kind of the last failure.
_ADVICE_UNREAD: Final[Mapping[str, str]] = {
    "": "See whether `coffers watch` is running and this account is in its config.",
    "auth": "Renew the key, then have the account read again: `coffers watch --resume`, with its name.",
    "permission": "Have the key, or the address of this machine, allowed by the provider.",
    "config": "Run `coffers doctor`: it says what is wrong with the config.",
    "plugin": "Run `coffers doctor`: it says what is wrong with the plugin.",
    "clock": "Set the clock of this machine.",
    "bad_response": "See whether there is a newer version of the plugin.",
    "rejected": "Look at the account at the provider.",
    "unsupported": "Look at the account at the provider.",
}
#: What became of an alert that began earlier.
_TURNS: Final = {"worse": ", and got worse now", "better": ", and is better now, but not well"}

_ADVICE_WAIT: Final = "Wait, or look at the provider's status page; it is tried again and again."


@attrs.frozen
class Message:
    """A title of one line, and a plain text."""

    title: str
    text: str


def message(notices: Sequence[Notice], *, now: datetime, page: str | None = None) -> Message:
    """One message for all of `notices` (at least one), the worst first.

    Args:
        notices: what there is to tell, of any accounts.
        now: when it is told; ages are counted from here.
        page: the address of the monitor's page, to be named at the end.
    """
    notices = _newest(notices)
    ordered = sorted(notices, key=lambda notice: (-notice.level, notice.subject, notice.at, notice.account))
    # The title says already what happened to one; channels that know no titles put it before the text.
    parts = ["\n".join(_details(ordered[0], now))] if len(ordered) == 1 else _paragraphs(ordered, now)
    if page is not None:
        parts.append(f"All accounts: {page}")
    title = headline(ordered[0]) if len(ordered) == 1 else _summary(ordered)
    return Message(title, "\n\n".join(parts))


def _newest(notices: Sequence[Notice]) -> Sequence[Notice]:
    """Without those that a later one of the same alarm makes old; where that is its end, all of it is told."""
    last: dict[tuple[object, ...], Notice] = {}
    for notice in sorted(notices, key=lambda notice: notice.at):
        last[notice.account, notice.place, notice.subject] = notice
    newest = ((notice, last[notice.account, notice.place, notice.subject]) for notice in notices)
    return [notice for notice, newer in newest if newer is notice or newer.level is Level.OK]


def summary(notice: Notice) -> str:
    """In a few words what is the matter, without its level, account and place: for a list that has them."""
    return one_line(_what(notice))


def time_text(when: datetime) -> str:
    """``2026-11-21 03:00 UTC``."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def span_text(span: timedelta) -> str:
    """A span in its largest unit, rounded down: ``45 s``, ``15 min``, ``6 h``, ``12 days``."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit, until in ((86400, "days", 2 * 86400), (3600, "h", 3600), (60, "min", 60)):
        if seconds >= until:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


# --- titles --------------------------------------------------------------------------------------------------------


def _word(notice: Notice) -> str:
    return "OK" if notice.level is Level.OK else notice.level.word.upper()


def headline(notice: Notice) -> str:
    """One line: how bad, where, what."""
    still = "still " if notice.event == "reminder" else ""
    return one_line(f"{_word(notice)} {_where(notice)}: {still}{_what(notice)}")


def _summary(notices: Sequence[Notice]) -> str:
    counts = [
        f"{count} {'well again' if level is Level.OK else level.word}"
        for level in (Level.CRITICAL, Level.WARN, Level.OK)
        if (count := sum(notice.level is level for notice in notices))
    ]
    accounts = {notice.account for notice in notices}
    of = one_line(next(iter(accounts))) if len(accounts) == 1 else f"{len(accounts)} accounts"
    return f"coffers: {', '.join(counts)} ({of})"


def _where(notice: Notice) -> str:
    return notice.account if notice.place is None else f"{notice.account} {_place(notice.place)}"


def _place(place: Place) -> str:
    return " ".join(word for word in (place.currency, place.network, place.wallet) if word)


def _money(amount: Decimal, notice: Notice) -> str:
    currency = notice.place.currency if notice.place else ""
    return f"{amount_to_text(amount)} {currency}".rstrip()


def _what(notice: Notice) -> str:
    """In a few words what is the matter."""
    left = "an unknown amount" if notice.amount is None else _money(notice.amount, notice)
    well = notice.level is Level.OK
    if notice.subject == "below":
        return f"{left} left, {'no longer ' if well else ''}below {_limit(notice)}"
    if notice.subject == "runway_below":
        return f"{left} left, {'lasts longer than' if well else 'lasts less than'} {_limit(notice)}"
    if notice.subject == "drops_by":
        return f"{left} left, {'no longer falls so fast' if well else f'fell by {_fall(notice)}'}"
    if notice.subject == "expires_within":
        return f"{left} {'no longer about to expire' if well else f'expires {_time(notice.expires_at)}'}"
    if notice.subject == "vanished":
        return f"{'is' if well else 'is no longer'} in the provider's answer, {left}{'' if well else ' when last seen'}"
    return "is read again" if well else f"not read since {_time(notice.since)}"


def _limit(notice: Notice) -> str:
    if notice.limit_s is not None:
        return span_text(timedelta(seconds=notice.limit_s))
    if notice.limit is None:
        return "the limit"
    return f"{amount_to_text(notice.limit)} %" if notice.percent else _money(notice.limit, notice)


def _fall(notice: Notice) -> str:
    window = span_text(timedelta(seconds=notice.within_s or 0))
    if notice.peak is None or notice.amount is None:
        return f"{_limit(notice)} within {window}"
    with exact():
        fallen = notice.peak - notice.amount
    at_least = f" ({_limit(notice)} or more)" if notice.percent else ""
    return f"{_money(fallen, notice)}{at_least} within {window}"


def _time(when: datetime | None) -> str:
    return "at an unknown time" if when is None else time_text(when)


# --- paragraphs ----------------------------------------------------------------------------------------------------


def _paragraphs(notices: Sequence[Notice], now: datetime) -> list[str]:
    groups: dict[tuple[object, ...], list[Notice]] = {}
    for notice in notices:
        alike = (notice.level, notice.subject, notice.event, notice.provider, notice.failure and notice.failure.kind)
        groups.setdefault(alike, []).append(notice)
    parts: list[str] = []
    left: list[Notice] = []
    for group in groups.values():
        if group[0].subject == "unread_for" and len(group) >= _ALIKE:
            parts.append(_alike(group, now))
        elif len(parts) + len(group) <= _MOST_PARAGRAPHS:
            parts += [_paragraph(notice, now) for notice in group]
        else:
            left += group
    if left:
        parts.append(f"And {len(left)} more:\n" + "\n".join(headline(notice) for notice in left[:_MOST_NAMES]))
        if len(left) > _MOST_NAMES:
            parts[-1] += f"\nand {_names(notice.account for notice in left[_MOST_NAMES:])}"
    return parts


def _names(names: Iterable[str]) -> str:
    known = [one_line(name) for name in dict.fromkeys(names)]
    more = f" and {len(known) - _MOST_NAMES} more" if len(known) > _MOST_NAMES else ""
    return ", ".join(known[:_MOST_NAMES]) + more


def _alike(group: Sequence[Notice], now: datetime) -> str:
    """Many accounts of one provider that cannot be read, or can be again, for one reason: an outage is one thing."""
    first = min(group, key=lambda notice: notice.since)
    provider = f" of {one_line(first.provider)}" if first.provider else ""
    names = _names(notice.account for notice in group)
    if first.level is Level.OK:
        return f"OK: {len(group)} accounts{provider} are read again: {names}."
    still = "still " if first.event == "reminder" else ""
    lines = [f"{_word(first)}: {len(group)} accounts{provider} {still}cannot be read: {names}."]
    lines.append(f"The first of them was last read {time_text(first.since)}, {span_text(now - first.since)} ago.")
    return "\n".join([*lines, *_failure(first), _advice(first)])


def _paragraph(notice: Notice, now: datetime) -> str:
    return "\n".join([f"{headline(notice)}.", *_details(notice, now)])


def _details(notice: Notice, now: datetime) -> Iterable[str]:
    """What the headline leaves out, line by line."""
    if notice.level is not Level.OK and notice.subject != "unread_for":
        turn = _TURNS.get(notice.event, "")
        yield f"This began {time_text(notice.since)}, {span_text(now - notice.since)} ago{turn}."
    yield from _reading(notice, now)
    yield from _lasting(notice)
    if notice.level is not Level.OK:
        yield from _failure(notice)
        yield _advice(notice)


def _reading(notice: Notice, now: datetime) -> Iterable[str]:
    """How old the number is."""
    if notice.read_at is None:
        yield "It was never read."
        return
    text = f"Last read {time_text(notice.read_at)}, {span_text(now - notice.read_at)} ago"
    if notice.as_of is not None:
        text += f"; the provider's figures are of {time_text(notice.as_of)}, {span_text(now - notice.as_of)} old"
    yield f"{text}."
    if notice.gone_at is not None and notice.subject != "vanished":
        yield f"Since {time_text(notice.gone_at)} it is not in the provider's answers; what it is now is not known."
    elif notice.failure is not None and notice.place is not None:
        yield f"Reads fail since {time_text(notice.failure.since)}; what it is now is not known."


def _lasting(notice: Notice) -> Iterable[str]:
    """How long it will last, where that is known."""
    found = notice.forecast
    if found is None or notice.level is Level.OK or notice.subject == "vanished":
        return
    if notice.amount is not None and notice.amount <= 0:
        return  # it has run out, as the headline says
    rate = "" if found.per_day is None else f" at about {_about(found.per_day)} a day"
    between = ""
    if found.earliest is not None and found.latest is not None:
        between = f", between {time_text(found.earliest)} and {time_text(found.latest)}"
    yield f"It runs out about {time_text(found.out_at)}{rate}{between}."


def _about(rate: Decimal) -> str:
    """An estimate, with the three digits that it is worth."""
    return amount_to_text(Context(prec=3).plus(rate))


def _failure(notice: Notice) -> Iterable[str]:
    if notice.failure is None:
        return
    words = one_line(notice.failure.message)
    shown = words if len(words) <= _LONGEST_REASON else words[: _LONGEST_REASON - 1] + "…"
    yield f"The last read failed: {notice.failure.kind}{f', {shown}' if shown else ''}"


def _advice(notice: Notice) -> str:
    if notice.subject != "unread_for":
        return _ADVICE[notice.subject]
    return _ADVICE_UNREAD.get(notice.failure.kind if notice.failure else "", _ADVICE_WAIT)
