"""Reads over real sockets: hostile servers, polite ones beside them, waiting as asked, certificates. Roof."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import attrs

from coffers import Account, Client, Outcome, balance_report
from coffers.testing.certificates import Certificates
from coffers.testing.checking import check, require
from coffers.testing.hostile import BEHAVIOURS, HostileServer, answer, http_answer
from coffers.testing.polite import Step, balances_of, polite, recorded_read
from coffers.testing.subject import Subject

#: Seconds that a read of a hostile server may take, and how much later its end may be seen on a busy machine.
_TIMEOUT_S: Final = 0.4
_LATE_S: Final = 0.5
#: Seconds for reads that end at once unless the machine is very busy.
_AMPLE_S: Final = 15.0
#: Accounts at a polite server, beside those at hostile ones.
_POLITE: Final = 6


def _require_read(outcome: Outcome, recorded: Sequence[Step], where: str) -> None:
    """The outcome holds exactly the balances that were recorded."""
    found = outcome.error.message if outcome.error else None
    require(found is None, f"{where} ended as {outcome.error and outcome.error.kind}: {found}")
    rows = [balance_report(balance) for balance in outcome.unwrap().balances]
    require(rows == balances_of(recorded), f"{where} told other balances than the recorded ones")


@check("resilience")
def hostile_servers_end_in_the_right_kind(subject: Subject) -> None:
    """Whatever a server does, the read ends in time, as an error of the right kind and with no balance; and accounts
    at other servers are read all the same. The core sees to nearly all of it. What is left to `coffers_parse`: an
    answer that is not the documented one is a `BadResponseError`, never an empty `Snapshot`; and where the HTTP status
    is an error and the body does not say more, `refusal` or `status_error` knows what the status means.
    """
    recorded = recorded_read(subject)
    with ExitStack() as stack:
        client = stack.enter_context(Client(registry=subject.registry, sleep=lambda seconds: None))
        friendly = stack.enter_context(HostileServer(polite(recorded)))
        accounts = [
            subject.account(friendly.base_url, name=f"polite.{number}", timeout_s=_AMPLE_S) for number in range(_POLITE)
        ]
        for name in BEHAVIOURS:
            server = stack.enter_context(HostileServer(name))
            accounts.append(subject.account(server.base_url, name=name, timeout_s=_TIMEOUT_S))
        outcomes = {outcome.account.name: outcome for outcome in client.read_many(accounts, workers=16)}
    for account in accounts:
        if account.name in BEHAVIOURS:
            _require_kind(outcomes[account.name])
        else:
            _require_read(outcomes[account.name], recorded, "a read at a polite server, beside hostile ones,")


def _require_kind(outcome: Outcome) -> None:
    behaviour = BEHAVIOURS[outcome.account.name]
    where = f"a server that {behaviour.name} ({behaviour.summary})"
    require(outcome.snapshot is None, f"{where} was read as an account")
    kind, allowed = outcome.error.kind if outcome.error else "", " or ".join(sorted(behaviour.kinds))
    said = outcome.error.message if outcome.error else ""
    require(kind in behaviour.kinds, f"{where} must end as {allowed}, not {kind}: {said}")
    took_s = outcome.elapsed_s
    require(took_s <= _TIMEOUT_S + _LATE_S, f"{where}: the read took {took_s:.1f} s with a timeout of {_TIMEOUT_S} s")


# --- waiting as asked -----------------------------------------------------------------------------------------------

#: What `Retry-After` says in the hostile behaviours, in seconds; None where it makes no sense.
_TOLD: Final = {"seconds": 1.0, "date": 60.0, "bad": None, "negative": None, "absurd": None}
_STATUSES: Final = {429: "Too Many Requests", 503: "Service Unavailable"}


@check("resilience")
def retry_after_is_obeyed_or_told(subject: Subject) -> None:
    """Too many requests (HTTP 429) is `RateLimitedError`, a server that is down (503) `UnavailableError`: the core then
    waits as long as `Retry-After` says, if that fits, and tells it otherwise. An error of another class would be final;
    so let `refusal` or `status_error` make it from the status, unless the body says something else.
    """
    recorded = recorded_read(subject)
    _require_told(subject)
    for status, phrase in _STATUSES.items():
        _require_obeyed(subject, recorded, f"{status} {phrase}")


def _require_told(subject: Subject) -> None:
    """A wait that does not fit the deadline, or makes no sense, is told and not made."""
    pauses: list[float] = []
    with ExitStack() as stack:
        client = stack.enter_context(Client(registry=subject.registry, sleep=pauses.append, random=lambda: 0.0))
        accounts: list[Account] = []
        for status in _STATUSES:
            for kind in _TOLD:
                server = stack.enter_context(HostileServer(f"{status}_{kind}"))
                timeout_s = 0.9 if kind == "seconds" else _AMPLE_S  # too short for the wait that makes sense
                accounts.append(subject.account(server.base_url, name=f"{status}.{kind}", timeout_s=timeout_s))
        outcomes = {outcome.account: outcome for outcome in client.read_many(accounts)}
    for account in accounts:
        number, _, kind = account.name.partition(".")
        where, error = f"HTTP {number} with a Retry-After of the kind {kind!r}", outcomes[account].error
        require(error is not None and error.retryable, f"{where} must end as an error that another try may mend")
        told = error.retry_after_s if error else None
        require(told == _TOLD[kind], f"{where} must tell {_TOLD[kind]} s, not {told}")
    require(max(pauses, default=0.0) < 0.9, "a Retry-After beyond the deadline was waited for")


def _require_obeyed(subject: Subject, recorded: Sequence[Step], status: str) -> None:
    """A wait that fits is made, and then the account is read."""
    pauses: list[float] = []
    busy = answer(http_answer(status, b"{}", "Retry-After: 2"))
    with (
        HostileServer([busy, polite(recorded)]) as server,
        Client(registry=subject.registry, sleep=pauses.append) as client,
    ):
        [outcome] = client.read_many([subject.account(server.base_url, timeout_s=_AMPLE_S)])
    where = f"a server that answers HTTP {status} and a Retry-After of 2 s, and then properly,"
    _require_read(outcome, recorded, where)
    require(pauses == [2.0], f"{where} was asked again after {pauses} s")


# --- certificates ---------------------------------------------------------------------------------------------------


@check("resilience")
def bad_certificates_are_refused(subject: Subject) -> None:
    """Every connection is verified by the core, so a plugin can do nothing wrong here; it must not open connections of
    its own. If a good certificate fails too, `hostile-servers-end-in-the-right-kind` says more.
    """
    recorded = recorded_read(subject)
    with tempfile.TemporaryDirectory(prefix="coffers-") as folder, ExitStack() as stack:
        certificates = Certificates.make(Path(folder))
        client = stack.enter_context(Client(registry=subject.registry, sleep=lambda seconds: None))
        contexts = {"good": certificates.good, **certificates.bad}
        servers = {
            fault: stack.enter_context(HostileServer(polite(recorded), tls=context))
            for fault, context in contexts.items()
        }
        accounts = {
            fault.replace(" ", "."): subject.account(server.base_url, name=fault.replace(" ", "."), timeout_s=_AMPLE_S)
            for fault, server in servers.items()
        }
        trusting = [attrs.evolve(account, ca_file=certificates.ca_file) for account in accounts.values()]
        outcomes = {outcome.account.name.replace(".", " "): outcome for outcome in client.read_many(trusting)}
        _require_read(outcomes["good"], recorded, "a server with a good certificate")
        for fault in certificates.bad:
            error = outcomes[fault].error
            kind = error.kind if error else None
            require(kind == "network", f"a certificate that is {fault} must end as network, not {kind or 'a snapshot'}")
            require(not servers[fault].requests, f"a request was sent to a server whose certificate is {fault}")
