"""Secrets: a value that never shows itself, and the scrubber that removes it from other people's words.

Floor 1. `Secret` is the only carrier of a secret; only a provider's `sign` and this module look inside.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Iterable
from typing import Any, Final, NoReturn
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from .errors import ConfigError, one_line

__all__ = ["MASK", "Scrubber", "Secret"]

#: What is shown in place of a secret.
MASK: Final = "***"


class Secret:
    """A secret text: `reveal()` gives it, nothing else does.

    `repr`, `str`, `format`, logging, tracebacks with local variables, `attrs.asdict` and JSON (with `default=str`)
    show ``***``. A pickled secret arrives empty: `reveal()` then raises `ConfigError`; send the reference
    (``env:NAME`` ...) across processes and resolve it there.

    Args:
        value: the secret, at least one character.

    Raises:
        TypeError: `value` is not a `str`.
        ValueError: `value` is empty.
    """

    __slots__ = ("_value",)
    _value: str | None

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]  callers may be untyped
            raise TypeError(f"a secret must be a str, not {type(value).__name__}")
        if not value:
            raise ValueError("a secret must not be empty")
        if hasattr(self, "_value"):
            raise AttributeError("a secret cannot be changed")
        object.__setattr__(self, "_value", value)

    def reveal(self) -> str:
        """The secret itself, as text.

        Raises:
            ConfigError: this copy was pickled, so the value is gone.
        """
        if self._value is None:
            raise ConfigError("a secret does not travel in a pickle; send its reference and resolve it here")
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret) or self._value is None or other._value is None:
            return self is other
        from hmac import compare_digest  # rarely needed, and OpenSSL comes with it

        return compare_digest(
            self._value.encode("utf-8", "surrogatepass"), other._value.encode("utf-8", "surrogatepass")
        )

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError("a secret cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a secret cannot be changed")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> tuple[Callable[[], Secret], tuple[()]]:
        return (_lost_in_a_pickle, ())

    def __getstate__(self) -> None:
        """Nothing: Python's own would hand out the slots."""


def _lost_in_a_pickle() -> Secret:
    secret = Secret.__new__(Secret)
    object.__setattr__(secret, "_value", None)
    return secret


#: How PHP escapes a text: `addslashes`, and inside the single quotes of `var_export`.
_PHP_ESCAPES: Final = (
    str.maketrans({"\\": "\\\\", "'": "\\'", '"': '\\"', "\0": "\\0"}),
    str.maketrans({"\\": "\\\\", "'": "\\'"}),
)

#: How HTML is escaped: by Python and many others, by PHP, and by those who leave an apostrophe alone.
_HTML_ESCAPES: Final = tuple(
    str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": apostrophe})
    for apostrophe in ("&#x27;", "&#039;", "'")
)


class Scrubber:
    """Replaces every form of some secrets in a text by ``***``.

    Known forms: plain, URL-encoded (by any of the usual sets of safe characters, either way of writing a space),
    base64 (alone or inside a longer text, both alphabets), JSON-escaped (with ``\\u``), HTML-escaped and as Python's
    `repr` or PHP's `addslashes`, `var_export` and `htmlspecialchars` write it; each also with PHP's ``\\/``, decoded as
    part of an address or a form would be, and in any letter case.
    Call it before a text is shortened: half a secret is not found.

    Args:
        secrets: what must not be shown.
    """

    __slots__ = ("_pattern", "_secrets", "_shortest")

    def __init__(self, secrets: Iterable[Secret | str]) -> None:
        texts = [secret.reveal() if isinstance(secret, Secret) else secret for secret in secrets]
        self._secrets = tuple([text for text in texts if text])
        # The pattern costs more than a read and most texts are too short to hold anything: it is made when one is not.
        self._shortest = min(map(_shortest_form, self._secrets), default=math.inf)
        self._pattern: re.Pattern[str] | None = None

    def __call__(self, text: str) -> str:
        """`text` without any of the secrets."""
        return text if len(text) < self._shortest else self._forms().sub(MASK, text)

    def finds(self, *texts: str) -> bool:
        """Whether one of `texts` holds any of the secrets."""
        long = [text for text in texts if len(text) >= self._shortest]
        return bool(long) and any(map(self._forms().search, long))

    def _forms(self) -> re.Pattern[str]:
        if self._pattern is None:
            self._pattern = _any_of({form for secret in self._secrets for form in _forms(secret)})
        return self._pattern

    def __repr__(self) -> str:
        return f"Scrubber({MASK})"


def _any_of(forms: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(forms, key=len, reverse=True)
    first_letters = "".join(sorted({re.escape(form[0]) for form in longest_first}))
    # Most places of a text are ruled out by their first letter, so a long text costs little.
    return re.compile(f"(?=[{first_letters}])(?:{'|'.join(map(re.escape, longest_first))})", re.IGNORECASE)


#: What no form makes shorter. Left out is all that an encoding may stand for with fewer characters or with none: a
#: per cent sign, a plus, a backslash, blanks; and ``>`` and ``~``, of which base64 makes a plus.
_PLAIN: Final = re.compile("[A-Za-z0-9._=/:-]{8,}")


def _shortest_form(secret: str) -> int:
    """The characters of its shortest form at least."""
    return len(secret) if _PLAIN.fullmatch(secret) else 0


def _forms(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    forms = {secret, *(secret.translate(escapes) for escapes in (*_PHP_ESCAPES, *_HTML_ESCAPES))}
    if not secret.isascii():  # letters whose other case is of another length; the pattern itself sees to the rest
        forms |= {secret.lower(), secret.upper(), secret.casefold()}
    forms.add(one_line(secret))  # what is left of it once a message is on one line
    forms.update(quote(raw, safe=safe) for safe in ("", "/", "!'()*", ";,/?:@&=+$!*'()#"))
    forms.add(quote_plus(raw))
    forms.update(json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
    # A quote is escaped or not, depending on which other quotes the whole text holds.
    forms.update(write(secret)[1:-1] for write in (repr, ascii))
    forms.update(write(f'"{secret}')[2:-1] for write in (repr, ascii))
    forms.add(repr(raw)[2:-1])
    forms.update(_base64_forms(raw))
    forms.update({form.replace("/", "\\/") for form in forms})
    # A server that quotes it in form text, without encoding it first, makes a plugin decode what was never encoded.
    forms.update([one_line(decode(form)) for form in forms for decode in (unquote, unquote_plus)])
    return {form for form in forms if form}


def _base64_forms(raw: bytes) -> set[str]:
    """The base64 letters that `raw` alone decides, for each of the three ways it can lie in a longer text."""
    forms = {base64.b64encode(raw).decode(), base64.b64encode(raw).decode().rstrip("=")}
    if len(raw) >= 6:  # shorter cores would match ordinary words
        for before in range(3):
            whole = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
            shared_head = (0, 2, 3)[before]
            shared_tail = 1 if (before + len(raw)) % 3 else 0
            forms.add(whole[shared_head : len(whole) - shared_tail])
    forms |= {form.replace("+", "-").replace("/", "_") for form in forms}
    return forms | {quote(form, safe="") for form in forms}
