"""Deliberately wrong plugins: each is a good one with one fault, and each fails a standard check that names the fault.

Where `recorded` is set the author has recorded the cases from the faulty plugin, so what is recorded agrees with the
fault, and only the checks that need no author's word can find it.
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
from coffers.testing.checks import CHECKS
from coffers.testing.conformance import title_of
from coffers.testing.subject import Subject
from coffers.testing.vectors import load_cases, write_case
from tests import outsider
from tests.outsider import fjord, sandbox_of_fjord

HOME = Path(outsider.__file__).parent / "fjord"
SOURCE = (HOME / "__init__.py").read_text()


@attrs.frozen
class Mutant:
    """One fault.

    Attributes:
        name: what is wrong.
        check: the check that must fail.
        words: what its message must say, a regular expression.
        changes: pairs of old and new text in the good plugin's module.
        recorded: whether the cases are recorded from the faulty plugin.
    """

    name: str
    check: str
    words: str
    changes: tuple[tuple[str, str], ...]
    recorded: bool = False


TOTAL = "total=row.balance,"
ROWS_BEGIN, ROWS_END = "rows = [\n", "for row in page.wallets\n    ]\n"
ROWS = SOURCE[SOURCE.index(ROWS_BEGIN) : SOURCE.index(ROWS_END) + len(ROWS_END)]
SORTED = "for name, value in sorted(request.query))"
TIME = "attempt.time_ms}"
PAGE = "    page = structure(body, Page)\n"
AS_OF = "as_of = datetime.fromisoformat(page.as_of)"
REFUSE = "raise refusal(response, reason.message, reason.code, CODES)"
SIGNATURE = "signature = hmac.new("
IMPORT = "import hashlib\n"


def imports(name: str) -> tuple[str, str]:
    return IMPORT, f"{IMPORT}import {name}\n"


MUTANTS = [
    Mutant(
        "amount through float", "digits-are-kept", r"digit", ((TOTAL, "total=Amount(str(float(row.balance))),"),), True
    ),
    Mutant(
        "amount rounded", "digits-are-kept", r"digit", ((TOTAL, 'total=row.balance.quantize(Amount("0.01")),'),), True
    ),
    Mutant(
        "amount without its last zeros", "digits-are-kept", r"digit", ((TOTAL, "total=row.balance.normalize(),"),), True
    ),
    Mutant("amount as a float", "parse-arrow[balances]", r"bad_response", ((TOTAL, "total=float(row.balance),"),)),
    Mutant("sign of a debt lost", "parse-arrow[balances]", r"-17\.25", ((TOTAL, "total=abs(row.balance),"),)),
    Mutant(
        "total and available mixed up",
        "parse-arrow[balances]",
        r"1200\.50",
        ((TOTAL, "total=row.available or row.balance,"),),
    ),
    Mutant(
        "zero for null",
        "unknown-is-never-zero",
        r"total|available",
        (("balance: Amount\n", "balance: Amount | None\n"), (TOTAL, "total=row.balance or Amount(0),")),
        True,
    ),
    Mutant(
        "zero for a missing available",
        "unknown-is-never-zero",
        r"available",
        (("available=row.available", "available=row.available or Amount(0)"),),
        True,
    ),
    Mutant(
        "currency guessed",
        "currency-is-never-guessed",
        r"NOK",
        (
            ("currency: str\n", "currency: str | None\n"),
            ("Balance(row.currency,", 'Balance(row.currency or "NOK",'),
        ),
        True,
    ),
    Mutant(
        "row without a currency left out",
        "currency-is-never-guessed",
        r"row|gone|missing",
        (
            ("currency: str\n", "currency: str | None\n"),
            (ROWS_END, "for row in page.wallets if row.currency\n    ]\n"),
        ),
        True,
    ),
    Mutant(
        "rows of one currency merged",
        "rows-are-never-merged",
        r"row",
        ((ROWS, ROWS + "    rows = list({(row.currency, row.wallet): row for row in rows}.values())\n"),),
        True,
    ),
    Mutant(
        "rows of one currency summed",
        "rows-are-never-merged",
        r"row",
        (
            (
                ROWS,
                ROWS
                + "    sums = {}\n"
                + "    for row in rows:\n"
                + "        sums[row.currency] = sums.get(row.currency, 0) + row.total\n"
                + "    rows = [Balance(currency, total=total) for currency, total in sums.items()]\n",
            ),
        ),
        True,
    ),
    Mutant("error swallowed", "parse-arrow[unknown-key]", r"auth", ((REFUSE, "return Snapshot()"),)),
    Mutant(
        "error swallowed and recorded so",
        "claimed-kinds-are-recorded",
        r"clock",
        ((REFUSE, "return Snapshot()"),),
        True,
    ),
    Mutant(
        "page taken for no balance",
        "parse-arrow[page-with-http-200]",
        r"bad_response",
        (
            (
                "    body = parse_json(response.body)\n",
                "    try:\n        body = parse_json(response.body)\n"
                "    except BadResponseError:\n        return Snapshot()\n",
            ),
        ),
    ),
    Mutant(
        "error object taken for no balance",
        "nothing-is-no-balance",
        r"no balance|empty",
        (
            ("wallets: list[Wallet]", "wallets: Any"),
            (
                PAGE,
                "    page = structure(body, Page)\n    if not page.wallets:\n        return Snapshot()\n"
                "    page = attrs.evolve(page, wallets=structure(page.wallets, list[Wallet]))\n",
            ),
        ),
        True,
    ),
    Mutant(
        "refused key taken for any refusal",
        "parse-arrow[unknown-key]",
        r"rejected",
        (
            ('"unknown_key": AuthError', '"unknown_key": RejectedError'),
            ("    refusal,\n", "    refusal,\n    RejectedError,\n"),
        ),
    ),
    Mutant(
        "rate limit not recognised",
        "parse-arrow[too-fast]",
        r"rate_limited",
        (('"too_fast": RateLimitedError', '"too_fast": PermissionDeniedError'),),
    ),
    Mutant("further pages forgotten", "parse-arrow[first-page]", r"next", ((", next=more)", ")"),)),
    Mutant(
        "time zone dropped",
        "parse-arrow[balances]",
        r"2026-11-21T04:00:00Z",
        (
            (AS_OF, AS_OF + ".replace(tzinfo=UTC)"),
            ("from datetime import datetime", "from datetime import UTC, datetime"),
        ),
    ),
    Mutant(
        "time without a zone",
        "parse-arrow[balances]",
        r"bad_response|time",
        ((AS_OF, AS_OF + ".replace(tzinfo=None)"),),
    ),
    Mutant(
        "time in the machine's own zone",
        "verbs-are-pure[balances]",
        r"time zone",
        ((AS_OF, AS_OF + ".replace(tzinfo=None).astimezone()"),),
        True,
    ),
    Mutant(
        "now for the provider's time",
        "verbs-are-pure[balances]",
        r"coffers_parse is not pure: it uses datetime\.now",
        ((AS_OF, "as_of = datetime.now().astimezone()"),),
    ),
    Mutant(
        "parts signed in another order",
        "canonical-arrow[balances]",
        r"[-+]/v2/wallets",
        (("{request.method}\\n{request.path}", "{request.path}\\n{request.method}"),),
    ),
    Mutant(
        "parameters unsorted",
        "canonical-arrow[second-page]",
        r"cursor",
        ((SORTED, "for name, value in request.query)"),),
    ),
    Mutant("another digest", "sign-arrow[balances]", r"X-Fjord-Signature", (("hashlib.sha256)", "hashlib.sha512)"),)),
    Mutant(
        "own clock signed",
        "verbs-are-pure[balances]",
        r"time\.time",
        (imports("time"), (TIME, "int(time.time() * 1000)}")),
    ),
    Mutant(
        "random number signed",
        "verbs-are-pure[balances]",
        r"secrets\.|random",
        (imports("secrets"), (TIME, "secrets.randbelow(10)}")),
    ),
    Mutant(
        "environment read",
        "verbs-are-pure[balances]",
        r"os\.",
        (imports("os"), (SIGNATURE, 'os.environ.get("FJORD")\n    ' + SIGNATURE)),
    ),
    Mutant("something printed", "verbs-are-pure[balances]", r"print", ((PAGE, PAGE + "    print(page)\n"),)),
    Mutant(
        "earlier answers remembered",
        "verbs-are-pure[balances]",
        r"something else|changed",
        (
            (PAGE, PAGE + "    SEEN.append(1)\n"),
            (TOTAL, "total=row.balance + len(SEEN),"),
            ("CODES: dict", "SEEN: list[int] = []\nCODES: dict"),
        ),
        True,
    ),
    Mutant(
        "secret not used",
        "only-sign-sees-secrets",
        r"secret",
        (("credentials.secret.reveal().encode()", 'b"fixed"'),),
        True,
    ),
    Mutant(
        "secret in an error",
        "only-sign-sees-secrets",
        r"secret|canary|coffers_sign",
        (
            (
                SIGNATURE,
                "if not credentials.secret.reveal().isalnum():\n"
                '        raise ConfigError("bad secret " + credentials.secret.reveal())\n    ' + SIGNATURE,
            ),
            ("    ClockError,\n", "    ClockError,\n    ConfigError,\n"),
        ),
    ),
    Mutant(
        "secret logged",
        "only-sign-sees-secrets",
        r"log",
        (
            imports("logging"),
            (
                SIGNATURE,
                'logging.getLogger("fjord").info("signing with %s", credentials.secret.reveal())\n    ' + SIGNATURE,
            ),
        ),
    ),
    Mutant(
        "link followed as an address",
        "requests-stay-at-home",
        r"host|home|path",
        (('"/v2/wallets", query=page)', '"/v2/wallets", query=page, host=query.get("cursor") or "api")'),),
    ),
    Mutant(
        "program ended by an answer",
        "any-mutant-is-read-safely",
        r"SystemExit",
        ((PAGE, '    if not body.get("as_of"):\n        raise SystemExit\n' + PAGE),),
        True,
    ),
    Mutant(
        "slow reading",
        "parse-takes-no-longer-than-50-ms",
        r"ms|slow",
        ((PAGE, "    sum(number * number for number in range(2_000_000))\n" + PAGE),),
    ),
    Mutant(
        "permission not told",
        "manifest-is-complete",
        r"permission",
        (('permission="a key with the scope wallets:read"', 'permission=""'),),
    ),
    Mutant(
        "page instead of documentation",
        "manifest-is-complete",
        r"https",
        (('docs="https://docs', 'docs="http://docs'),),
    ),
    Mutant(
        "promised error not recorded",
        "claimed-kinds-are-recorded",
        r"unsupported",
        (("    UnavailableError,\n", "    UnavailableError,\n    UnsupportedError,\n"),),
    ),
]


@contextmanager
def module_of(mutant: Mutant) -> Iterator[Any]:
    """The faulty plugin as a module of its own."""
    source = SOURCE
    for old, new in mutant.changes:
        assert source.count(old) >= 1, f"{old!r} is not in the good plugin"
        source = source.replace(old, new)
    name = "fjord_with_" + re.sub(r"\W", "_", mutant.name)
    module = types.ModuleType(name)
    sys.modules[name] = module
    try:
        exec(
            compile(
                source.replace("Amount(", "Decimal(").replace(IMPORT, f"{IMPORT}from decimal import Decimal\n", 1),
                name,
                "exec",
            ),
            vars(module),
        )
        yield module
    finally:
        del sys.modules[name]


def copied(folder: Path, plugin: Any, recorded: bool) -> Path:
    """The good plugin's cases; recorded anew from the faulty one if so wished."""
    for case in load_cases(HOME / "vectors"):
        there = folder / "fjord" / case.name
        there.mkdir(parents=True)
        for name, content in case.files.items():
            (there / name).write_bytes(content)
    if recorded:
        for case in load_cases(folder):
            write_case(case, plugin)
    return folder


