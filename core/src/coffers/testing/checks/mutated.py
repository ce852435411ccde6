"""Answers that nobody documented: altered at random, cut, spliced, enormous. Roof.

hypothesis is imported where it is used, so that naming the checks stays quick.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal, localcontext
from functools import cached_property, lru_cache
from itertools import combinations, islice
from random import Random
from typing import Any, Final

import attrs

from coffers import CoffersError, PluginError, parse_guarded
from coffers.plugin import AccessToken, Query, Response, Snapshot
from coffers.testing.checking import check, require
from coffers.testing.mutations import CONTENT_TYPES, STATUSES, enlarged, mutated, structural_mutants
from coffers.testing.probes import FIELDS, WORKING, Row, digits_of, readers, rows_of
from coffers.testing.subject import Subject
from coffers.testing.vectors import Case, read_response

#: Altered answers: of each success with one part replaced, and at random.
_MOST_MUTANTS: Final = 600
_MOST_BYTES: Final = 2_000_000
_EXAMPLES: Final = 300
#: Seconds that one reading may take by the clock on the wall, before it counts as one that never ends.
_ENDLESS_S: Final = 10.0
#: Seconds of the thread's own time that a reading may take: of an answer as they come, and of the largest there may be.
_QUICK_S: Final = 0.05
_MOMENT_S: Final = 1.0
#: Bytes of an answer larger than most, and of the largest that the transport lets through.
_LARGE: Final = 16 * 1024
_LARGEST: Final = 1024 * 1024
#: A number, in the widest sense.
_NUMBER: Final = re.compile(r"[0-9][0-9.,_' ]*")
#: What may be read as nothing, among numbers with bars between them: zeros alone, or beside separators.
_ZERO: Final = re.compile(r"\|0|00\|")


# --- what comes out ------------------------------------------------------------------------------------------------


@check("resilience")
def any_mutant_is_read_safely(subject: Subject) -> None:
    """Whatever comes back, `coffers_parse` answers a `Snapshot` (or an `AccessToken`) or raises, and every amount and
    currency it answers was sent. Let exceptions out rather than catch them: the core makes errors of them. Never leave
    the program, never answer None, never fill in what is missing.
    """
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st

    documented = _documented(subject)
    successes = [record for record in documented if _is_success(record)]
    if not successes:
        return  # another check tells that none is recorded
    manner = _Manner(documented, tuple(_probed(subject)))
    bodies = [record.response.body for record in documented]

    def look(record: _Record, response: Response) -> None:
        fault = manner.fault(record, response, subject)
        require(
            fault is None, f"{record.case.name}, altered to HTTP {response.status} {_short(response.body)}: {fault}"
        )

    for record in successes:
        most = min(_MOST_MUTANTS, _MOST_BYTES // (len(record.response.body) + 1))
        for body in islice(structural_mutants(record.response.body), most):
            look(record, attrs.evolve(record.response, body=body))

    active: Any = settings()

    @settings(
        max_examples=max(_EXAMPLES, active.max_examples),
        deadline=None,
        database=None,  # what one provider fails over is no example for another
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
        report_multiple_bugs=False,
    )
    @given(st.sampled_from(documented) | st.sampled_from(successes), st.randoms(use_true_random=False))
    def holds(record: _Record, random: Random) -> None:
        look(record, _accident(record.response, bodies, random))

    holds()


@attrs.frozen
class _Record:
    """A recorded answer, and what had been asked."""

    case: Case
    query: Query[Any] = attrs.field(repr=False)
    response: Response = attrs.field(repr=False)

    @property
    def settings_text(self) -> str:
        return self.case.files.get("query.json", b"").decode("utf-8", "replace").upper()


def _documented(subject: Subject) -> tuple[_Record, ...]:
    """Every recorded answer, refusals too."""
    return tuple(
        _Record(case, case.query(subject.provider.manifest), read_response(case.files["response.http"]))
        for case in subject.cases
        if "response.http" in case.files
    )


def _accident(response: Response, others: list[bytes], random: Random) -> Response:
    body = mutated(response.body, others, random)
    status, headers = response.status, response.headers
    if random.random() < 0.3:
        status = random.choice(STATUSES)
    if random.random() < 0.3:
        kept = tuple(header for header in headers if header[0].lower() != "content-type")
        headers = (*kept, ("Content-Type", random.choice(CONTENT_TYPES)))
    return attrs.evolve(response, status=status, headers=headers, body=body)


def _short(body: bytes) -> str:
    return repr(body) if len(body) <= 300 else f"{body[:300]!r}... ({len(body)} bytes)"


@attrs.frozen(slots=False)
class _Manner:
    """How a provider makes amounts and currencies of its documented answers; it must not make others of any answer.

    Attributes:
        documented: its recorded answers.
        probed: texts of answers with one number of its own in place of another, and what is read of each.
    """

    documented: tuple[_Record, ...]
    probed: tuple[tuple[str, tuple[Row, ...]], ...] = ()

    def fault(self, record: _Record, response: Response, subject: Subject) -> str | None:
        """What is wrong with how an altered answer is read; None if nothing is."""
        try:
            found = parse_guarded(subject.provider.parse, record.query, response, within_s=_ENDLESS_S)
        except PluginError as error:
            return f"{error.message}; a Snapshot, an AccessToken or an error of the answer is due"
        except CoffersError:
            return None
        text = _text_of(response)
        if isinstance(found, AccessToken):
            return None if _is_told(found.value.reveal(), text) else "the access token it answers was not sent"
        with localcontext(WORKING):
            return next(self._invented(found, text, record), None)

    def _invented(self, snapshot: Snapshot, text: str, record: _Record) -> Iterator[str]:
        for row, balance in zip(rows_of(snapshot), snapshot.balances, strict=True):
            named = _names(text, record, row.currency) or row.currency in self.currencies
            if not named and not (row.currency in self.renamed and _is_coded(balance.details, text)):
                yield f"the currency of {row} was not sent"
            for field, amount in zip(FIELDS, row.amounts, strict=True):
                if amount is not None and not self._is_sent(amount, text):
                    yield f"{row.currency} {field} = {amount} was not sent"

    def _is_sent(self, amount: Decimal, text: str) -> bool:
        if self.arithmetic == "other" or _is_among(amount, text):
            return True
        return self.arithmetic == "difference" and _is_difference(amount, text)

    @cached_property
    def _successes(self) -> tuple[tuple[_Record, dict[str, Any]], ...]:
        return tuple(
            (record, record.case.json("snapshot.json"))
            for record in self.documented
            if "snapshot.json" in record.case.files
        )

    @cached_property
    def currencies(self) -> frozenset[str]:
        """Currencies that need not be named: of every documented row; or all, where answers never name one."""
        lists: list[tuple[set[str], _Record]] = [
            ({row["currency"] for row in snapshot.get("balances", ())}, record)
            for record, snapshot in self._successes
            if snapshot.get("balances")
        ]
        everywhere = [found for found, _ in lists]
        if not any(_names(_text_of(record.response), record, code) for found, record in lists for code in found):
            return frozenset(code for found in everywhere for code in found)
        return frozenset(code for found in everywhere for code in found if all(code in other for other in everywhere))

    @cached_property
    def renamed(self) -> frozenset[str]:
        """Currencies that a provider calls by a code of its own, which documented rows keep in their details."""
        return frozenset(
            row["currency"]
            for record, snapshot in self._successes
            for row in snapshot.get("balances", ())
            if _is_coded(row.get("details") or {}, _text_of(record.response))
        )

    @cached_property
    def arithmetic(self) -> str:
        """What documented amounts are: sent as they are, the difference or sum of two that are sent, or other.

        Probed answers tell a sum by its parts, where a documented one may have a part of 0, or the sum in it as well.
        """
        kind = "none"
        with localcontext(WORKING):
            for text, amounts in (*self._documented_amounts(), *self._probed_amounts()):
                for amount in amounts:
                    if not _is_among(amount, text):
                        if not _is_difference(amount, text):
                            return "other"
                        kind = "difference"
        return kind

    def _documented_amounts(self) -> Iterator[tuple[str, Iterable[Decimal]]]:
        for record, snapshot in self._successes:
            yield _text_of(record.response), _amounts_in(snapshot)

    def _probed_amounts(self) -> Iterator[tuple[str, Iterable[Decimal]]]:
        for text, rows in self.probed:
            yield text, (amount for row in rows for amount in row.amounts if amount is not None)


def _probed(subject: Subject) -> Iterator[tuple[str, tuple[Row, ...]]]:
    for reader in readers(subject):
        for place in reader.numbers:
            distinct = reader.distinct(place)
            if distinct:
                yield _text_of(reader.answer.edited(distinct[0])), distinct[1]


def _amounts_in(snapshot: dict[str, Any]) -> Iterator[Decimal]:
    for row in snapshot.get("balances", ()):
        value: dict[str, Any] = row.get("value") or {}
        texts = [row.get(field) for field in FIELDS[:4]] + [value.get("total"), value.get("available")]
        yield from (Decimal(text) for text in texts if text is not None)


def _text_of(response: Response) -> str:
    """The characters of a body whatever its encoding is: those of two and four bytes lose their zeros."""
    return response.body.replace(b"\0", b"").decode("utf-8", "replace")


def _names(text: str, record: _Record, currency: str) -> bool:
    """Whether an answer, or what was asked, names a currency, in whatever letter case; escaped perhaps."""
    told, code, escaped = text.upper(), currency.upper(), json.dumps(currency)[1:-1].upper()
    return code in told or escaped in told or code in told.replace("\\", "") or code in record.settings_text


def _is_coded(details: Mapping[str, str], text: str) -> bool:
    """Whether a row keeps something that an answer says, its own code of the currency say."""
    return any(detail and _is_told(detail, text) for detail in details.values())


def _is_told(word: str, text: str) -> bool:
    """Whether a text says a word, escaped perhaps."""
    return word in text or json.dumps(word)[1:-1] in text or word in text.replace("\\", "")


def _is_among(amount: Decimal, text: str) -> bool:
    """Whether the digits of an amount stand in a text, with separators perhaps, wherever the point is."""
    digits = digits_of(amount)
    return digits in _runs(text) if digits else _ZERO.search(_runs(text)) is not None


@lru_cache(maxsize=1)
def _runs(text: str) -> str:
    """The numbers of a text without their separators, a bar before and behind each."""
    return "|".join(["", *(re.sub("[^0-9]", "", match[0]) for match in _NUMBER.finditer(text)), ""])


def _is_difference(amount: Decimal, text: str) -> bool:
    """Whether an amount is the difference or sum of two numbers in a text, wherever the point is."""
    return digits_of(amount) in _differences(text)


@lru_cache(maxsize=1)
def _differences(text: str) -> frozenset[str]:
    numbers = [Decimal(number) for number in islice(re.findall(r"[0-9]{1,60}(?:\.[0-9]{1,60})?", text), 60)]
    pairs = tuple(combinations(numbers, 2))
    return frozenset(digits_of(made) for one, two in pairs for made in (one - two, one + two))


# --- how long it takes ---------------------------------------------------------------------------------------------


@check("resilience")
def parse_takes_no_longer_than_50_ms(subject: Subject) -> None:
    """`coffers_parse` runs while others wait: 50 ms of computing are plenty for an answer as they come, right or wrong.
    Look at regular expressions that go back again and again, at loops within loops over the rows, at texts built up
    letter by letter.
    """
    records = _documented(subject)
    few = {id(record) for record in [record for record in records if _is_success(record)][:4]}
    for record in records:
        bodies = _common(record.response.body) if id(record) in few else (record.response.body,)
        _require_quick(subject, record, bodies, _QUICK_S)


@check("resilience")
def largest_answers_take_a_moment(subject: Subject) -> None:
    """The largest answers that the core lets through, 1 MiB of whatever a server sends, are read or refused within a
    second of computing. Refuse what is far longer than any answer before you look into it.
    """
    records = {record.query.step: record for record in reversed(_documented(subject)) if _is_success(record)}
    for record in records.values():
        bodies = list(enlarged(record.response.body, _LARGEST))
        few = bodies[:: max(1, len(bodies) // 8)]
        _require_quick(subject, record, few, _MOMENT_S)


def _is_success(record: _Record) -> bool:
    return bool(record.case.files.keys() & {"snapshot.json", "token.json"})


def _common(body: bytes) -> Iterator[bytes]:
    """A documented body, some mutants of it, and larger ones."""
    yield body
    random = Random(0)  # noqa: S311  the same mutants each time
    yield from (mutated(body, [body], random) for _ in range(20))
    yield from islice(structural_mutants(body), 0, 1000, 50)
    yield from enlarged(body, _LARGE)


def _require_quick(subject: Subject, record: _Record, bodies: Iterable[bytes], limit_s: float) -> None:
    for body in bodies:
        took_s = _quickest_s(subject, record, attrs.evolve(record.response, status=200, body=body), limit_s)
        require(
            took_s <= limit_s,
            f"{record.case.name}: {took_s * 1000:.0f} ms for {len(body)} bytes, {limit_s * 1000:.0f} ms are plenty: "
            f"{body[:80]!r}",
        )


def _quickest_s(subject: Subject, record: _Record, response: Response, limit_s: float) -> float:
    """Seconds of this thread for one reading; measured again, and once more, where they seem too many."""
    took_s = float("inf")
    for _ in range(3):
        took_s = min(took_s, _seconds(subject, record, response))
        if took_s <= limit_s:
            break
    return took_s


def _seconds(subject: Subject, record: _Record, response: Response) -> float:
    """Seconds of this thread, untraced: a debugger or a measurement of coverage is no part of the plugin."""
    tracer = sys.gettrace()
    sys.settrace(None)
    try:  # pragma: no cover  # coverage counts by tracing, which was just turned off
        return _timed(subject, record, response)
    finally:  # pragma: no cover  # tracing is still off
        sys.settrace(tracer)


def _timed(
    subject: Subject, record: _Record, response: Response
) -> float:  # pragma: no cover  # called with tracing off
    started = time.thread_time()
    with suppress(CoffersError):
        parse_guarded(subject.provider.parse, record.query, response, within_s=_ENDLESS_S)
    return time.thread_time() - started
