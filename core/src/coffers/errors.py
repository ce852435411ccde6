"""What can go wrong: one root, one class for each kind, facts instead of prose.

Floor 0: imports nothing of ours.

    CoffersError
    ├── ConfigError            config         the file, a reference or a credential is unusable
    ├── AuthError              auth           the provider does not know this key
    ├── PermissionDeniedError  permission     known, but not allowed: address, kind of key, disabled account
    ├── RateLimitedError       rate_limited   too many requests
    ├── UnavailableError       unavailable    5xx, maintenance page, a proxy's refusal
    ├── TimedOutError          timeout        the deadline passed
    ├── NetworkError           network        DNS, connect, TLS, reset, truncated
    ├── BadResponseError       bad_response   answered, not understood
    ├── RejectedError          rejected       the provider said no for another reason
    ├── ClockError             clock          expired or skewed timestamp, used or stale nonce
    ├── PluginError            plugin         missing, broken or clashing plugin
    └── UnsupportedError       unsupported    this provider or account cannot tell a balance

No error holds a secret, a URL with its query, or the text of a foreign exception that saw either.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar, Final

__all__ = [
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
]

#: Longest text kept in one fact of an error; providers echo whole pages.
LONGEST_TEXT: Final = 500

_UNPRINTABLE = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    r"\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]+"
)


def one_line(text: str) -> str:
    """`text` on one line: white space folded; control, direction, invisible and surrogate characters gone.

    A provider's words reach terminals, logs and monitoring systems; none of them may act on what it sends.
    """
    return _UNPRINTABLE.sub(" ", text).strip()


def _to_text(value: object) -> str | None:
    """`value` if it is a text, a number as text; None for anything else: parsers pass on what a provider sent."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float | Decimal) else None


def _to_wait(seconds: float | None) -> float | None:
    """Seconds to wait, never negative; None where it is not a number one can wait for."""
    if seconds is None or not math.isfinite(seconds):
        return None
    return max(0.0, float(seconds))


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


class CoffersError(Exception):
    """The root of everything coffers raises on purpose.

    Attributes:
        kind: one of the fixed set of twelve words; each class has its own.
        message: what happened, one line, in our words or the provider's; never holds a secret.
        provider: the provider's id, or None where no provider is involved.
        account: the account's name, or None where it is not known.
        code: the provider's own code, as text.
        retryable: whether the same read may succeed later without anyone changing anything.
        retry_after_s: seconds the provider asked to wait, never negative, never infinite.
        request_id: the provider's id of the failed request.
        field: the path of the field that was not understood, or of the config key that is wrong.
        step: the step of the read that failed.
        attempts: how many requests that step made.
    """

    kind: ClassVar[str]
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        provider: str | None = None,
        account: str | None = None,
        code: str | int | None = None,
        retry_after_s: float | None = None,
        request_id: str | None = None,
        field: str | None = None,
        step: str | None = None,
        attempts: int | None = None,
    ) -> None:
        if not hasattr(self, "kind"):
            raise TypeError("CoffersError is the root: raise one of its classes")
        self.message: str = _to_text(message) or ""
        super().__init__(self.message)
        self.provider: str | None = _to_text(provider)
        self.account: str | None = _to_text(account)
        self.code: str | None = _to_text(code)
        self.retry_after_s: float | None = _to_wait(retry_after_s)
        self.request_id: str | None = _to_text(request_id)
        self.field: str | None = _to_text(field)
        self.step: str | None = _to_text(step)
        self.attempts: int | None = attempts

    def facts(self) -> dict[str, Any]:
        """The keyword arguments that make this error again; None where nothing is known."""
        return {name: getattr(self, name) for name in FACTS}

    def with_facts(self, scrub: Callable[[str], str] = one_line, /, **facts: Any) -> CoffersError:
        """A new error of the same class: unknown facts filled from `facts`, every text scrubbed, then shortened.

        Only what is None is filled, so the place nearest to the fault has the last word. The new error carries
        no traceback and no cause: frames and foreign exceptions may hold what must not be shown.
        """
        known = self.facts()
        for name, value in facts.items():
            if known.get(name) is None:
                known[name] = value
        for name, value in known.items():
            if isinstance(value, str):
                known[name] = _shortened(one_line(scrub(value)))
        message = _shortened(one_line(scrub(self.message)))
        return type(self)(message or self.kind, **known)

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        shown = {name: value for name, value in self.facts().items() if value is not None}
        facts = "".join(f", {name}={value!r}" for name, value in shown.items())
        return f"{type(self).__name__}({self.message!r}{facts})"

    def __reduce__(self) -> tuple[Any, ...]:
        known = {name: value for name, value in self.facts().items() if value is not None}
        return (_rebuild, (type(self), self.message, known))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.message == other.message and self.facts() == other.facts()

    def __hash__(self) -> int:
        return hash((type(self), self.message, self.code, self.account))


#: The facts every error carries, in the order they are shown.
FACTS: Final = ("provider", "account", "code", "retry_after_s", "request_id", "field", "step", "attempts")


def _rebuild(cls: type[CoffersError], message: str, facts: dict[str, Any]) -> CoffersError:
    return cls(message, **facts)


class ConfigError(CoffersError):
    """The configuration, a reference in it, or a credential is unusable; nothing was sent."""

    kind = "config"


class AuthError(CoffersError):
    """The provider refuses the credentials: unknown, wrong or revoked."""

    kind = "auth"


class PermissionDeniedError(CoffersError):
    """The credentials are known but may not do this: address not allowed, wrong kind of key, account disabled."""

    kind = "permission"


class RateLimitedError(CoffersError):
    """Too many requests; `retry_after_s` says when to come back, if the provider did."""

    kind = "rate_limited"
    retryable = True


class UnavailableError(CoffersError):
    """The provider, or something in front of it, cannot answer now."""

    kind = "unavailable"
    retryable = True


class TimedOutError(CoffersError):
    """The deadline passed before the read was complete."""

    kind = "timeout"
    retryable = True


class NetworkError(CoffersError):
    """The connection failed: name resolution, connect, TLS, reset, or an answer cut short."""

    kind = "network"
    retryable = True


class BadResponseError(CoffersError):
    """The provider answered and the answer was not understood; `field` says where."""

    kind = "bad_response"


class RejectedError(CoffersError):
    """The provider said no for a reason of its own; its words are in `message`, its number in `code`."""

    kind = "rejected"


class ClockError(CoffersError):
    """The provider found the timestamp or nonce too old, too new or already used.

    Attributes:
        server_time: the provider's own time as it told it in this refusal (aware), or None.
            It helps only the read that is under way, so it is not kept when the error is copied or pickled.
    """

    kind = "clock"
    retryable = True

    def __init__(self, message: str, *, server_time: datetime | None = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.server_time: datetime | None = server_time


class PluginError(CoffersError):
    """A plugin is missing, broken or clashes with another; never a bad reply of a provider."""

    kind = "plugin"


class UnsupportedError(CoffersError):
    """This provider, kind of account or kind of key cannot tell a balance."""

    kind = "unsupported"


#: Every error kind and its class.
KINDS: Mapping[str, type[CoffersError]] = MappingProxyType(
    {
        cls.kind: cls
        for cls in (
            ConfigError,
            AuthError,
            PermissionDeniedError,
            RateLimitedError,
            UnavailableError,
            TimedOutError,
            NetworkError,
            BadResponseError,
            RejectedError,
            ClockError,
            PluginError,
            UnsupportedError,
        )
    }
)
