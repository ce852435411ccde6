"""More deliberately wrong plugins, of other shapes than Fjord: a text in place of JSON, minor units keyed by currency,
a token and pages. Every case is recorded from the faulty plugin, as an honest but mistaken author does.
"""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from coffers.testing import Conformance
from coffers.testing.checking import CheckFailedError, run_check
from tests.roof.testing.shapes import harbour, lagoon, quarry
from tests.roof.testing.shapes.cases import recorded

SHAPES = {"lagoon": lagoon, "quarry": quarry, "harbour": harbour}
#: They have no sandbox part, and what is read over sockets has tests of its own.
NOT_HERE = re.compile("sandbox-part|hostile-servers|bad-certificates|retry-after")


@attrs.frozen
class Mutant:
    """One fault.

    Attributes:
        name: what is wrong.
        shape: of which provider.
        check: the check that must fail.
        words: what its message must say, a regular expression.
        changes: pairs of old and new text in the good plugin's module.
    """

    name: str
    shape: str
    check: str
    words: str
    changes: tuple[tuple[str, str], ...]


SIGN = "    return request.seal(query="
KEY = "credentials.key.reveal()"
LONG = "    if len(credentials.key.reveal()) > 20:\n        raise ConfigError"
CONFIG_ERROR = ("    BadResponseError,\n", "    BadResponseError,\n    ConfigError,\n")
TEXT = "    text = response.text\n"
AMOUNT = "total=amount_from_text(amount)"
READ = "    return Snapshot(rows, datetime"
SCALED = "fund.amount.scaleb(-fund.scale)"
OPENED = "    envelope = structure(parse_json(response.body), Envelope)\n"
FUNDS = "in reply.funds.items()\n    ]"
ROWS = "for coin in place.coins\n"
NEXT = 'next=[query.then("balances", {"after": mark}) for mark in after]'
BEARER = "return request.seal(headers=[bearer(attempt.token.value)])"

