"""The last guard of a recording: what of the real answer is still found in what would be written.

Roof. Pure. It does not trust the scrubbing: it looks at the files alone, as they are and with each encoding undone.
"""

from __future__ import annotations

import ast
import base64
import binascii
import html
import inspect
import re
import sys
from collections.abc import Collection, Iterator
from functools import cache
from urllib.parse import unquote, unquote_plus

from coffers import Scrubber

from .known import words_of
from .vectors import Case

__all__ = ["Remains"]

#: Files that hold scrubbed data; in the others the plugin's and our own words stand, too.
_OF_DATA = frozenset({"query.json", "response.http"})
#: What the scrubbing itself puts in.
_OF_SCRUBBING = frozenset({"com", "example", "example.com", "http", "https", "made", "invented", "token"})

#: Shorter texts are looked for as words of their own: within others they stand by chance.
_LONG = 8
_SHORT = 4

_PIECE = re.compile(r"""[^\s"'<>{}\[\]();&=,:]+""")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){4,}")


class Remains:
    """What must not be left.

    Args:
        private: secrets and identifiers; looked for in every form and without exception.
        originals: replaced words and numbers, in lower case.
        known: words that may stay, in lower case.
    """

    def __init__(self, private: Collection[str], originals: Collection[str], known: Collection[str]) -> None:
        self._finds = Scrubber(text for text in private if len(text) >= _LONG).finds
        self._short = {text.casefold() for text in private if _SHORT <= len(text) < _LONG}
        self._originals = {text for text in originals if len(text) >= _SHORT} - {*known} - _OF_SCRUBBING

    def found(self, case: Case) -> list[str]:
        """A line for each file of `case` that still holds something; never what it is."""
        reasons: list[str] = []
        for name, content in case.files.items():
            texts = list(_readings(content.decode("utf-8", "replace")))
            pieces = {piece for text in texts for piece in _pieces(text)}
            if any(map(self._finds, texts)) or self._short & pieces:
                reasons.append(f"{case.name}/{name} would hold a secret or an identifier of the account")
            left = self._originals & pieces
            if left and name not in _OF_DATA:
                left -= _own_words()
            if left:
                reasons.append(f"{case.name}/{name} would hold {len(left)} words of the real answer")
        return reasons


def _pieces(text: str) -> Iterator[str]:
    yield from words_of([text])
    yield from (piece.strip(".") for piece in _PIECE.findall(text.casefold()))


def _readings(text: str) -> Iterator[str]:
    """The text as it stands, and with each of the usual encodings undone."""
    yield text
    yield unquote(text)
    yield unquote_plus(text)
    yield html.unescape(text)
    yield re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text).replace("\\/", "/")
    for found in _BASE64.findall(text):
        letters = found.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            yield base64.b64decode(letters + "=" * (-len(letters) % 4)).decode("utf-8", "ignore")
        except binascii.Error:
            continue
    for found in _HEX.findall(text):
        yield bytes.fromhex(found).decode("utf-8", "ignore")


@cache
def _own_words() -> frozenset[str]:
    """Words in our own source: of the files' format, of HTTP, of error texts."""
    texts: set[str] = set()
    for module in [module for name, module in sys.modules.items() if name.partition(".")[0] == "coffers"]:
        nodes = ast.walk(ast.parse(inspect.getsource(module)))
        texts |= {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return frozenset(words_of(texts))
