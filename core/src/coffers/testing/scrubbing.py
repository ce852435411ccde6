"""Scrubbing a real answer: everything goes unless it is known to be harmless; structure and shapes stay.

Roof. What stays: JSON's own words and signs, punctuation, lengths, what `known` holds. Every other letter becomes
another letter of its case and script, every other digit another digit, so no word or number of the answer survives,
in whatever form it is encoded. What replaces it is drawn at random: there is no way back. Within one recording the same
text gets the same replacement, so that references still match; but one or two letters do not, or a text that is written
letter by letter would be a cipher to break.

An amount keeps its sign, its digits before and behind the point, its zeros at either end, its exponent; 0 stays 0. An
e-mail address, a UUID, an address, a date and a time stay such; all times become one.
"""

from __future__ import annotations

import json
import re
import secrets
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from coffers import BadResponseError, Response
from coffers.plugin import parse_json

from .known import Known

__all__ = ["TIME_MS", "Disguise"]

#: The one time of every recording: 2022-01-13 12:10:07 UTC.
TIME_MS: Final = 1642075807000

_HTTP_DATE: Final = "Thu, 13 Jan 2022 12:10:07 GMT"
_MEDIA_TYPE: Final = re.compile(
    r"(?:application/(?:json|problem\+json|xml|x-www-form-urlencoded)|text/(?:plain|html|xml|json))"
    r"(?:; ?charset=(?:utf-8|us-ascii|iso-8859-1|windows-125[12]))?",
    re.IGNORECASE,
)
#: Epochs by number of digits, each from 2000 to 2100.
_EPOCHS: Final = {10: TIME_MS // 1000, 13: TIME_MS, 16: TIME_MS * 1000}
_YEARS_S: Final = (946_684_800, 4_102_444_800)

_JSON: Final = re.compile(
    r'(?P<text>"(?:[^"\\]|\\.)*")(?P<colon>\s*:)?|(?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(?P<open>[\[{])'
)
_NUMBER: Final = r"[0-9]+(?:,[0-9]{3})*(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?"
_IS_NUMBER: Final = re.compile(rf"[+-]?{_NUMBER}")
_DATE: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}/[0-9]{2}/[0-9]{2}|[0-9]{2}[./-][0-9]{2}[./-][0-9]{4}|[0-9]{8}(?=T[0-9]{6})"
)
_CLOCK: Final = r"[0-9]{2}:?[0-9]{2}(?::?[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
#: What has a shape of its own, then `known` words, then everything else.
_SPECIAL: Final = (
    r"(?P<declaration><!(?i:doctype) html>|<\?xml version=[\"']1\.[01][\"'](?: encoding=[\"'][\w-]{1,12}[\"'])?\s*\?>)"
    r"|(?P<email>[^\s@<>\"'(),;:=]{1,64}@[^\s@<>\"'(),;:=]{1,255})"
    r"|(?P<url>https?://)(?P<rest>[^\s\"'<>]*)"
    r"|(?P<hex>(?<!\w)(?:[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{16,})(?!\w))"
    r"|(?P<http_date>(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT)"
    rf"|(?<!\w)(?P<time>(?:{_DATE})(?:[T ]{_CLOCK})?(?!\w)|{_CLOCK}(?!\w))"
    r"|(?P<ip>(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w.]))"
)
_REST: Final = rf"(?P<amount>(?<!\w){_NUMBER}(?!\w))|(?P<word>\w+)|(?P<sign>[^\w\s\x00-\x7f])"


