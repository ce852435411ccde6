"""The check of sandbox parts: a strict one passes, each way to be easier than the provider is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import attrs
import pytest

from coffers import SandboxAccount, SandboxCall, SandboxProvider, SandboxReply
from coffers.plugin import (
    Amount,
    Attempt,
    AuthError,
    Balance,
    ClockError,
    ConfigError,
    Query,
    Request,
    Response,
    Secret,
    SignedRequest,
    Snapshot,
    amount_to_text,
    read_json,
    refusal,
    reply_json,
)
from coffers.testing.checking import CheckFailedError
from coffers.testing.checks.sandbox import sandbox_part_is_strict
from coffers.testing.subject import Subject
from tests.core import toy
from tests.roof.testing import kit_toy

Answer = Callable[[SandboxCall, SandboxAccount], SandboxReply]

#: Seconds that a timestamp may be off.
WINDOW_S = 60


def strict(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    """The toy's provider: path, method, key and time are looked at."""
    if (call.method, call.path) != ("GET", "/balances"):
        return reply_json({"error": "no such thing"}, status=404)
    if account.revoked or call.header("authorization") != f"Bearer {account.fields['key']}":
        return reply_json({"error": "unknown key"}, status=401)
    if abs(int(call.header("x-time") or 0) / 1000 - call.time_s) > WINDOW_S:
        return reply_json({"error": "too old"}, status=408)
    [(code, amount)] = account.balances.items()
    return reply_json({"currency": code, "amount": amount_to_text(amount)})


def timed(response: Response, query: Query[Any]) -> Snapshot:
    """As the toy's, with the error that a wrong time is."""
    if response.status == 408:
        raise ClockError("too old")
    return toy.parse(response, query)


PLUGIN = toy.plugin(parse=timed)
PART = SandboxProvider(id="toy", fields={"key": "made-up-key"}, balances={"USD": "12.50"}, answer=strict)


def with_answer(answer: Answer, **more: Any) -> SandboxProvider:
    """The part with another side of the protocol."""
    return attrs.evolve(PART, answer=answer, **more)


def fails(subject: Subject) -> str:
    """What the check says."""
    with pytest.raises(CheckFailedError) as caught:
        sandbox_part_is_strict(subject)
    return str(caught.value)


def test_a_strict_part_passes(tmp_path: Path) -> None:
    sandbox_part_is_strict(kit_toy.subject(tmp_path, PLUGIN, part=PART))


def test_where_there_is_no_part_another_check_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox_part_is_strict(kit_toy.subject(tmp_path / "none"))
    broken = EntryPoint("toy", "no_such_module_anywhere:PART", "coffers.sandboxes")
    monkeypatch.setattr("coffers.testing.subject.entry_points", lambda group, name: [broken])
    sandbox_part_is_strict(kit_toy.subject(tmp_path / "broken"))


