"""Canaries: made-up secrets that can be told anywhere, every form of them, and an ear for what is logged or printed.

Roof; standard library only. The forms are spelt out apart from the core's own scrubber, which they test.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import pickle
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

__all__ = ["AWKWARD", "CANARIES", "PLAIN", "Ear", "alike", "find", "forms", "overhearing", "pickled"]

#: What both canaries hold and nothing else does; no escaping changes it.
_HEART: Final = "9f8e7d"
#: Characters that every form writes differently: a slash, quotes, a space, percent, plus, a letter beyond ASCII.
AWKWARD: Final = f'cAnArY/{_HEART} "q" %2B+b\'\\é'
#: Headers take ASCII only, so a key that goes into one is refused before it is sent; this one is sent.
PLAIN: Final = f"cAnArY/{_HEART}6c5b4a+39=="

CANARIES: Final = (AWKWARD, PLAIN)


@lru_cache(maxsize=1024)
def forms(secret: str) -> Mapping[str, str]:
    """The forms a secret takes in other people's words: its text by the form's name."""
    raw = secret.encode("utf-8", "surrogatepass")
    escaped = json.dumps(secret)[1:-1]
    named = {
        "plain": secret,
        "URL-encoded": quote(raw, safe=""),
        "URL-encoded, slashes kept": quote(raw),
        "URL-encoded as a form": quote_plus(raw),
        "JSON-escaped": escaped,
        "JSON-escaped in UTF-8": json.dumps(secret, ensure_ascii=False)[1:-1],
        "JSON-escaped as PHP does": escaped.replace("/", "\\/"),
        "PHP-escaped": re.sub(r"""([\\'"])""", r"\\\1", secret),
        "in Python's notation": repr(secret)[1:-1],
        "in hex": raw.hex(),
        "in base64": base64.b64encode(raw).decode().rstrip("="),
        "in URL-safe base64": base64.urlsafe_b64encode(raw).decode().rstrip("="),
    }
    for shift in (1, 2):  # inside a longer text, such as LOGIN:PASSWORD
        inner = base64.b64encode(bytes(shift) + raw).decode().rstrip("=")[shift + 1 :]
        if (shift + len(raw)) % 3:
            inner = inner[:-1]
        if len(raw) >= 6:  # shorter ones are ordinary words
            named[f"inside base64 ({shift})"] = inner
    return named


@lru_cache(maxsize=1024)
def _needles(secret: str) -> tuple[tuple[str, str], ...]:
    needles = [(text.casefold(), name) for name, text in forms(secret).items()]
    return (*needles, *([(_HEART, "in part")] if _HEART in secret else []))


def find(text: str, secret: str) -> str | None:
    """The name of the form in which `text` holds the secret, in any letter case; None if it does not."""
    folded = text.casefold()
    named = next((name for needle, name in _needles(secret) if needle in folded), None)
    return named or ("in part" if any(part in text for part in _ends(secret)) else None)


@lru_cache(maxsize=1024)
def _ends(secret: str) -> tuple[str, ...]:
    """The first and the last letters of a canary, as they are shown of a key; other secrets have ordinary ones."""
    return (secret[:4], secret[-4:]) if secret in CANARIES else ()


def alike(secret: str) -> str:
    """Another secret of the same look: of its letters and digits the middle one is another."""
    places = [index for index, letter in enumerate(secret) if letter.isascii() and letter.isalnum()]
    if not places:
        return f"{secret}x"
    place = places[len(places) // 2]
    letter = secret[place]
    group = next(group for group in ("0123456789", "abcdefghijklmnopqrstuvwxyz") if letter.lower() in group)
    other = group[(group.index(letter.lower()) + 1) % len(group)]
    return f"{secret[:place]}{other.upper() if letter.isupper() else other}{secret[place + 1 :]}"


def pickled(value: object) -> str:
    """A pickle as text; empty for what cannot be pickled."""
    try:
        return pickle.dumps(value).decode("utf-8", "replace")
    except Exception:  # noqa: BLE001  a value of foreign make may raise anything here
        return ""


class Ear(logging.Handler):
    """What was logged and printed; `text` is all of it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._records: list[str] = []
        self.printed = io.StringIO()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message, what was given with it, and the traceback."""
        told = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
        self._records.append(f"{record.getMessage()} {vars(record)} {told}")

    @property
    def logged(self) -> str:
        """What was logged."""
        return "\n".join(self._records)


@contextmanager
def overhearing() -> Generator[Ear]:
    """Hear every logger, down to DEBUG, and both standard streams until the end of the block; nobody else hears it."""
    root, ear = logging.getLogger(), Ear()
    level, others = root.level, root.handlers
    root.handlers = [ear]
    root.setLevel(logging.DEBUG)
    try:
        with redirect_stdout(ear.printed), redirect_stderr(ear.printed):
            yield ear
    finally:
        root.setLevel(level)
        root.handlers = others