class Disguise:
    """Scrubs one recording.

    Args:
        known: what may stay.
        verdicts: whether numbers that say how it went stay. Not where an amount stands under such a name.

    Attributes:
        originals: the words and numbers it replaced, in lower case; none of four characters or more may be found in
            what is written.
    """

    def __init__(self, known: Known, *, verdicts: bool = True) -> None:
        self.originals: set[str] = set()
        self._known = known
        self._verdicts = verdicts
        self._of_settings = False
        self._made: dict[str, str] = {}
        self._emails: dict[str, str] = {}
        kept = sorted({*known.phrases, *known.codes}, key=len, reverse=True)
        exact = "|".join(re.escape(text) for text in kept if text in known.codes)
        loose = "|".join(re.escape(text) for text in kept if text in known.phrases)
        words = rf"(?P<kept>(?<!\w)(?:{exact or '(?!)'}|(?i:{loose or '(?!)'}))(?!\w))"
        self._pieces = re.compile(f"{_SPECIAL}|{words}|{_REST}")

    # --- an answer -------------------------------------------------------------------------------------------------

    def response(self, response: Response) -> Response:
        """The answer, scrubbed: its status, the headers that matter, its body."""
        headers = [(name, self._header(name, value)) for name, value in response.headers]
        kept = tuple((name, value) for name, value in headers if value is not None)
        return Response(response.status, kept, self.body(response.body))

    def _header(self, name: str, value: str) -> str | None:
        """What a header says from now on; None where it goes."""
        match name.lower():
            case "content-type":
                kind = _MEDIA_TYPE.match(value)
                return kind[0] if kind else "application/octet-stream"
            case "retry-after":
                return value if re.fullmatch("[0-9]{1,3}", value) else self.text(value)
            case "date":
                return _HTTP_DATE
            case "content-length" | "connection" | "set-cookie" | "server":
                return None
            case known if known in self._known.fields or name in self._known.texts:
                return self.text(value)
            case _:
                return None

    def body(self, body: bytes) -> bytes:
        """A body of any kind."""
        try:
            text = body.decode()
        except (
            UnicodeDecodeError
        ):  # of another charset, or no text: beyond ASCII nothing but control characters is left
            shuffled = bytes(byte if byte < 128 else 128 + (byte - 127 + secrets.randbelow(31)) % 32 for byte in body)
            return self._plain(shuffled.decode("latin-1")).encode("latin-1")
        try:
            parse_json(body)
        except BadResponseError:
            return self._plain(text).encode()
        return self._json(text).encode()

    # --- JSON, in place, so that no digit's shape is lost -------------------------------------------------------------

    def _json(self, text: str) -> str:
        key = ""

        def replaced(found: re.Match[str]) -> str:
            nonlocal key
            if found["open"]:
                key = ""
            elif found["number"]:
                return self.number(found["number"], key)
            else:
                said: str = json.loads(found["text"], strict=False)
                if found["colon"]:
                    key = said
                    return json.dumps(self.name(said), ensure_ascii=False) + found["colon"]
                return json.dumps(self.text(said, key), ensure_ascii=False)
            return found[0]

        return _JSON.sub(replaced, text)

    def name(self, text: str) -> str:
        """The name of a field."""
        return text if text.lower() in self._known.fields else self.text(text)

    def text(self, text: str, key: str = "") -> str:
        """A value; `key` is the field's name."""
        if _IS_NUMBER.fullmatch(text):
            return self.number(text, key)
        if text in self._known.texts:
            return text
        if text.startswith(("{", "[")):
            try:
                parse_json(text.encode("utf-8", "surrogatepass"))
            except BadResponseError:
                pass
            else:
                return self._json(text)
        return self._pieces.sub(self._piece, text)

    def setting(self, text: str) -> str:
        """A setting: it may name fields and places (``/data/0/amount``), which stay where they are known."""
        self._of_settings = True
        try:
            return self.text(text)
        finally:
            self._of_settings = False

    def number(self, text: str, key: str = "") -> str:
        """A number, quoted or not."""
        digits = text.lstrip("+-")
        if self._verdicts and digits.isdigit() and self._known.is_verdict(int(digits), key):
            return text
        return text[: len(text) - len(digits)] + self._amount(digits)

    # --- text of any other kind --------------------------------------------------------------------------------------

    def _plain(self, text: str) -> str:
        """Lines, forms, markup: names stand before ``:`` and ``=`` and in tags, values anywhere else."""
        return self._pieces.sub(self._piece_of_plain, text)

    def _piece_of_plain(self, found: re.Match[str]) -> str:
        before = found.string[max(0, found.start() - 40) : found.start()]
        after = found.string[found.end() : found.end() + 3]
        if found["word"]:
            names = after.lstrip('" ').startswith((":", "=")) or before.endswith(("<", "</", "<!"))
            if names and found[0].lower() in self._known.fields:
                return found[0]
            alone = re.search(r'(?:^|[:=>\n;|&"])\s*$', before) and re.match(r'\s*(?:$|[<\n\r;|&"])', after)
            if alone and found[0] in self._known.texts:
                return found[0]
        elif found["amount"] and (name := re.search(r"(\w+)\s*[:=]\s*\"?$", before)):
            return self.number(found[0], name[1])
        return self._piece(found)

    def _piece(self, found: re.Match[str]) -> str:
        whole = found[0]
        match found.lastgroup:
            case "declaration" | "kept":
                return whole
            case "email":
                new = self._emails.setdefault(whole.lower(), self._email())
            case "rest":
                if {whole, f"{{{whole}}}"} & self._known.texts:  # the namespace of an XML document, say
                    return whole
                self._note(found["rest"], "")
                return found["url"] + "example.com" + self._path(found["rest"])
            case "hex":
                new = self._once(whole, lambda char: _other_of("0123456789abcdef", char) if char != "-" else char)
            case "http_date":
                return _HTTP_DATE
            case "time":
                return _time_like(whole)
            case "ip":
                new = "192.0.2.1"
            case "amount":
                return whole if self._of_settings and len(whole) < 4 else self._amount(whole)
            case "word":
                new = self._word(whole)
            case _:
                return _other(whole)
        self._note(whole, new)
        return new

    def _email(self) -> str:
        return f"user{len(self._emails) + 1 if self._emails else ''}@example.com"

    def _path(self, text: str) -> str:
        """What follows a host's name in an address."""
        start = re.search(r"[/?#]|$", text)
        path = text[start.start() :] if start else ""
        return re.sub(r"\w+", lambda found: self._word(found[0]), path)

    def _word(self, word: str) -> str:
        return word if self._of_settings and word.lower() in self._known.fields else self._once(word, _other)

    def _amount(self, text: str) -> str:
        number, exponent = re.fullmatch(r"([0-9.,]+)(.*)", text).groups()  # type: ignore[union-attr]  # it is a number
        whole, point, fraction = number.partition(".")
        if len(whole) in _EPOCHS and whole.isdigit():
            lowest, highest = (year * 10 ** (len(whole) - 10) for year in _YEARS_S)
            if lowest <= int(whole) < highest:
                fraction = _digits("1" + fraction)[1:] if fraction else ""
                new = f"{_EPOCHS[len(whole)]}{point}{fraction}{exponent}"
                self._note(text, new)
                return new
        new = self._made.setdefault(number, _digits(number)) + exponent
        self._note(text, new)
        return new

    # --- what was replaced -------------------------------------------------------------------------------------------

    def _once(self, text: str, other: Callable[[str], str]) -> str:
        """A replacement, always the same for the same text; letter case goes with the text."""
        key = text.casefold()
        if len(key) < 3 and key not in self._made and not self._of_settings:  # what a setting names is found again
            return "".join(map(other, text))
        if len(key) != len(text):  # some letters have no other case of one character
            return self._made.setdefault(text, "".join(map(other, text)))
        made = self._made.setdefault(key, "".join(map(other, key)))
        return "".join(
            new.upper() if old.isupper() and len(new.upper()) == 1 else new for old, new in zip(text, made, strict=True)
        )

    def _note(self, old: str, new: str) -> None:
        if old == new:
            return
        self.originals |= {
            piece for piece in (old.casefold(), *re.findall(r"[^\W_]+", old.casefold())) if _counts(piece)
        }