def any_key(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    if account.revoked:
        return reply_json({"error": "unknown key"}, status=401)
    headers = [(name, value) for name, value in call.headers if name.lower() != "authorization"]
    right = ("Authorization", f"Bearer {account.fields['key']}")
    return strict(attrs.evolve(call, headers=(right, *headers)), account)


def never_revoked(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    return strict(call, attrs.evolve(account, revoked=False))


def any_method(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    return strict(attrs.evolve(call, method="GET"), account)


def any_path(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    return strict(attrs.evolve(call, path="/balances"), account)


def any_time(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    return strict(attrs.evolve(call, time_s=int(call.header("x-time") or 0) / 1000), account)


def refused_in_other_words(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
    reply = strict(call, account)
    return attrs.evolve(reply, status=404) if reply.status == 401 else reply


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (any_key, "a wrong key must end as auth or permission, not a snapshot"),
        (refused_in_other_words, "a wrong key must end as auth or permission, not rejected"),
        (never_revoked, "revoked credentials must end as auth or permission, not a snapshot"),
        (any_method, "the sandbox part takes a wrong method and answers all the same"),
        (any_path, "the sandbox part takes a wrong path and answers all the same"),
        (any_time, "the sandbox part takes a time that is 10 days off"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_part_that_is_too_easy_is_noticed(answer: Answer, words: str, tmp_path: Path) -> None:
    assert fails(kit_toy.subject(tmp_path, PLUGIN, part=with_answer(answer))) == words


def test_a_part_without_a_clock_is_right_where_no_time_is_signed(tmp_path: Path) -> None:
    def sign(request: Request, credentials: toy.ByKey, attempt: Attempt) -> SignedRequest:
        return request.seal(headers={"Authorization": f"Bearer {credentials.key.reveal()}"})

    def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
        return strict(attrs.evolve(call, headers=(*call.headers, ("X-Time", str(int(call.time_s * 1000))))), account)

    sandbox_part_is_strict(kit_toy.subject(tmp_path, toy.plugin(sign=sign), part=with_answer(answer)))


def test_a_signer_that_refuses_signs_no_time(tmp_path: Path) -> None:
    def sign(request: Request, credentials: toy.ByKey, attempt: Attempt) -> SignedRequest:
        if credentials.key.reveal() == kit_toy.KEY and attempt.nonce == 7:  # as recorded, not as read
            raise ConfigError("not today")
        return toy.sign(request, credentials, attempt)

    sandbox_part_is_strict(kit_toy.subject(tmp_path, toy.plugin(sign=sign, parse=timed), part=PART))


# --- what is read ---------------------------------------------------------------------------------------------------


def test_an_opening_balance_that_is_not_read_is_noticed(tmp_path: Path) -> None:
    def halved(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
        return strict(call, attrs.evolve(account, balances={"USD": Decimal("6.25")}))

    def renamed(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
        return strict(call, attrs.evolve(account, balances={"EUR": account.balances["USD"]}))

    for answer in (halved, renamed):
        subject = kit_toy.subject(tmp_path / answer.__name__, PLUGIN, part=with_answer(answer))
        assert fails(subject) == "the opening balance of 12.50 USD is in no row of the read"


@attrs.frozen
class Rows:
    """Several balances."""

    rows: list[toy.Answer]


def parse_rows(response: Response, query: Query[Any]) -> Snapshot:
    """A row a balance, its network in the code."""
    if response.status != 200:
        raise refusal(response, None)
    rows = [(*row.currency.split("_"), row.amount) for row in read_json(response, Rows).rows]
    return Snapshot([Balance(code, network=network, total=amount) for code, network, amount in rows])


def rows_of(account: SandboxAccount) -> list[dict[str, str]]:
    return [{"currency": code, "amount": str(amount)} for code, amount in account.balances.items()]


@pytest.mark.parametrize("merged", [False, True])
def test_each_opening_balance_has_a_row_of_its_own(merged: bool, tmp_path: Path) -> None:
    def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
        reply = strict(call, attrs.evolve(account, balances={"USD": Amount("1")}))
        rows = rows_of(account)[: 1 if merged else 2]
        return reply_json({"rows": rows}) if reply.status == 200 else reply

    part = with_answer(answer, balances={"USDT_TRC": "10", "USDT_ERC": "10"})
    plugin = toy.plugin(parse=parse_rows)
    row = {"currency": "USDT_TRC", "amount": "10"}
    cases = {"balance": {**kit_toy.SIGNED, "response.http": kit_toy.answered({"rows": [row]})}}
    subject = kit_toy.subject(tmp_path, plugin, cases=cases, part=part)
    if merged:
        assert fails(subject) == "the opening balance of 10 USDT_ERC is in no row of the read"
    else:
        sandbox_part_is_strict(subject)


# --- parts that cannot be read --------------------------------------------------------------------------------------


def test_a_part_that_refuses_its_own_account_is_noticed(tmp_path: Path) -> None:
    def refuse(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
        return reply_json({"error": "unknown key"}, status=401)

    said = fails(kit_toy.subject(tmp_path, PLUGIN, part=with_answer(refuse)))
    assert said.startswith("its made-up account cannot be read: auth, ")


def test_a_part_that_raises_is_noticed(tmp_path: Path) -> None:
    def fall(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
        raise KeyError("a key that is not there")

    said = fails(kit_toy.subject(tmp_path, PLUGIN, part=with_answer(fall)))
    assert re.fullmatch(r"the sandbox part raised KeyError at testing/test_checks_sandbox\.py:\d+", said)


@attrs.frozen
class Settings:
    """Of every type that a config knows."""

    deep: bool
    shop: int
    region: str = "eu"


@attrs.frozen
class ByPair:
    """Two secrets."""

    key: Secret
    phrase: Secret


def sign_pair(request: Request, credentials: ByPair, attempt: Attempt) -> SignedRequest:
    """Both secrets, as they are."""
    if credentials.phrase.reveal().isdigit():
        raise ConfigError("the phrase must have letters")
    return request.seal(query={"key": credentials.key.reveal(), "phrase": credentials.phrase.reveal()})


def request_with_settings(query: Query[Settings]) -> Request:
    settings = query.settings
    return Request("GET", "/balances", query={"shop": str(settings.shop + 1), "deep": str(settings.deep)})


FIELDS: Mapping[str, str] = {
    "deep": "true",
    "shop": "41",
    "region": "us",
    "key": "made-up-key",
    "phrase": "made-up-phrase",
}


def pair(names: tuple[str, ...]) -> SandboxProvider:
    """A part that looks at these of its parameters."""

    def answer(call: SandboxCall, account: SandboxAccount) -> SandboxReply:
        right = {**account.fields, "shop": "42", "deep": "True"}
        asked = dict(call.query)
        if call.method != "GET" or call.path != "/balances":
            return reply_json({}, status=404)
        if account.revoked or any(asked[name] != right[name] for name in names):
            return reply_json({}, status=401)
        return reply_json({"currency": "USD", "amount": "1"})

    return SandboxProvider(id="toy", fields=FIELDS, balances={"USD": "1"}, answer=answer)


def paired(folder: Path, part: SandboxProvider) -> Subject:
    plugin = toy.plugin(request=request_with_settings, sign=sign_pair, settings=Settings, credentials=(ByPair,))
    case = {
        "query.json": {"settings": {"deep": True, "shop": 41}},
        "credentials.json": {"key": "made-up-key", "phrase": "made-up-phrase"},
        "attempt.json": {},
        "response.http": kit_toy.OK,
    }
    return kit_toy.subject(folder, plugin, cases={"balance": case}, part=part)


def test_every_secret_must_be_looked_at(tmp_path: Path) -> None:
    sandbox_part_is_strict(paired(tmp_path / "all", pair(("key", "phrase", "shop", "deep"))))
    said = fails(paired(tmp_path / "one", pair(("key", "shop"))))
    assert said == "a wrong phrase must end as auth or permission, not a snapshot"


def test_fields_that_make_no_account_are_noticed(tmp_path: Path) -> None:
    part = pair(("key",))
    said = fails(paired(tmp_path / "other", attrs.evolve(part, fields={**FIELDS, "colour": "red"})))
    assert said == "the sandbox part's field 'colour' is no config key of the provider"
    said = fails(paired(tmp_path / "number", attrs.evolve(part, fields={**FIELDS, "shop": "forty-one"})))
    assert said == "the sandbox part's field 'shop' is no whole number"


def test_a_key_that_cannot_be_sent_is_no_lax_part(tmp_path: Path) -> None:
    """What `sign` refuses never gets as far as the part."""

    def sign(request: Request, credentials: toy.ByKey, attempt: Attempt) -> SignedRequest:
        if credentials.key.reveal() != kit_toy.KEY:
            raise ConfigError("its check digit is wrong")
        return toy.sign(request, credentials, attempt)

    sandbox_part_is_strict(kit_toy.subject(tmp_path, toy.plugin(sign=sign, parse=timed), part=PART))


def test_a_refusal_is_what_the_plugin_reads_it_as(tmp_path: Path) -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        if response.status == 404 and query.step == "balances":
            raise AuthError("taken for a wrong key")
        return timed(response, query)

    part = with_answer(refused_in_other_words)
    sandbox_part_is_strict(kit_toy.subject(tmp_path, toy.plugin(parse=parse), part=part))
