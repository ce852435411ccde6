"""What may stay in a recorded answer: words that are public because the plugin's own source and vectors hold them.

Roof. A word that belongs to the account, a secret or an identifier, is never known, wherever else it stands.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any, Final

import attrs

from coffers import BadResponseError, Scrubber
from coffers.plugin import members, parse_json

from .vectors import Case, read_response

__all__ = ["Known", "is_code", "known_of", "words_of"]

#: Names that every API gives its fields, and those of markup.
_FIELDS: Final = frozenset(
    """account accounts address amount amounts as_of asset assets available balance balances code coin created_at
    credit credits currencies currency data date description details error error_code error_message errors expires
    expires_in expires_at funds has_more id items limit list locked message meta msg name network next next_page offset
    ok page pages paging pending reason request_id reserved response result results state status success symbol time
    timestamp title token token_type access_token total type unit updated_at usd user value version wallet wallets
    a b body br center charset content div doctype em encoding h1 h2 h3 head hr href html http-equiv i img lang li
    link meta p rel script span src strong style table tbody td th title tr ul xml xmlns""".split()  # noqa: SIM905  a list of a hundred lines would be harder to read
)
#: Values that say how it went and nothing of whom.
_VALUES: Final = frozenset({"success", "ok", "OK", "Ok", "error", "fail", "failed", "true", "false", "null", "bearer"})

#: Where a number is a verdict, not an amount.
_CODE_KEYS: Final = frozenset(
    {"code", "err", "errno", "error", "error_code", "errorcode", "result", "result_code", "resultcode", "state"}
    | {"status", "status_code", "statuscode", "success"}
)

_CODE: Final = re.compile(r"(?:10{0,3})?[A-Z]{2,6}[0-9]{0,2}")
_WORD: Final = re.compile(r"[^\W_]+")


def is_code(text: str) -> bool:
    """Whether `text` has the form of the code of a currency or network; a person or an account rarely has."""
    return len(text) <= 8 and _CODE.fullmatch(text) is not None


def words_of(texts: Iterable[str]) -> Iterator[str]:
    """The runs of letters and digits in `texts`, in lower case."""
    for text in texts:
        yield from _WORD.findall(text.casefold())


@attrs.frozen
class Known:
    """What may stay.

    Attributes:
        fields: names of fields and markup, in lower case; kept where a name stands.
        texts: whole values, letter for letter.
        phrases: of several words; kept within a value, in any letter case.
        codes: of currencies and networks; kept as words of their own, also in lower case.
        numbers: kept under one of the `_CODE_KEYS`, and so are short ones.
        words: every word of the above, in lower case.
    """

    fields: frozenset[str]
    texts: frozenset[str]
    phrases: frozenset[str]
    codes: frozenset[str]
    numbers: frozenset[int]
    words: frozenset[str]

    def is_verdict(self, number: int, key: str) -> bool:
        """Whether a number under a field's name says how it went. A mere "number" may be anything else, too."""
        if key.lower() in _CODE_KEYS:
            return number < 1000 or number in self.numbers
        return key.lower() == "number" and number in self.numbers


def known_of(
    modules: Iterable[ModuleType],
    cases: Iterable[Case],
    *,
    codes: Iterable[str] = (),
    code: str | None = None,
    private: Iterable[str] = (),
) -> Known:
    """What a provider's plugin makes public.

    Args:
        modules: the plugin's; texts and numbers in their source, docstrings left out, and the names of class fields.
        cases: the vectors it has already.
        codes: of the balances just read.
        code: the provider's code of the error just read; it counts if it is a short number.
        private: secrets and identifiers of the account, which are not known in any form.
    """
    fields, texts, numbers = set[str](_FIELDS), set[str](_VALUES), set[int]()
    for module in modules:
        for value in _constants(module):
            if isinstance(value, int):
                numbers.add(value)
            else:
                texts.add(value)
    for case in cases:
        for name, value in _recorded(case):
            fields.add(name.lower())
            texts.update({value} if not any(map(str.isdigit, value)) else ())
    if code is not None and code.isascii() and code.isdigit() and len(code) <= 7:
        numbers.add(int(code))
    hidden = [text.casefold() for text in private]
    finds = Scrubber(text for text in private if len(text) > 3).finds

    def public(found: Iterable[str]) -> frozenset[str]:
        return frozenset(text for text in found if text and text.casefold() not in hidden and not finds(text))

    texts_known = public(texts)
    fields_known = public(fields | {text.lower() for text in texts if re.fullmatch(r"\w+", text)})
    codes_known = public({case for text in codes if is_code(text) for case in (text, text.lower())})
    # Letters only: a number in the source or in a vector may be the account's own by chance.
    phrases = frozenset(text for text in texts_known if len(text) > 7 and re.search(r"\w\W+\w", text))
    phrases = frozenset(text for text in phrases if not any(map(str.isdigit, text)))
    return Known(
        fields=fields_known,
        texts=texts_known,
        phrases=phrases,
        codes=codes_known,
        numbers=frozenset(number for number in numbers if str(number) not in hidden),
        words=frozenset(words_of({*texts_known, *fields_known, *codes_known})),
    )


def _constants(module: ModuleType) -> Iterator[str | int]:
    """Texts and whole numbers in a module's source, and the names of its classes' fields."""
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError):
        return  # no source was shipped
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) in (str, int) and id(node) not in said:
            yield node.value  # type: ignore[misc]  # its type was asked for
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def _recorded(case: Case) -> Iterator[tuple[str, str]]:
    """Names and texts of a case's answer, where it is JSON; every name comes with an empty text."""
    try:
        waiting: list[Any] = [parse_json(read_response(case.files["response.http"]).body)]
    except (KeyError, ValueError, BadResponseError):
        return
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from ((name, "") for name in members(value))
            waiting += members(value).values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str):
            yield "", value