def _counts(piece: str) -> bool:
    """Whether finding it again could be no accident."""
    digits = sum(map(str.isdigit, piece))
    return len(piece) >= 4 and (digits >= 6 or re.fullmatch(r"[\d.,]*(?:e[+-]?\d+)?", piece) is None)


def _other(char: str) -> str:
    """Another character of the same sort (letter case included) from the same 64; punctuation is its own."""
    category = unicodedata.category(char)
    if category[0] in "PZ" or category in ("Sm", "Sc", "Cc", "Cf"):
        return char
    others = _others(char)
    return secrets.choice(others) if others else "x"


@lru_cache(maxsize=4096)
def _others(char: str) -> str:
    start, category = ord(char) & ~63, unicodedata.category(char)
    found = "".join(map(chr, range(start, start + 64)))
    return "".join(other for other in found if other != char and unicodedata.category(other) == category)


def _other_of(alphabet: str, char: str) -> str:
    return secrets.choice([other for other in alphabet if other != char.lower()])


def _digits(text: str) -> str:
    """The digits of a number, replaced; zeros at either end, and so the number of digits that count, stay."""
    figures = [place for place, char in enumerate(text) if char in "123456789"]
    if not figures:
        return text
    point = max(text.rfind("."), text.rfind(","))
    last = figures[-1] if 0 <= point < figures[-1] else max(point, len(text)) if point < 0 else point
    new = list(text)
    for place, char in enumerate(text):
        if figures[0] <= place <= last and char.isdigit():
            new[place] = _other_of("123456789", char)
    return "".join(new)


def _time_like(text: str) -> str:
    """The one time, or its date, in the form of `text`; a zone stays."""
    date, gap, clock = re.fullmatch(rf"({_DATE})?([T ]?)(.*)", text).groups("")  # type: ignore[union-attr]  # fits any
    new = ""
    if date.isdigit():
        new = "20220113"
    elif date:
        new = date[4].join(("2022", "01", "13")) if date[:4].isdigit() else date[2].join(("01", "01", "2022"))
    places = iter("121007" + "0" * len(clock))
    time, zone = re.fullmatch(r"([0-9:.]*)(.*)", clock).groups()  # type: ignore[union-attr]  # fits any
    return new + gap + "".join(next(places) if char.isdigit() else char for char in time) + zone