def faults(subject: Subject, kit: Conformance, title: str) -> Iterator[str]:
    wanted = title.partition("[")[0]
    assert wanted in {check.name for check in CHECKS}, f"there is no check {wanted}"
    for check, case in kit.checks():
        if title in (title_of(check, case), check.name):
            try:
                run_check(check, subject, case)
            except CheckFailedError as failure:
                yield str(failure)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_every_fault_is_named_by_a_check(mutant: Mutant, tmp_path: Path) -> None:
    with module_of(mutant) as plugin:
        kit = Conformance(plugin, vectors=copied(tmp_path, plugin, mutant.recorded))
        found = list(faults(kit.subject, kit, mutant.check))
    assert found, "the fault is not noticed"
    assert re.search(mutant.words, found[0]), found[0]


def test_a_sandbox_part_that_takes_any_key_is_noticed() -> None:
    part = sandbox_of_fjord()
    lax = attrs.evolve(part, answer=lambda call, account: part.answer(_signed_again(call, account), account))
    subject = Subject(fjord, load_cases(HOME / "vectors"), lax)
    kit = Conformance(fjord, vectors=HOME / "vectors")
    assert re.search(r"secret|revoked", next(faults(subject, kit, "sandbox-part-is-strict")))


def _signed_again(call: Any, account: Any) -> Any:
    """The call as if it had been signed with the right key."""
    request = fjord.coffers_request(fjord.Query(fjord.Settings())).add(query=())
    attempt = fjord.Attempt(int(call.header("x-fjord-time")), 0)
    key = fjord.Key("made-up-key-id", fjord.Secret("made-up-secret-half"))
    sealed = fjord.coffers_sign(attrs.evolve(request, query=call.query), key, attempt)
    return attrs.evolve(call, headers=sealed.headers)


def test_the_good_one_passes_every_check() -> None:
    subject = Subject(fjord, load_cases(HOME / "vectors"), sandbox_of_fjord())
    kit = Conformance(fjord, vectors=HOME / "vectors")
    for check, case in kit.checks():
        run_check(check, subject, case)
