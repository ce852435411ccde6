"""The sandbox: accounts, the address of each, and the decision what to answer to a request.

Roof. The server itself is in `wire`, started and stopped here. What is logged, or kept of a request, never holds a key.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

import attrs

from coffers import (
    Account,
    ConfigError,
    PluginError,
    Registry,
    SandboxCall,
    SandboxProvider,
    SandboxReply,
)

from .accounts import Amounts, Exchange, ServedAccount
from .config import config_toml, secret_variables
from .control import PREFIX, control
from .faults import Fault
from .parts import check_part, installed_parts

if TYPE_CHECKING:
    from typing import Self

    from .wire import Delivery, LoopbackServer, Received

__all__ = ["Crash", "Sandbox"]

_log = logging.getLogger("coffers.sandbox")

_TARGET: Final = re.compile(r"/([^/?]*)(/[^?]*)?(?:\?(.*))?", re.DOTALL)
_HOST: Final = re.compile(r"(?:\[([^\]]*)\]|([^:\[\]]*))(?::[0-9]*)?")


@attrs.frozen
class Crash:
    """An exception that a provider's part, or the server, did not catch.

    Attributes:
        account: the account asked for; empty for the server's own.
        provider: its provider's id; empty for the server's own.
        error: what was raised. Not in the repr: its text may hold what the client sent.
    """

    account: str
    provider: str
    error: BaseException = attrs.field(repr=False)


class Sandbox:
    """A server on 127.0.0.1 that speaks the protocols of providers. A context manager; thread-safe.

    It opens one account for each part, named as the provider. State outlives `stop`; a second `start` serves it
    again, on another port where `port` is 0.

    Args:
        parts: the providers' parts; None takes every installed one, broken ones are then told in `broken`.
        port: the port to listen on; 0 takes a free one.
        clock: the sandbox's time, seconds since 1970-01-01 UTC; also in the `Date` of its answers.
        opening: opening balances by provider id, in place of the part's own.
        registry: where manifests are looked up when a config or an `Account` is asked for; None: installed providers.

    Raises:
        PluginError: one of `parts` cannot be served, or two have one id.
        ConfigError: `opening` names a provider that has no part here.
    """

    def __init__(
        self,
        parts: Iterable[SandboxProvider] | None = None,
        *,
        port: int = 0,
        clock: Callable[[], float] = time.time,
        opening: Mapping[str, Amounts] | None = None,
        registry: Registry | None = None,
    ) -> None:
        self.broken: Mapping[str, PluginError]
        if parts is None:
            installed = installed_parts()
            self._parts, self.broken = dict(installed.found), MappingProxyType(dict(installed.broken))
        else:
            self._parts, self.broken = _given(parts), MappingProxyType[str, PluginError]({})
        self._wanted_port = port
        self._clock = clock
        self._registry = registry or Registry()
        self._accounts: dict[str, ServedAccount] = {}
        self._crashes: deque[Crash] = deque(maxlen=100)
        self._server: LoopbackServer | None = None
        self._lock = threading.Lock()
        opening = opening or {}
        for provider_id in opening:
            self._part(provider_id)
        for provider_id in self._parts:
            self.add_account(provider_id, provider_id, balances=opening.get(provider_id))

    # --- the server -----------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Serve; nothing happens where it runs already.

        Raises:
            ConfigError: the port cannot be had.
            ImportError: aiohttp is not installed; says what to install.
        """
        try:
            from .wire import LoopbackServer
        except ModuleNotFoundError as error:
            raise ImportError("the sandbox needs aiohttp: pip install 'coffers[sandbox]'", name=error.name) from None
        with self._lock:
            if self._server is None:
                self._server = LoopbackServer(self._respond, port=self._wanted_port, on_trouble=self._on_trouble)
        return self

    def stop(self) -> None:
        """Stop serving and close every connection; nothing happens where it does not run."""
        with self._lock:
            server, self._server = self._server, None
        if server is not None:
            server.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether it serves now."""
        return self._server is not None

    @property
    def port(self) -> int:
        """The port it listens on.

        Raises:
            ConfigError: it does not run.
        """
        server = self._server
        if server is None:
            raise ConfigError("the sandbox does not run; start it first")
        return server.port

    @property
    def url(self) -> str:
        """Its address, without a trailing slash; raises as `port`."""
        return f"http://127.0.0.1:{self.port}"

    # --- the accounts ---------------------------------------------------------------------------------------------

    @property
    def accounts(self) -> Mapping[str, ServedAccount]:
        """Every account by name, in the order they were opened (a copy)."""
        with self._lock:
            return dict(self._accounts)

    def __getitem__(self, name: str) -> ServedAccount:
        """The account of that name.

        Raises:
            ConfigError: there is none; names the ones there are.
        """
        accounts = self.accounts
        if name not in accounts:
            raise ConfigError(f"the sandbox has no account {name[:64]!r}; it has: {', '.join(accounts) or 'none'}")
        return accounts[name]

    def add_account(
        self,
        name: str,
        provider_id: str,
        *,
        fields: Mapping[str, str] | None = None,
        balances: Amounts | None = None,
    ) -> ServedAccount:
        """Open a further account.

        Args:
            name: as in a config; its path begins with it.
            provider_id: which part speaks for it.
            fields: its true config values, made up, in place of the part's own.
            balances: its opening balances in place of the part's own.

        Raises:
            ConfigError: the name is taken or cannot be one, or there is no such part.
            ValueError: an opening balance is not an amount.
            TypeError: likewise.
        """
        Account(name, provider_id)  # has the rules for names
        part = self._part(provider_id)
        account = ServedAccount(
            name,
            part,
            fields=part.fields if fields is None else fields,
            balances=part.balances if balances is None else balances,
            origin=lambda: self.url,
            load=self._registry.load,
        )
        with self._lock:
            if self._accounts.setdefault(name, account) is not account:
                raise ConfigError(f"the sandbox has an account {name!r} already")
        return account

    def _part(self, provider_id: str) -> SandboxProvider:
        part = self._parts.get(provider_id)
        if part is None:
            if provider_id in self.broken:
                raise self.broken[provider_id].with_facts()
            raise ConfigError(
                f"no sandbox part for {provider_id[:64]!r}; there are: {', '.join(self._parts) or 'none'}"
            )
        return part

    def config_toml(self, secrets_folder: Path | None = None) -> str:
        """The text of a config file that reads every account; no secret stands in it.

        Args:
            secrets_folder: where each secret is written to a file of mode 0600, referred to as ``file:``; it is made
                where it is missing. None: the references are ``env:`` ones to the variables of `environment`.

        Raises:
            ConfigError: it does not run, so there is no address.
            OSError: a secret cannot be written.
        """
        return config_toml(self.accounts.values(), secrets_folder)

    def environment(self) -> dict[str, str]:
        """The variables that `config_toml` without a folder refers to, and their made-up values."""
        return secret_variables(self.accounts.values())

    @property
    def errors(self) -> tuple[Crash, ...]:
        """What crashed, oldest first; the latest hundred."""
        return tuple(self._crashes)

    # --- what to answer (in the server's thread) ------------------------------------------------------------------

    def _respond(self, received: Received) -> Delivery:
        from .wire import Delivery

        time_s = self._clock()
        hosts = [value for name, value in received.headers if name.lower() == "host"]
        if len(hosts) != 1 or not _is_loopback(hosts[0]):
            return Delivery(_plain("the Host header must name a loopback address\n", 403), time_s)
        path = received.target.partition("?")[0]
        if path.startswith(PREFIX):
            return Delivery(control(received.method, path, received.body, self.accounts), time_s)
        match = _TARGET.fullmatch(received.target)
        account = self.accounts.get(match[1]) if match else None
        if match is None or account is None:
            text = f"no such account; the path begins with one of: {', '.join(self.accounts)}\n"
            return Delivery(_plain(text, 404), time_s)
        return self._respond_for(account, received, match[2] or "/", match[3] or "", time_s)

    def _respond_for(
        self, account: ServedAccount, received: Received, path: str, query: str, time_s: float
    ) -> Delivery:
        from .wire import Delivery

        fault = account.take_fault()
        if fault and fault.kind == "clock_skew":
            time_s += fault.options["seconds"]
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        call = SandboxCall(received.method, path, pairs, received.headers, received.body, time_s)
        reply = self._reply(account, call, fault)
        status = None if fault and fault.kind in ("hang", "reset") else reply.status
        account.note(Exchange(call.method, status, fault.kind if fault else None, time_s))
        _log.debug("%s: %s -> %s%s", account.name, call.method, status, f" ({fault.kind})" if fault else "")
        return Delivery(reply, time_s, fault)

    def _reply(self, account: ServedAccount, call: SandboxCall, fault: Fault | None) -> SandboxReply:
        if fault and fault.row.instead:
            return fault.row.instead(fault)
        try:
            reply = account.answer(call)
        except Exception as error:  # noqa: BLE001  a provider's part is foreign code
            self._crashes.append(Crash(account.name, account.provider, error))
            _log.warning("the sandbox part of %s raised %s", account.provider, type(error).__name__)
            return _plain(f"the sandbox part of {account.provider} failed: {type(error).__name__}\n", 500)
        return fault.row.alter(reply, fault) if fault and fault.row.alter else reply

    def _on_trouble(self, error: BaseException) -> None:
        self._crashes.append(Crash("", "", error))


def _given(parts: Iterable[SandboxProvider]) -> dict[str, SandboxProvider]:
    found: dict[str, SandboxProvider] = {}
    for part in parts:
        check_part(part)
        if found.setdefault(part.id, part) is not part:
            raise PluginError(f"two sandbox parts have the id {part.id!r}", provider=part.id)
    return found


def _plain(text: str, status: int) -> SandboxReply:
    return SandboxReply(text.encode(), status, "text/plain; charset=utf-8")


def _is_loopback(host: str) -> bool:
    match = _HOST.fullmatch(host.strip())
    if match is None:
        return False
    name = match[1] or match[2]
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
