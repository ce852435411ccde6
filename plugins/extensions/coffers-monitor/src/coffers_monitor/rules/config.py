"""`[[monitor.rules]]`: plain TOML values become rules, or every fault comes out at once, each with its key path.

No fault's text holds a value of the file. One table may hold several conditions; each becomes a rule of its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final, cast

import attrs

from coffers import Balance, CoffersError, amount_from_text
from coffers_monitor.facts import Place

from .rule import ACCOUNT_KINDS, Kind, Limit, Rule, rules_of_account

__all__ = ["Fault", "KeyPath", "Table", "never_seen", "parse_span", "read_rules", "table_faults", "too_short"]

#: Keys and, in lists, positions from 0, outermost first.
KeyPath = tuple[str | int, ...]

_KINDS: Final[tuple[Kind, ...]] = ("below", "runway_below", "drops_by", "unread_for", "expires_within")
_PLACE_KEYS: Final = ("account", "currency", "network", "wallet")
_MANNER_KEYS: Final = ("margin", "confirmations", "cooldown", "remind_every", "recovery")
_KEYS: Final = (*_PLACE_KEYS, *_KINDS, *_MANNER_KEYS)

_SPAN: Final = re.compile(r"([0-9]{1,6})(s|m|h|d)")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SPAN_FORM: Final = 'must be a span like "90s", "15m", "6h" or "7d"'
_AMOUNT_FORM: Final = 'must be an amount in quotes, like "50" or "0.25"'
_PERCENT: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)%")
_LONGEST_WINDOW: Final = timedelta(days=90)
_MOST_CONFIRMATIONS: Final = 20


@attrs.frozen
class Fault:
    """One thing that is wrong with the config.

    Attributes:
        path: the keys that lead there, from the value that was checked.
        text: what is wrong and what to do; no value of the file.
    """

    path: KeyPath
    text: str


#: A table of TOML.
Table = Mapping[str, object]


def parse_span(text: str) -> timedelta:
    """A span as the config has it: a whole number and s, m, h or d.

    Raises:
        ValueError: no such span; the text is not in the message.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(_SPAN_FORM)
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint, with a space behind it, or nothing."""
    close = get_close_matches(word.lower()[:64], list(known), n=1)
    return f"did you mean `{close[0]}`? " if close else ""


def table_faults(path: KeyPath, value: object, known: Collection[str], owner: str) -> Iterable[Fault]:
    """What is wrong with a value that should be a table with some of the `known` keys."""
    if not isinstance(value, dict):
        yield Fault(path, f"must be a table; {owner} has the keys {', '.join(known)}")
        return
    for key in cast("dict[str, object]", value):
        if key not in known:
            hint = did_you_mean(key, known)
            yield Fault((*path, key), f"is not a key of {owner}; {hint}known keys: {', '.join(known)}")


def read_rules(value: object, *, accounts: Collection[str] | None = None) -> tuple[tuple[Rule, ...], tuple[Fault, ...]]:
    """The rules of a config, or what is wrong with it: one of the two is empty.

    Args:
        value: what stands under ``monitor.rules``.
        accounts: the names of the config's accounts; None leaves a rule's account unchecked.
    """
    if not isinstance(value, list):
        return (), (Fault((), "must be a list of tables; write [[monitor.rules]] above the keys of each"),)
    faults: list[Fault] = []
    rules: list[Rule] = []
    first: dict[tuple[object, ...], int] = {}
    for number, table in enumerate(cast("list[object]", value)):
        reading = _Reading((number,), faults)
        for rule in reading.rules(table, accounts):
            earlier = first.setdefault((rule.key, *rule.selector), number)
            if earlier != number:
                faults.append(Fault((number, rule.kind), f"is asked of the same place in rule {earlier} already"))
            rules.append(rule)
    return ((), tuple(faults)) if faults else (tuple(rules), ())


def never_seen(rules: Iterable[Rule], seen: Mapping[str, Collection[Place]]) -> tuple[str, ...]:
    """Warnings for people about rules that nothing has ever fitted: a currency that no account holds, say.

    Args:
        rules: of the config.
        seen: for each account that was read at least once: every place that was ever found in it.
    """
    warnings: list[str] = []
    for rule in rules:
        read = [account for account in seen if rule.account in (None, account)]
        named = {word: text for word in _PLACE_KEYS[1:] if (text := getattr(rule, word)) is not None}
        if rule.kind in ACCOUNT_KINDS or not named or not read:
            continue
        if not any(rule.fits(place) for account in read for place in seen[account]):
            what = " ".join(named.values())
            where = f"account {rule.account}" if rule.account else "any account"
            found = sorted({place.currency for account in read for place in seen[account]})
            known = f"found so far: {', '.join(found) or 'none'}"
            close = get_close_matches(rule.currency or "", found, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            warnings.append(f"{rule.kind} for {what}: no read of {where} ever showed such a row; {known}{hint}")
    return tuple(dict.fromkeys(warnings))


def too_short(rules: Iterable[Rule], every: Mapping[str, timedelta]) -> tuple[str, ...]:
    """Warnings for people about spans that are shorter than the time between two reads: what they are asked of is told
    again and again, or never.

    Args:
        rules: of the config.
        every: how often each account is read, by its name.
    """
    warnings: list[str] = []
    for account, interval in every.items():
        fitting = [rule for rule in rules if rule.account in (None, account)]
        for rule in (*rules_of_account(fitting, account), *(one for one in fitting if one.kind == "drops_by")):
            spans = [limit for _, limit in rule.limits() if isinstance(limit, timedelta)]
            shortest = rule.within or min(spans)
            if shortest <= interval:
                came = "no fall would be seen in it" if rule.within else "it would be told between any two of them"
                seconds = f"{int(interval.total_seconds())} s"
                span = f"{int(shortest.total_seconds())} s"
                warnings.append(f"{rule.kind} of {span}: {account} is read every {seconds}, so {came}")
    return tuple(warnings)


class _Reading:
    """One table under check: what is wrong goes to `faults`."""

    def __init__(self, path: KeyPath, faults: list[Fault]) -> None:
        self._path = path
        self._faults = faults

    def _fault(self, text: str, *keys: str) -> None:
        self._faults.append(Fault((*self._path, *keys), text))

    def rules(self, value: object, accounts: Collection[str] | None) -> list[Rule]:
        """The table's rules; what there is of them after a fault is not to be used."""
        before = len(self._faults)
        self._faults.extend(table_faults(self._path, value, _KEYS, "a rule"))
        if not isinstance(value, dict):
            return []
        table = cast("dict[str, object]", value)
        place = self._place(table, accounts)
        manner = self._manner(table)
        made = [self._rule(kind, table[kind], place, manner) for kind in _KINDS if kind in table]
        if not made:
            self._fault(f"has no condition; give one of {', '.join(_KINDS)}")
        return [rule for rule in made if rule is not None] if len(self._faults) == before else []

    def _place(self, table: Table, accounts: Collection[str] | None) -> dict[str, Any]:
        place: dict[str, Any] = {}
        for key in _PLACE_KEYS:
            text = table.get(key)
            if text is None:
                continue
            if not isinstance(text, str) or not text:
                self._fault("must be a text in quotes; leave it out for every one", key)
            elif key == "account" and accounts is not None and text not in accounts:
                self._fault(
                    f"there is no such account; {did_you_mean(text, accounts)}known: {', '.join(accounts)}", key
                )
            elif key == "currency":
                try:
                    place[key] = Balance(text, total=Decimal(0)).currency  # spelt as in a balance
                except (ValueError, CoffersError):
                    self._fault("is not a currency as a provider names it, like USD", key)
            else:
                place[key] = text
        for kind in ACCOUNT_KINDS & table.keys():
            if named := [key for key in _PLACE_KEYS[1:] if key in table]:
                self._fault(f"is about a whole account; put it into a rule of its own, without {named[0]}", kind)
        return place

    def _manner(self, table: Table) -> dict[str, Any]:
        manner: dict[str, Any] = {}
        if "margin" in table:
            manner |= self._margin(table)
        if "confirmations" in table:
            count = table["confirmations"]
            if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= _MOST_CONFIRMATIONS:
                self._fault(f"must be a whole number from 1 to {_MOST_CONFIRMATIONS}", "confirmations")
            else:
                manner["confirmations"] = count
        if "cooldown" in table:
            manner["cooldown"] = self._span(table["cooldown"], "cooldown", zero=True)
        if "remind_every" in table:
            never = table["remind_every"] == "never"
            manner["remind_every"] = None if never else self._span(table["remind_every"], "remind_every", or_="never")
        if "recovery" in table:
            if not isinstance(table["recovery"], bool):
                self._fault("must be true or false", "recovery")
            manner["recovery"] = table["recovery"]
        return manner

    def _margin(self, table: Table) -> dict[str, Any]:
        value = table["margin"]
        match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
        if match is not None and Decimal(match[1]) <= 100:
            return {"margin": Decimal(match[1]) / 100}
        amount = _amount(value)
        if amount is None or amount < 0:
            self._fault('must be a share from "0%" to "100%" of the limit, or an amount like "5"', "margin")
        elif any(kind in table for kind in _KINDS if kind != "below"):
            self._fault('can be an amount beside `below` alone; give a share like "10%"', "margin")
        return {"margin_amount": amount}

    def _rule(self, kind: Kind, value: object, place: dict[str, Any], manner: dict[str, Any]) -> Rule | None:
        if kind == "drops_by":
            limits = self._drop(value)
        elif kind == "below":
            limits = self._limits(value, kind, amounts=True)
        else:
            limits = self._limits(value, kind, amounts=False)
        if limits is None:
            return None
        falls = kind in ("below", "runway_below", "expires_within")
        warn, critical = limits.get("warn"), limits.get("critical")
        if warn is not None and critical is not None and not _ordered(warn, critical, falls=falls):
            side = "less" if falls else "more"
            self._fault(f"critical must be {side} than warn, or warn could never be told", kind)
        return Rule(kind=kind, **place, **limits, **manner)

    def _drop(self, value: object) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            self._fault('must be a table, like { percent = "30", within = "1d" }', "drops_by")
            return None
        table = cast("dict[str, object]", value)
        self._faults.extend(table_faults((*self._path, "drops_by"), table, ("amount", "percent", "within"), "drops_by"))
        within = None
        if "within" not in table:
            self._fault('is missing; give a span, like within = "1d"', "drops_by", "within")
        else:
            within = self._span(table["within"], "drops_by", "within")
            if within is not None and within > _LONGEST_WINDOW:
                self._fault(f"must be at most {_LONGEST_WINDOW.days}d", "drops_by", "within")
        measures = [key for key in ("amount", "percent") if key in table]
        if len(measures) != 1:
            self._fault("needs either amount or percent", "drops_by")
            return None
        limits = self._limits(table[measures[0]], "drops_by", measures[0], amounts=True)
        if limits is None:
            return None
        for level, limit in limits.items():
            if limit <= 0 or (measures[0] == "percent" and limit > 100):
                at_most = " and at most 100" if measures[0] == "percent" else ""
                self._fault(f"{level} must be more than 0{at_most}", "drops_by", measures[0])
        return {**limits, "percent": measures[0] == "percent", "within": within}

    def _limits(self, value: object, *keys: str, amounts: bool) -> dict[str, Any] | None:
        """``{warn, critical}``, or a single limit, which is the critical one."""
        if not isinstance(value, dict):
            given: dict[str, object] = {"critical": value}
            paths = {"critical": keys}
        else:
            given = cast("dict[str, object]", value)
            self._faults.extend(table_faults((*self._path, *keys), given, ("warn", "critical"), keys[-1]))
            given = {key: limit for key, limit in given.items() if key in ("warn", "critical")}
            paths = {key: (*keys, key) for key in given}
            if not given:
                self._fault("is empty; give warn, critical or both", *keys)
                return None
        limits: dict[str, Any] = {}
        for key, limit in given.items():
            limits[key] = self._amount(limit, *paths[key]) if amounts else self._span(limit, *paths[key])
        return None if None in limits.values() else limits

    def _amount(self, value: object, *keys: str) -> Decimal | None:
        amount = _amount(value)
        if amount is None:
            hint = "; without quotes it would be rounded" if isinstance(value, float) else ""
            self._fault(_AMOUNT_FORM + hint, *keys)
        return amount

    def _span(self, value: object, *keys: str, zero: bool = False, or_: str = "") -> timedelta | None:
        try:
            span = parse_span(value) if isinstance(value, str) else None
        except ValueError:
            span = None
        if span is None or not (span or zero):
            more = " above 0" if span is not None else f' or "{or_}"' if or_ else ""
            self._fault(_SPAN_FORM + more, *keys)
            return None
        return span


def _amount(value: object) -> Decimal | None:
    """An exact amount from a text or a whole number; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    try:
        return amount_from_text(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _ordered(warn: Limit, critical: Limit, *, falls: bool) -> bool:
    if isinstance(warn, Decimal) and isinstance(critical, Decimal):
        return critical < warn if falls else critical > warn
    if isinstance(warn, timedelta) and isinstance(critical, timedelta):
        return critical < warn if falls else critical > warn
    return False
