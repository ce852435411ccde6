"""coffers: how much is left in every account you hold, at every provider. Exactly, and never a wrong number.

The front door: names only, each loaded when it is first used, so that ``import coffers`` costs nothing.

    from coffers import Account, Client

    with Client() as client:
        for balance in client.read(Account("shop", "acme", {"key": "env:ACME_KEY"})).balances:
            print(balance.currency, balance.spendable)
"""

from ._version import __version__

#: Checkers know it by its name. Typing's own would be two thirds of what `import coffers` takes.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from .account import Account, FieldValue, Outcome
    from .amounts import amount_from_text, amount_to_text, exact
    from .client import DEFAULT_TIMEOUT_S, Client
    from .errors import (
        KINDS,
        AuthError,
        BadResponseError,
        ClockError,
        CoffersError,
        ConfigError,
        NetworkError,
        PermissionDeniedError,
        PluginError,
        RateLimitedError,
        RejectedError,
        TimedOutError,
        UnavailableError,
        UnsupportedError,
        one_line,
    )
    from .guard import parse_guarded
    from .messages import Request, Response, SignedRequest
    from .models import Balance, Snapshot, Valuation
    from .observing import FinishedRead
    from .provider import RESERVED_KEYS, ConfigField, Provider, origin_of
    from .registry import InstalledProvider, LoadedProvider, Registry
    from .report import BALANCES_SCHEMA, account_report, balance_report, balances_report, time_to_text
    from .sandboxing import SANDBOX_GROUP, SandboxAccount, SandboxCall, SandboxProvider, SandboxReply
    from .secret import Scrubber, Secret
    from .settings import (
        REFERENCE_FORMS,
        Config,
        InvalidConfigError,
        Resolved,
        Resolver,
        TableCheck,
        config_path,
        is_reference,
        load_config,
        reference_fault,
    )
    from .transport import Endpoint, HttpTransport, Transport

#: Which module each name lives in.
_HOMES = {
    "account": ("Account", "FieldValue", "Outcome"),
    "amounts": ("amount_from_text", "amount_to_text", "exact"),
    "client": ("DEFAULT_TIMEOUT_S", "Client"),
    "errors": (
        "KINDS",
        "AuthError",
        "BadResponseError",
        "ClockError",
        "CoffersError",
        "ConfigError",
        "NetworkError",
        "PermissionDeniedError",
        "PluginError",
        "RateLimitedError",
        "RejectedError",
        "TimedOutError",
        "UnavailableError",
        "UnsupportedError",
        "one_line",
    ),
    "guard": ("parse_guarded",),
    "messages": ("Request", "Response", "SignedRequest"),
    "models": ("Balance", "Snapshot", "Valuation"),
    "observing": ("FinishedRead",),
    "provider": ("RESERVED_KEYS", "ConfigField", "Provider", "origin_of"),
    "registry": ("InstalledProvider", "LoadedProvider", "Registry"),
    "report": ("BALANCES_SCHEMA", "account_report", "balance_report", "balances_report", "time_to_text"),
    "sandboxing": ("SANDBOX_GROUP", "SandboxAccount", "SandboxCall", "SandboxProvider", "SandboxReply"),
    "secret": ("Scrubber", "Secret"),
    "settings": (
        "REFERENCE_FORMS",
        "Config",
        "InvalidConfigError",
        "Resolved",
        "Resolver",
        "TableCheck",
        "config_path",
        "is_reference",
        "load_config",
        "reference_fault",
    ),
    "transport": ("Endpoint", "HttpTransport", "Transport"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "BALANCES_SCHEMA",
    "DEFAULT_TIMEOUT_S",
    "KINDS",
    "REFERENCE_FORMS",
    "RESERVED_KEYS",
    "SANDBOX_GROUP",
    "Account",
    "AuthError",
    "BadResponseError",
    "Balance",
    "Client",
    "ClockError",
    "CoffersError",
    "Config",
    "ConfigError",
    "ConfigField",
    "Endpoint",
    "FieldValue",
    "FinishedRead",
    "HttpTransport",
    "InstalledProvider",
    "InvalidConfigError",
    "LoadedProvider",
    "NetworkError",
    "Outcome",
    "PermissionDeniedError",
    "PluginError",
    "Provider",
    "RateLimitedError",
    "Registry",
    "RejectedError",
    "Request",
    "Resolved",
    "Resolver",
    "Response",
    "SandboxAccount",
    "SandboxCall",
    "SandboxProvider",
    "SandboxReply",
    "Scrubber",
    "Secret",
    "SignedRequest",
    "Snapshot",
    "TableCheck",
    "TimedOutError",
    "Transport",
    "UnavailableError",
    "UnsupportedError",
    "Valuation",
    "__version__",
    "account_report",
    "amount_from_text",
    "amount_to_text",
    "balance_report",
    "balances_report",
    "config_path",
    "exact",
    "is_reference",
    "load_config",
    "one_line",
    "origin_of",
    "parse_guarded",
    "reference_fault",
    "time_to_text",
]


def __getattr__(name: str) -> "Any":
    module = _HOME_OF.get(name)
    if module is None:
        raise AttributeError(f"module 'coffers' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{module}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