MUTANTS = [
    Mutant(
        "amount of a text through a float",
        *("lagoon", "digits-are-kept", "digits are lost"),
        ((AMOUNT, 'total=amount_from_text(f"{float(amount):.2f}")'),),
    ),
    Mutant(
        "zeros stripped off a text",
        *("lagoon", "digits-are-kept", "lost at its end"),
        ((AMOUNT, 'total=amount_from_text(amount.rstrip("0").rstrip(".") or "0")'),),
    ),
    Mutant(
        "commas taken away",
        *("lagoon", "separators-are-not-guessed", r"73,91: read as \w+ total = 7391"),
        (("(-?[0-9.]{1,40})", "(-?[0-9.,]{1,40})"), (AMOUNT, 'total=amount_from_text(amount.replace(",", ""))')),
    ),
    Mutant(
        "rows of a text in a dict by currency",
        *("lagoon", "rows-of-a-text-are-never-merged", "no row more"),
        ((READ, "    rows = list({row.currency: row for row in rows}.values())\n" + READ),),
    ),
    Mutant(
        "rows of a text in a dict by wallet",
        *("lagoon", "rows-of-a-text-are-never-merged", "no row more"),
        ((READ, "    rows = list({row.wallet: row for row in rows}.values())\n" + READ),),
    ),
    Mutant(
        "what does not fit passed over",
        *("lagoon", "unknown-is-never-zero", "a row is gone"),
        (("((?:{PURSE.pattern}){{0,50}})", "(.*)"),),
    ),
    Mutant(
        "zone cut off",
        *("lagoon", "times-are-aware-and-exact", "zone is lost"),
        (("fromisoformat(reply[1])", 'fromisoformat(reply[1][:19] + "+00:00")'),),
    ),
    Mutant(
        "usual currency for a missing one",
        *("lagoon", "currency-is-never-guessed", "guessed: UAH"),
        (("([A-Z]{3})", "([A-Z]{0,3})"), ("Balance(currency,", 'Balance(currency or "UAH",')),
    ),
    Mutant(
        "wallet in capitals",
        "lagoon",
        "names-are-kept",
        "wallet ZZ9KEPT4",
        (("wallet=wallet", "wallet=wallet.upper()"),),
    ),
    Mutant(
        "no balances for a code that is not known",
        *("lagoon", "refusals-are-never-nothing", "rejected.*refusal is read as no balances"),
        (
            (
                '    if fault and fault[1] != "0":\n',
                '    if fault and fault[1] not in ("101", "400"):\n        return Snapshot()\n    if fault:\n',
            ),
        ),
    ),
    Mutant(
        "no balances for bytes that are no text",
        *("lagoon", "refusals-are-never-nothing", "whole answer: read as no balances"),
        ((TEXT, "    try:\n    " + TEXT + "    except ValueError:\n        return Snapshot()\n"),),
    ),
    Mutant(
        "no balances for a short text",
        *("lagoon", "refusals-are-never-nothing", "Welcome.*whole answer"),
        ((TEXT, TEXT + "    if len(text) < 60:\n        return Snapshot()\n"),),
    ),
    Mutant(
        "beginning of the key in an error",
        *("lagoon", "only-sign-sees-secrets", "in part"),
        (CONFIG_ERROR, (SIGN, LONG + f'(f"bad key {{{KEY}[:6]}}...")\n' + SIGN)),
    ),
    Mutant(
        "end of the key in an error",
        *("lagoon", "only-sign-sees-secrets", "in part"),
        (CONFIG_ERROR, (SIGN, LONG + f'(f"bad key ...{{{KEY}[-4:]}}")\n' + SIGN)),
    ),
    Mutant(
        "key kept in a variable",
        *("lagoon", "secrets-are-not-kept", r"LAST holds"),
        (("PURSE = ", "LAST = {}\nPURSE = "), (SIGN, f'    LAST["key"] = {KEY}\n' + SIGN)),
    ),
    Mutant(
        "key kept in a default argument",
        *("lagoon", "secrets-are-not-kept", r"seen_key holds"),
        (
            ("PURSE = ", "def seen_key(key, seen=[]):\n    seen.append(key)\n    return key\nPURSE = "),
            (KEY + "}", f"seen_key({KEY})" + "}"),
        ),
    ),
    Mutant(
        "key kept in a cache",
        *("lagoon", "secrets-are-not-kept", r"same holds"),
        (
            ("import re\n", "import re\nfrom functools import lru_cache\n"),
            ("PURSE = ", "@lru_cache\ndef same(key):\n    return key\nPURSE = "),
            (KEY + "}", f"same({KEY})" + "}"),
        ),
    ),
    Mutant(
        "key that is no Secret",
        *("lagoon", "secrets-are-declared", "Key has no field of the type Secret"),
        (("key: Secret", "key: str"), (KEY, "credentials.key")),
    ),
    Mutant(
        "key quoted before it is encoded",
        *("lagoon", "nothing-is-encoded-twice", "twice"),
        (("import re\n", "import re\nfrom urllib.parse import quote\n"), (KEY + "}", f"quote({KEY})" + "}")),
    ),
    Mutant("key cut", "lagoon", "all-of-a-secret-counts", "last letters", ((KEY, KEY + "[:8]"),)),
    Mutant(
        "repr that shows the key",
        "lagoon",
        "only-sign-sees-secrets",
        "repr of the credentials",
        (
            (
                "@attrs.frozen\nclass Key:\n",
                "@attrs.frozen(repr=False)\nclass Key:\n    def __repr__(self):\n        return self.key.reveal()\n\n",
            ),
        ),
    ),
    Mutant("minor units divided", "quarry", "digits-are-kept", "lost", ((SCALED, "fund.amount / 10**fund.scale"),)),
    Mutant(
        "minor units made whole",
        *("quarry", "digits-are-kept", "73.50 and 73.60"),
        ((SCALED, "Amount(int(fund.amount)).scaleb(-fund.scale)"),),
    ),
    Mutant(
        "two places where nobody said how many",
        *("quarry", "unknown-is-never-zero", r"scale left out"),
        (("scale: int\n", "scale: int = 2\n"),),
    ),
    Mutant(
        "less than nothing taken for nothing",
        *("quarry", "digits-are-kept", "digits are lost"),
        (("available=(fund.amount - fund.hold)", "available=max(Amount(0), fund.amount - fund.hold)"),),
    ),
    Mutant(
        "hold without its sign",
        "quarry",
        "digits-are-kept",
        "sign is lost",
        (("reserved=fund.hold", "reserved=abs(fund.hold)"),),
    ),
    Mutant(
        "time of nobody",
        *("quarry", "times-are-aware-and-exact", "1970"),
        (("    ts: int\n    funds: dict[str, Fund]\n", "    funds: dict[str, Fund]\n    ts: int = 0\n"),),
    ),
    Mutant(
        "milliseconds cut to hours",
        *("quarry", "times-are-aware-and-exact", "later"),
        (("timedelta(milliseconds=reply.ts)", "timedelta(seconds=reply.ts // 1000000)"),),
    ),
    Mutant(
        "empty rows left out",
        "quarry",
        "small-rows-are-kept",
        "by 0: the row is left out",
        ((FUNDS, "in reply.funds.items()\n        if fund.amount\n    ]"),),
    ),
    Mutant(
        "debts left out",
        "quarry",
        "small-rows-are-kept",
        "by -7: the row is left out",
        ((FUNDS, "in reply.funds.items()\n        if fund.amount >= 0\n    ]"),),
    ),
    Mutant(
        "rows of known currencies only",
        "quarry",
        "unlisted-currencies-are-kept",
        "ZZZ: the row is left out",
        ((FUNDS, 'in reply.funds.items()\n        if code in ("USD", "JPY", "KWD")\n    ]'),),
    ),
    Mutant(
        "currency cut to three letters",
        "quarry",
        "unlisted-currencies-are-kept",
        "code is cut",
        (("            code,\n", "            code[:3],\n"),),
    ),
    Mutant(
        "everything caught",
        "quarry",
        "refusals-are-never-nothing",
        "whole answer: read as no balances",
        ((OPENED, "    try:\n    " + OPENED + "    except Exception:\n        return Snapshot()\n"),),
    ),
    Mutant(
        "nothing for no funds",
        "quarry",
        "nothing-is-no-balance",
        "no balances",
        (("funds: dict[str, Fund]\n", "funds: dict[str, Fund] = attrs.field(factory=dict)\n"),),
    ),
    Mutant(
        "chain in capitals",
        "harbour",
        "names-are-kept",
        "network ZZ9KEPT4",
        (("network=coin.chain", "network=coin.chain.upper()"),),
    ),
    Mutant(
        "rows by coin and chain",
        "harbour",
        "rows-are-never-merged",
        "row",
        (
            (
                "    after = parse",
                "    rows = list({(row.currency, row.network): row for row in rows}.values())\n    after = parse",
            ),
        ),
    ),
    Mutant(
        "first place only", "harbour", "rows-are-never-merged", "row", (("in book.places\n", "in book.places[:1]\n"),)
    ),
    Mutant(
        "first two coins only", "harbour", "rows-are-never-merged", "row", ((ROWS, "for coin in place.coins[:2]\n"),)
    ),
    Mutant(
        "dust left out",
        "harbour",
        "small-rows-are-kept",
        "left out",
        ((ROWS, 'for coin in place.coins\n        if coin.free + coin.locked > Amount("0.001")\n'),),
    ),
    Mutant(
        "value of 0 taken for unknown",
        "harbour",
        "small-rows-are-kept",
        "taken for unknown",
        (("if coin.usd is not None", "if coin.usd"),),
    ),
    Mutant(
        "value in place of a total",
        "harbour",
        "unknown-is-never-zero",
        "nobody sent",
        (("total=coin.free + coin.locked", "total=coin.usd or coin.free + coin.locked"),),
    ),
    Mutant(
        "eight places for everything",
        "harbour",
        "digits-are-kept",
        "digits",
        (("available=coin.free", 'available=coin.free.quantize(Amount("1E-8"))'),),
    ),
    Mutant(
        "value rounded to cents",
        "harbour",
        "digits-are-kept",
        "digits",
        (("total=coin.usd)", 'total=coin.usd.quantize(Amount("0.01")))'),),
    ),
    Mutant(
        "rows forgotten where a page follows",
        "harbour",
        "pages-keep-their-rows",
        "forgotten",
        ((f"Snapshot(rows, {NEXT}", f"Snapshot(() if after else rows, {NEXT}"),),
    ),
    Mutant(
        "next page not asked for", "harbour", "further-pages-are-asked-for", r"\$\.result\.next", ((f", {NEXT}", ""),)
    ),
    Mutant(
        "the same page again",
        "harbour",
        "secrets-are-never-shown",
        "lead from one to the other",
        (('{"after": mark}', "dict(query.state)"),),
    ),
    Mutant(
        "cursor quoted before it is encoded",
        "harbour",
        "nothing-is-encoded-twice",
        "twice",
        (
            ("import parse_qs, urlsplit", "import parse_qs, quote, urlsplit"),
            ('{"after": after}', '{"after": quote(after)}'),
        ),
    ),
    Mutant(
        "first token for everybody",
        "harbour",
        "secrets-are-not-kept",
        "KNOWN holds",
        (
            ("CODES: ", "KNOWN = {}\nCODES: "),
            (BEARER, 'return request.seal(headers=[bearer(KNOWN.setdefault("token", attempt.token.value))])'),
        ),
    ),
    Mutant(
        "token in the state",
        "harbour",
        "vectors-hold-no-real-secret",
        "token",
        (
            (
                "return AccessToken(Secret(ticket.access_token), ticket.expires_in)",
                'return Snapshot(next=[query.then("balances", {"token": ticket.access_token})])',
            ),
        ),
    ),
]


