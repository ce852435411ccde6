"""The checks over real sockets: good plugins pass, wrong ones are told what is wrong; and the polite server."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

from coffers import Account, Client, NetworkError, Outcome
from coffers.plugin import (
    Amount,
    Balance,
    CoffersError,
    Query,
    RateLimitedError,
    RejectedError,
    Request,
    Response,
    Snapshot,
    read_json,
    refusal,
)
from coffers.testing.checking import CheckFailedError
from coffers.testing.checks import servers
from coffers.testing.checks.safety import only_sign_sees_secrets, requests_stay_at_home, secrets_are_never_shown
from coffers.testing.checks.servers import (
    bad_certificates_are_refused,
    hostile_servers_end_in_the_right_kind,
    retry_after_is_obeyed_or_told,
)
from coffers.testing.hostile import BEHAVIOURS, HostileServer
from coffers.testing.polite import Message, answering, balances_of, closest, polite, recorded_read
from coffers.testing.subject import Subject
from tests.core import toy
from tests.roof.testing import kit_toy

Check = Callable[[Subject], None]
CHECKS = (hostile_servers_end_in_the_right_kind, retry_after_is_obeyed_or_told, bad_certificates_are_refused)


def fails(check: Check, subject: Subject) -> str:
    """What the check says."""
    with pytest.raises(CheckFailedError) as caught:
        check(subject)
    return str(caught.value)


def parsing(folder: Path, parse: Callable[[Response, Query[Any]], Snapshot]) -> Subject:
    """A plugin with this `parse`, its cases recorded from the good one."""
    return kit_toy.subject(folder, toy.plugin(parse=parse))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
def test_a_right_plugin_passes(check: Check, tmp_path: Path) -> None:
    check(kit_toy.subject(tmp_path))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
def test_a_right_plugin_with_a_token_and_pages_passes(check: Check, tmp_path: Path) -> None:
    check(kit_toy.subject(tmp_path, kit_toy.paged(), cases=kit_toy.PAGED))


@attrs.frozen
class Wallets:
    """What the first answer of some providers lists."""

    wallets: list[str]


def find_request(query: Query[Any]) -> Request:
    if query.step == "balances":
        return Request("POST", "/rpc", json={"call": "wallets"})
    return Request("POST", "/rpc", json={"call": "balance", "wallet": query.get("wallet")})


def find_parse(response: Response, query: Query[Any]) -> Snapshot:
    if response.status != 200:
        raise refusal(response, None)
    if query.step == "balances":
        wallets = read_json(response, Wallets).wallets
        return Snapshot(next=tuple(query.then("wallet", {"wallet": wallet}) for wallet in wallets))
    return toy.parse(response, query)


FOUND: Mapping[str, kit_toy.Files] = {
    "wallets": {**kit_toy.SIGNED, "response.http": kit_toy.answered({"wallets": ["a", "b"]})},
    **{
        f"wallet-{name}": {
            **kit_toy.SIGNED,
            "query.json": {"step": "wallet", "state": {"wallet": name}},
            "response.http": kit_toy.answered({"currency": currency, "amount": "1"}),
        }
        for name, currency in (("a", "USD"), ("b", "EUR"))
    },
}


@pytest.mark.parametrize("check", [*CHECKS, requests_stay_at_home, only_sign_sees_secrets, secrets_are_never_shown])
def test_a_right_plugin_that_asks_for_a_list_first_passes(check: Check, tmp_path: Path) -> None:
    """One path for every call, so the polite server tells them apart by their bodies."""
    subject = kit_toy.subject(tmp_path, toy.plugin(request=find_request, parse=find_parse), cases=FOUND)
    assert [row["currency"] for row in balances_of(recorded_read(subject))] == ["USD", "EUR"]
    check(subject)


def test_a_success_without_any_balance_is_none(tmp_path: Path) -> None:
    cases = {"wallets": {**kit_toy.SIGNED, "response.http": kit_toy.answered({"wallets": []})}}
    subject = kit_toy.subject(tmp_path, toy.plugin(request=find_request, parse=find_parse), cases=cases)
    with pytest.raises(CheckFailedError, match="no recorded success with balances"):
        recorded_read(subject)


# --- wrong answers to wrong servers ---------------------------------------------------------------------------------


def test_a_page_taken_for_no_balance_is_noticed(tmp_path: Path) -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        return Snapshot() if response.body.startswith(b"<") else toy.parse(response, query)

    said = fails(hostile_servers_end_in_the_right_kind, parsing(tmp_path, parse))
    assert "was read as an account" in said
    assert "portal_page" in said or "html_as_json" in said


def test_an_answer_that_is_not_the_documented_one_taken_for_no_balance_is_noticed(tmp_path: Path) -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        return Snapshot() if b"stranger" in response.body else toy.parse(response, query)

    said = fails(hostile_servers_end_in_the_right_kind, parsing(tmp_path, parse))
    assert "was read as an account" in said


def test_a_refusal_of_every_kind_taken_for_the_same_is_noticed(tmp_path: Path) -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        if response.status != 200:
            raise RejectedError("no")
        return toy.parse(response, query)

    said = fails(hostile_servers_end_in_the_right_kind, parsing(tmp_path, parse))
    assert said.endswith("not rejected: no")
    said = fails(retry_after_is_obeyed_or_told, parsing(tmp_path / "again", parse))
    assert "must end as an error that another try may mend" in said


def test_other_balances_than_the_recorded_ones_are_noticed(tmp_path: Path) -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        return Snapshot([*toy.parse(response, query).balances, Balance("EUR", total=Amount("0"))])

    said = fails(hostile_servers_end_in_the_right_kind, parsing(tmp_path, parse))
    assert said.endswith("told other balances than the recorded ones")


def test_an_account_that_cannot_be_read_live_is_noticed(tmp_path: Path) -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        if response.header("Content-Length"):  # only a real answer has one
            raise RejectedError("no such luck")
        return toy.parse(response, query)

    for check in CHECKS:
        said = fails(check, parsing(tmp_path / check.__name__, parse))
        assert "ended as rejected: no such luck" in said or "not rejected" in said or "another try" in said


def test_a_read_that_takes_too_long_is_noticed() -> None:
    outcome = Outcome(Account("refuse", "toy"), datetime.now(UTC), 1.5, error=NetworkError("at last"))
    with pytest.raises(CheckFailedError, match=r"refuse .*the read took 1\.5 s with a timeout of 0\.4 s"):
        servers._require_kind(outcome)
    servers._require_kind(attrs.evolve(outcome, elapsed_s=0.8))


def test_every_behaviour_says_how_a_read_may_end() -> None:
    from coffers import KINDS

    for behaviour in BEHAVIOURS.values():
        assert behaviour.kinds, behaviour.name
        assert behaviour.kinds <= KINDS.keys(), behaviour.name


# --- waiting as asked -----------------------------------------------------------------------------------------------


def test_a_wait_that_nobody_asked_for_is_noticed(tmp_path: Path) -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        if response.status == 429:
            raise RateLimitedError("slowly", retry_after_s=3600.0)
        return toy.parse(response, query)

    said = fails(retry_after_is_obeyed_or_told, parsing(tmp_path, parse))
    assert said == "HTTP 429 with a Retry-After of the kind 'seconds' must tell 1.0 s, not 3600.0"


def test_a_server_that_is_down_for_good_is_noticed(tmp_path: Path) -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        if response.header("Retry-After") == "2":  # in the check that waits, the one that fits
            raise RejectedError("never again")
        return toy.parse(response, query)

    said = fails(retry_after_is_obeyed_or_told, parsing(tmp_path, parse))
    assert said.startswith(
        "a server that answers HTTP 429 Too Many Requests and a Retry-After of 2 s, and then properly,"
    )
    assert said.endswith("ended as rejected: never again")


# --- certificates ---------------------------------------------------------------------------------------------------


def test_a_client_that_trusts_everybody_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coffers.transport.connection.trust", lambda ca_file: _trusting())
    said = fails(bad_certificates_are_refused, kit_toy.subject(tmp_path))
    assert said == "a certificate that is expired must end as network, not a snapshot"


def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def test_a_plugin_that_fails_over_a_good_certificate_is_noticed(tmp_path: Path) -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        raise refusal(response, "no")

    said = fails(bad_certificates_are_refused, parsing(tmp_path, parse))
    assert said.startswith("a server with a good certificate ended as")


# --- the polite server ----------------------------------------------------------------------------------------------


def test_a_read_of_several_steps_is_played_in_the_order_of_the_core(tmp_path: Path) -> None:
    subject = kit_toy.subject(tmp_path, kit_toy.paged(), cases=kit_toy.PAGED)
    recorded = recorded_read(subject)
    assert [step.case.name for step in recorded] == ["token", "first-page", "second-page"]
    assert [row["currency"] for row in balances_of(recorded)] == ["USD", "EUR"]
    with HostileServer(polite(recorded)) as server, Client(registry=subject.registry) as client:
        snapshot = client.read(subject.account(server.base_url))
    assert [(row.currency, row.total) for row in snapshot.balances] == [("USD", Amount("1.5")), ("EUR", Amount("2"))]
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("raw", "case"),
    [
        (b"POST /v1/login HTTP/1.1\r\n\r\nkey=x", "token"),
        (b"GET /v1/rows HTTP/1.1\r\n\r\n", "first-page"),
        (b"GET /prefix/v1/rows?sig=x HTTP/1.1\r\n\r\n", "first-page"),
        (b"GET /v1/rows?page=2&sig=x HTTP/1.1\r\n\r\n", "second-page"),
    ],
)
def test_a_message_is_told_by_its_path_its_method_and_its_parts(raw: bytes, case: str, tmp_path: Path) -> None:
    recorded = recorded_read(kit_toy.subject(tmp_path, kit_toy.paged(), cases=kit_toy.PAGED))
    assert closest(recorded, Message.of(raw)).case.name == case


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        (b'{"b": 1, "a": {"d": 1, "c": 2}}', {("b", "1"), ("a", '{"c": 2, "d": 1}')}),
        (b"[1, 2]", set()),
        (b"a=1&b=", {("a", "1"), ("b", "")}),
        (b"\xff\xfe", {("\ufffd\ufffd", "")}),
        (b"", set()),
    ],
)
def test_the_parts_of_a_body(body: bytes, parts: set[tuple[str, str]]) -> None:
    assert Message.of(b"POST /x?q=1 HTTP/1.1\r\nHost: a\r\n\r\n" + body).parts == {("q", "1"), *parts}


def test_a_step_that_nobody_recorded_is_named(tmp_path: Path) -> None:
    without = {name: files for name, files in kit_toy.PAGED.items() if name != "second-page"}
    with pytest.raises(CheckFailedError) as caught:
        recorded_read(kit_toy.subject(tmp_path / "page", kit_toy.paged(), cases=without))
    said = "no recorded success answers the step 'balances' with the state {'page': '2'}, which first-page asks"
    assert str(caught.value) == said
    without = {name: files for name, files in kit_toy.PAGED.items() if name != "token"}
    with pytest.raises(CheckFailedError, match="answers the step 'login', which every read asks"):
        recorded_read(kit_toy.subject(tmp_path / "token", kit_toy.paged(), cases=without))


def test_pages_that_lead_back_are_noticed(tmp_path: Path) -> None:
    page = kit_toy.answered({"rows": [{"currency": "EUR", "amount": "2"}], "next": kit_toy.LINK})
    cases = {**kit_toy.PAGED, "second-page": {**kit_toy.PAGED["second-page"], "response.http": page}}
    with pytest.raises(CheckFailedError, match=r"without an end \(second-page\)"):
        recorded_read(kit_toy.subject(tmp_path, kit_toy.paged(), cases=cases))


def test_of_several_answers_to_one_question_the_main_one_is_played(tmp_path: Path) -> None:
    cases = {
        "a-debt": {"query.json": {}, "response.http": kit_toy.OK.replace("12.50", "-1")},
        **kit_toy.CASES,
        "z-zero": {"query.json": {}, "response.http": kit_toy.OK.replace("12.50", "0")},
    }
    [step] = recorded_read(kit_toy.subject(tmp_path, cases=cases))
    assert step.case.name == "balance"


def test_what_said_how_a_body_was_sent_is_not_sent_again(tmp_path: Path) -> None:
    wire = (("Content-Encoding", "gzip"), ("Content-Length", "7"), ("X-Request-Id", "abc"))
    subject = kit_toy.subject(tmp_path)
    refused = Response(401, wire, b'{"error": "unknown"}')
    with (
        HostileServer(answering(lambda message: refused)) as server,
        Client(registry=subject.registry) as client,
        pytest.raises(CoffersError) as caught,
    ):
        client.read(subject.account(server.base_url))
    assert (caught.value.kind, caught.value.request_id) == ("auth", "abc")


def test_an_unused_request_is_none(tmp_path: Path) -> None:
    """A request with parts is told from one without by what it lacks, too."""
    plugin = toy.plugin(request=lambda query: Request("POST", "/b", json={"step": query.step}))
    [step] = recorded_read(kit_toy.subject(tmp_path, plugin, cases=kit_toy.CASES))
    assert closest([step], Message.of(b"GET /elsewhere HTTP/1.1\r\n\r\n")) is step
