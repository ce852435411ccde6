"""The judgement of `check`: thresholds, states, and the one line that a monitoring system reads.

Roof. What is not known is UNKNOWN, never OK: a failed read, no balances, no spendable amount, a currency nobody holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

import attrs

from coffers import Balance, CoffersError, Outcome, amount_from_text, amount_to_text, one_line
from coffers.cli.endings import StoppedError

__all__ = ["STATES", "Thresholds", "Verdict", "judge", "parse_thresholds"]

#: Every state, the worst first, and its exit code.
STATES: Final[Mapping[str, int]] = {"CRITICAL": 2, "UNKNOWN": 3, "WARNING": 1, "OK": 0}

#: A number, then a currency; one that does not begin with a letter stands behind a space.
_THRESHOLD: Final = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)(?: +(\S+)|([^\W\d_]\S*))?")


@attrs.frozen
class Thresholds:
    """What must be left, by currency; None stands for the one currency that is held.

    Attributes:
        below: under this a balance is critical.
        warn: under this it is a warning.
    """

    below: Mapping[str | None, Decimal]
    warn: Mapping[str | None, Decimal]

    def for_currencies(self, held: Iterable[str]) -> Thresholds:
        """The same, with the one held currency in place of None.

        Raises:
            StoppedError: a bare number where none or several are held, or thresholds that contradict one another.
        """
        currencies = sorted(set(held))
        resolved: list[dict[str | None, Decimal]] = []
        for option, given in (("--below", self.below), ("--warn", self.warn)):
            known = dict(given)
            if None in known:
                if len(currencies) != 1:
                    found = ", ".join(currencies) or "none"
                    raise StoppedError(f"{option} needs a currency, like 50USD, unless one is held; held: {found}")
                if currencies[0] in known:
                    raise StoppedError(f"{option} is given twice for {currencies[0]}")
                known[currencies[0]] = known.pop(None)
            resolved.append(known)
        thresholds = Thresholds(*resolved)
        thresholds.check_order()
        return thresholds

    def check_order(self) -> None:
        """Refuse a warning that could never be given.

        Raises:
            StoppedError: a `warn` lies under its `below`.
        """
        for currency, least in self.below.items():
            warn = self.warn.get(currency)
            if warn is not None and warn < least:
                name = currency or ""
                raise StoppedError(
                    f"--warn {amount_to_text(warn)}{name} is below --below {amount_to_text(least)}{name}"
                )


def parse_thresholds(below: Sequence[str], warn: Sequence[str]) -> Thresholds:
    """The thresholds of the command line, like ``50USD``, ``0.5btc``, ``-10USD``, ``5币安``, ``100 1INCH``, ``50``.

    Raises:
        StoppedError: one is not understood, or there are several for one currency.
    """
    thresholds = Thresholds(_parse("--below", below), _parse("--warn", warn))
    thresholds.check_order()
    return thresholds


def _parse(option: str, texts: Sequence[str]) -> dict[str | None, Decimal]:
    found: dict[str | None, Decimal] = {}
    for text in texts:
        match = _THRESHOLD.fullmatch(text.strip())
        if match is None:
            raise StoppedError(f"{option} must be a plain amount and a currency, like 50USD or 0.5BTC")
        named = match[2] or match[3]
        try:
            amount = amount_from_text(match[1])
            currency = Balance(named, total=amount).currency if named else None  # spelt as in a balance
        except (ValueError, CoffersError) as error:
            raise StoppedError(f"{option}: {error}") from None
        if currency in found:
            raise StoppedError(f"{option} is given twice for {currency or 'a bare number'}")
        found[currency] = amount
    return found


@attrs.frozen
class Verdict:
    """A state and the one line that tells it."""

    state: str
    line: str


def judge(outcomes: Sequence[Outcome], thresholds: Thresholds) -> Verdict:
    """The worst state of all, and what led to it.

    Args:
        outcomes: what became of each chosen account.
        thresholds: as parsed.

    Raises:
        StoppedError: the thresholds do not fit the currencies held.
    """
    balances = [(outcome, balance) for outcome in outcomes if outcome.snapshot for balance in outcome.snapshot.balances]
    findings = [_failed(outcome) for outcome in outcomes if not (outcome.snapshot and outcome.snapshot.balances)]
    held = {balance.currency for _, balance in balances}
    if None in {*thresholds.below, *thresholds.warn} and not held and findings:
        known = Thresholds({}, {})  # nothing was found, so nothing can be compared; the findings say why
    else:
        known = thresholds.for_currencies(held)
    wanted = dict.fromkeys([*known.below, *known.warn])
    findings += [("UNKNOWN", f"nobody holds {currency}") for currency in wanted if currency not in held]
    findings += [_finding(outcome, balance, known) for outcome, balance in balances if balance.currency in wanted]
    judged = {outcome.account.name for outcome, balance in balances if balance.currency in wanted}
    aside = dict.fromkeys(outcome.account.name for outcome, _ in balances if outcome.account.name not in judged)
    ordered = [text for state in STATES for found, text in findings if found == state]
    worst = next(state for state in STATES if any(found == state for found, _ in findings))
    if aside:
        ordered.append("not compared: " + ", ".join(aside))
    line = f"{worst}: {_plain('; '.join(ordered))}"
    perfdata = _perfdata(balances, known)
    return Verdict(worst, f"{line} | {perfdata}" if perfdata else line)


def _plain(text: str) -> str:
    return one_line(text).replace("|", "/")  # what follows a bar is taken for numbers


def _failed(outcome: Outcome) -> tuple[str, str]:
    error = outcome.error
    return ("UNKNOWN", f"{outcome.account.name} " + (f"{error.kind}: {error.message}" if error else "holds nothing"))


def _finding(outcome: Outcome, balance: Balance, thresholds: Thresholds) -> tuple[str, str]:
    place = " ".join(text for text in (balance.currency, balance.network, balance.wallet) if text)
    if balance.spendable is None:
        return ("UNKNOWN", f"{outcome.account.name}: how much {place} can be spent is not known")
    text = f"{outcome.account.name} {amount_to_text(balance.spendable)} {place}"
    for state, limits in (("CRITICAL", thresholds.below), ("WARNING", thresholds.warn)):
        least = limits.get(balance.currency)
        if least is not None and balance.spendable < least:
            return (state, f"{text} is below {amount_to_text(least)}")
    return ("OK", text)


def _perfdata(balances: Sequence[tuple[Outcome, Balance]], thresholds: Thresholds) -> str:
    """``'shop/USD'=42.50;80:;50:`` for each balance; ``80:`` is how these systems write "alert below 80"."""
    rows: dict[str, str] = {}
    counts: dict[tuple[str, str], int] = {}
    for outcome, balance in balances:
        pair = (outcome.account.name, balance.currency)
        counts[pair] = counts.get(pair, 0) + 1
    for outcome, balance in balances:
        parts = [outcome.account.name, balance.currency]
        if counts[parts[0], parts[1]] > 1:
            parts += [text for text in (balance.network, balance.wallet) if text]
        label = stem = _plain("/".join(parts)).replace("'", "").replace("=", "")
        number = 1
        while label in rows:
            number += 1
            label = f"{stem}#{number}"
        value = "U" if balance.spendable is None else amount_to_text(balance.spendable)
        limits = [thresholds.warn.get(balance.currency), thresholds.below.get(balance.currency)]
        ranges = ["" if limit is None else f"{amount_to_text(limit)}:" for limit in limits]
        rows[label] = f"'{label}'={value};{ranges[0]};{ranges[1]}"
    return " ".join(rows.values())