@contextmanager
def module_of(mutant: Mutant) -> Iterator[Any]:
    """The faulty plugin as a module of its own."""
    source = Path(SHAPES[mutant.shape].__file__ or "").read_text(encoding="utf-8")
    for old, new in mutant.changes:
        assert source.count(old) >= 1, f"{old!r} is not in the good plugin"
        source = source.replace(old, new)
    name = f"{mutant.shape}_with_" + re.sub(r"\W", "_", mutant.name)
    module = types.ModuleType(name)
    sys.modules[name] = module
    try:
        exec(compile(source, name, "exec"), vars(module))
        yield module
    finally:
        del sys.modules[name]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_every_fault_is_named_by_a_check(mutant: Mutant, tmp_path: Path) -> None:
    with module_of(mutant) as plugin:
        kit = Conformance(plugin, vectors=recorded(tmp_path, mutant.shape, plugin))
        wanted = [check for check, _ in kit.checks() if check.name == mutant.check]
        assert wanted, f"there is no check {mutant.check}"
        with pytest.raises(CheckFailedError, match=mutant.words):
            run_check(wanted[0], kit.subject, None)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_good_ones_raise_no_false_alarm(shape: str, tmp_path: Path) -> None:
    kit = Conformance(SHAPES[shape], vectors=recorded(tmp_path, shape, SHAPES[shape]))
    for check, case in kit.checks():
        if not NOT_HERE.match(check.name):
            run_check(check, kit.subject, case)


PICKY = {
    "nothing but what is recorded, and less than nothing": (
        (AMOUNT, 'total=amount_from_text({"102.50": amount, "-7.10": amount, "0.00": amount, "-7": amount}[amount])'),
    ),
    "no such debt": ((AMOUNT, 'total=amount_from_text({"-7.75": "none"}.get(amount, amount))'),),
    "no more than three rows": (("{{0,50}}", "{{0,3}}"),),
    "a comma is a point": (
        ("(-?[0-9.]{1,40})", "(-?[0-9.,]{1,40})"),
        (AMOUNT, 'total=amount_from_text(amount.replace(",", "."))'),
    ),
}


@pytest.mark.parametrize("changes", PICKY.values(), ids=PICKY)
def test_no_false_alarm_over_what_is_refused(changes: tuple[tuple[str, str], ...], tmp_path: Path) -> None:
    cases = recorded(tmp_path, "lagoon", lagoon)
    with module_of(Mutant("picky", "lagoon", "", "", changes)) as plugin:
        kit = Conformance(plugin, vectors=cases)
        for check, case in kit.checks():
            if check.run.__module__.endswith((".left_out", ".keeping")) or check.name == "separators-are-not-guessed":
                run_check(check, kit.subject, case)
