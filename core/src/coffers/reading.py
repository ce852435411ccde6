"""Strict readers: bytes to JSON, JSON to a provider's own attrs classes. Nothing is coerced, nothing is guessed.

Floor 3. The only converter lives here. An array where an array is due and nothing else: left alone, cattrs takes ``{}``
for an empty list, and an error page would become "no money"; it would also make ``"None"`` of null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import attrs

from .amounts import MAX_DIGITS, amount_from_text
from .errors import BadResponseError, PluginError
from .messages import Response

if TYPE_CHECKING:
    from cattrs import Converter

__all__ = ["MAX_DEPTH", "MAX_ITEMS", "MAX_VALUES", "Amount", "members", "parse_json", "read_json", "structure"]

#: How deep arrays and objects may lie in one another.
MAX_DEPTH: Final = 64
#: How many values a whole answer may hold, and one array or object that is structured. An answer of the largest size
#: may have half a million values, and minutes would go into them.
MAX_VALUES: Final = 100_000
MAX_ITEMS: Final = 10_000

#: The type of a money field in a provider's attrs class. Takes a JSON number or a text holding a plain decimal number
#: (no separators, no currency, not empty) and keeps every digit.
Amount = Decimal

T = TypeVar("T")


# --- bytes to JSON -------------------------------------------------------------------------------------------------


def parse_json(body: bytes) -> Any:
    """The JSON value of `body`; numbers with a point or exponent are `Decimal`, others `int`.

    UTF-8 only, a byte-order mark is tolerated. No NaN or Infinity, no repeated key in an object, no half of a
    surrogate pair, at most 64 levels and 100,000 values, numbers of at most 50 digits and an exponent of at most ±60.

    Raises:
        BadResponseError: not such a JSON text; the message holds nothing of it.
    """
    try:
        return _strict_json(body)
    except _RefusedJSONError as error:
        reason = str(error)
    except UnicodeDecodeError:
        reason = "is not UTF-8"
    except (ValueError, RecursionError):
        reason = "is not JSON"
    # Raised out here: the exceptions above carry the whole text.
    raise BadResponseError(f"the answer {reason}")


def _strict_json(body: bytes) -> Any:
    text = body.decode("utf-8-sig")
    if not text or text.isspace():
        raise _RefusedJSONError("is empty")
    if body.count(b",") >= MAX_VALUES:
        raise _RefusedJSONError(f"holds more than {MAX_VALUES} values")
    # An answer with few brackets cannot be deep: only others are measured.
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _is_too_deep(text):
        raise _RefusedJSONError(f"is more than {MAX_DEPTH} levels deep")
    value = _decoder().decode(text)
    if "\\u" in text and _SURROGATE.search(text):
        try:
            json.dumps(value, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError:
            raise _RefusedJSONError("holds half of a surrogate pair") from None
    return value


class _RefusedJSONError(Exception):
    """JSON that Python would take and we do not; its text is ours."""


@cache
def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(
        parse_float=_number, parse_int=_integer, parse_constant=_constant, object_pairs_hook=_object
    )


def _number(text: str) -> Decimal:
    if len(text) <= MAX_DIGITS and "e" not in text and "E" not in text:
        return Decimal(text)  # the decoder has seen to the form; that many signs hold no more digits
    try:
        return amount_from_text(text)
    except ValueError as error:
        raise _RefusedJSONError(f"holds a number with {error}") from None


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > MAX_DIGITS:
        raise _RefusedJSONError(f"holds a number with more than {MAX_DIGITS} digits")
    return int(text)


def _constant(_: str) -> NoReturn:
    raise _RefusedJSONError("holds NaN or Infinity")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _RefusedJSONError("holds an object with a repeated key")
    return members


_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

# Strings, and whatever else is no bracket; possessive, so that a text is run through once, never back.
_NO_BRACKETS = re.compile(r'(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[^"\[\]{}]++)++', re.DOTALL)
_ONE_KIND = str.maketrans("{}", "[]")


def _is_too_deep(text: str) -> bool:
    brackets = _NO_BRACKETS.sub("", text).translate(_ONE_KIND)
    for _ in range(MAX_DEPTH):
        if "[]" not in brackets:
            break
        brackets = brackets.replace("[]", "")  # one level less
    return "[]" in brackets or brackets.count("[") > MAX_DEPTH


# --- JSON to attrs classes -----------------------------------------------------------------------------------------


def read_json(response: Response, cls: type[T]) -> T:
    """The answer's JSON as an instance of `cls`: a provider's attrs class, or a list or dict of one.

    Unknown members are ignored. Fields are `str`, `int`, `bool`, `Amount`, `Any`, ``list[...]``, ``tuple[..., ...]``,
    ``dict[str, ...]``, ``... | None``, `Literal` of texts and further attrs classes; each takes its own JSON type and
    no other. So does each part of ``str | int | bool | None`` and of ``bool | Amount``; an `Amount` beside `str` or
    `int` is refused, as nobody could tell which of the two a JSON value is.

    Raises:
        BadResponseError: not JSON, or not of that shape; `field` is the path of the first fault.
        PluginError: a field of `cls` is declared as something else; names class and field.
    """
    return structure(parse_json(response.body), cls)


def structure(value: Any, cls: type[T]) -> T:
    """A JSON value (see `parse_json`) as an instance of `cls`; strict as `read_json`.

    Raises:
        BadResponseError: not of that shape; `field` is the path of the first fault.
        PluginError: a field of `cls` is declared as something that JSON does not have; names class and field.
    """
    declared: Any = cls
    if (fault := _misdeclared(declared)) is not None:
        raise PluginError(fault)
    try:
        return _converter().structure(value, cls)
    except Exception:  # noqa: BLE001  a validator of the provider's class may raise anything
        path, reason = _explain(value, cls)  # the converter does not know where it failed
    raise BadResponseError(f"{path}: {reason}", field=path)


def members(value: Any) -> dict[str, Any]:
    """The members of a JSON object; none where `value` is no object. For looking around before something is due."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


# --- what a class may declare --------------------------------------------------------------------------------------


@cache
def _misdeclared(cls: Any) -> str | None:
    """What is wrong with the declaration of `cls` or of what it is made of; None where nothing is."""
    return next(_faults("", cls, set()), None)


def _faults(place: str, declared: Any, seen: set[Any]) -> Iterator[str]:
    declared = _without_none(declared)
    made: Any = get_origin(declared) or declared
    is_class = attrs.has(made)
    if is_class or (isinstance(made, type) and issubclass(made, Mapping | Sequence)):
        for part in get_args(declared):
            if part is not Ellipsis:
                yield from _faults(place, part, seen)
        if is_class and made not in seen:
            seen.add(made)
            yield from _faults_within(made, seen)
    elif not isinstance(declared, TypeVar) and _is_unreadable(declared):
        name = declared.__name__ if isinstance(declared, type) else str(declared)
        what = f"{place} is declared as {name}" if place else name
        yield f"{what}, which no JSON value becomes; see read_json for the types it knows"


def _faults_within(made: type, seen: set[Any]) -> Iterator[str]:
    try:
        hints = get_type_hints(made)
    except NameError as error:
        yield f"{made.__name__}: its annotations name {error.name}, which its module does not hold"
    else:
        for attribute in (attribute for attribute in attrs.fields(made) if attribute.init):
            yield from _faults(f"{made.__name__}.{attribute.name}", hints[attribute.name], seen)


def _is_unreadable(declared: Any) -> bool:
    from cattrs.errors import StructureHandlerNotFoundError

    try:
        _converter().structure(_NO_JSON, declared)
    except StructureHandlerNotFoundError:
        return True
    except Exception:  # noqa: BLE001  there is a hook, which refuses what is no JSON
        return False
    return False


#: A value of no JSON type: every hook refuses it.
_NO_JSON: Final = object()


class _NotFitError(Exception):
    """A JSON value of the wrong type; its text is ours and holds no value."""


#: Stands for a member that is not there.
_MISSING: Final = object()


def _explain(value: Any, cls: Any) -> tuple[str, str]:
    """Path and reason of the first fault. Goes down to it, and looks at nothing behind it."""
    path = "$"
    while (misfit := next((part for part in _parts(value, cls) if _reason(*part[1:])), None)) is not None:
        step, value, cls = misfit
        path += step
    return path, _reason(value, cls) or "is not understood"


def _parts(value: Any, cls: Any) -> Iterator[tuple[str, Any, Any]]:
    """What lies directly in `value` if it shall be a `cls`: where, the value, and what it shall be."""
    from cattrs.cols import is_mapping, is_sequence

    cls = _without_none(cls)
    inner = get_args(cls)
    items: Any = cast("Any", value) if isinstance(value, dict | list) else ()
    if len(items) > MAX_ITEMS:
        return
    if isinstance(value, list):
        if inner and (_is_tuple(cls) or is_sequence(cls)):
            yield from ((f"[{index}]", item, inner[0]) for index, item in enumerate(items))
    elif not isinstance(value, dict):
        return
    elif attrs.has(get_origin(cls) or cls):
        yield from _members_due(items, cls)
    elif inner and is_mapping(cls):  # an object's key may be personal, so it is no place to name
        yield from ((".*", item, inner[1]) for item in items.values())


def _members_due(value: dict[str, Any], cls: Any) -> Iterator[tuple[str, Any, Any]]:
    made = get_origin(cls) or cls
    hints = get_type_hints(made)
    for attribute in attrs.fields(made):
        if attribute.init and (attribute.name in value or attribute.default is attrs.NOTHING):
            yield f".{attribute.name}", value.get(attribute.name, _MISSING), hints[attribute.name]


def _without_none(cls: Any) -> Any:
    if get_origin(cls) in (Union, UnionType):
        others = [part for part in get_args(cls) if part is not type(None)]
        return others[0] if len(others) == 1 else cls
    return cls


def _reason(value: Any, cls: Any) -> str | None:
    """Why `value` is no `cls`; None where it is one."""
    if value is _MISSING:
        return "is missing"
    try:
        _converter().structure(value, cls)
    except (_NotFitError, BadResponseError) as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  a validator of the provider's class may raise anything
        return f"is not understood ({type(error).__name__})"
    return None


_JSON_NAMES: Final[Mapping[type, str]] = {
    type(None): "null",
    bool: "true or false",
    int: "a number",
    Decimal: "a number",
    str: "a text",
    list: "an array",
    dict: "an object",
}


def _misfit(wanted: str, value: object) -> _NotFitError:
    found = "an empty text" if value == "" else _JSON_NAMES.get(type(value), type(value).__name__)
    return _NotFitError(f"must be {wanted}, is {found}")


def _strict(kind: type, wanted: str) -> Callable[[Any, Any], Any]:
    def hook(value: Any, _: Any) -> Any:
        if type(value) is not kind:
            raise _misfit(wanted, value)
        return value

    return hook


def _to_amount(value: Any, _: Any) -> Decimal:
    if type(value) is Decimal:
        return value
    if type(value) is int:
        return Decimal(value)
    if type(value) is str and value:
        try:
            return amount_from_text(value)
        except ValueError as error:
            raise _NotFitError(f"is not an amount: {error}") from None
    raise _misfit("a plain decimal number", value)


def _no_float(_: Any, __: Any) -> NoReturn:
    raise _NotFitError("is declared as float; declare an amount as Amount and a count as int")


def _no_json_type(_: Any, __: Any) -> NoReturn:
    raise _NotFitError("is declared as a type that JSON does not have; see read_json for those it has")


#: The kinds of value that may stand beside one another, and what each is called.
_PLAIN: Final[Mapping[type, str]] = {str: "a text", int: "a whole number", bool: "true or false", Decimal: "a number"}


def _is_plain_union(cls: Any) -> bool:
    """Whether it is a union of plain types each of which has JSON values of its own."""
    if get_origin(cls) not in (Union, UnionType):
        return False
    kinds = set(get_args(cls)) - {type(None)}
    return len(kinds) > 1 and kinds <= _PLAIN.keys() and not (Decimal in kinds and kinds & {str, int})


def _to_one_of(value: Any, cls: Any) -> Any:
    kinds = get_args(cls)
    if type(value) in kinds:
        return value
    if Decimal in kinds:
        return _to_amount(value, Decimal)
    raise _misfit(" or ".join(wanted for kind, wanted in _PLAIN.items() if kind in kinds), value)


def _is_tuple(cls: Any) -> bool:
    return cls is tuple or (get_origin(cls) is tuple and get_args(cls)[1:] == (...,))


def _is_no_json_type(cls: Any) -> bool:
    found = get_origin(cls) or cls
    return found in (set, frozenset) or (found is tuple and not _is_tuple(cls))


@cache
def _converter() -> Converter:
    from cattrs import Converter
    from cattrs.cols import (
        homogenous_tuple_structure_factory,
        is_mapping,
        is_sequence,
        list_structure_factory,
        mapping_structure_factory,  # pyright: ignore[reportUnknownVariableType]  cattrs types half of it
    )
    from cattrs.gen import make_dict_structure_fn

    converter = Converter(detailed_validation=False)
    converter.register_structure_hook(str, _strict(str, "a text"))
    converter.register_structure_hook(int, _strict(int, "a whole number"))
    converter.register_structure_hook(bool, _strict(bool, "true or false"))
    converter.register_structure_hook(Decimal, _to_amount)
    converter.register_structure_hook(float, _no_float)
    converter.register_structure_hook(bytes, _no_json_type)

    def guarded(factory: Callable[..., Any], json_type: type[Sized], wanted: str) -> Callable[[Any, Converter], Any]:
        def make(cls: Any, converter: Converter) -> Callable[[Any, Any], Any]:
            inner = factory(cls, converter)

            def hook(value: Any, cls: Any) -> Any:
                if not isinstance(value, json_type):
                    raise _misfit(wanted, value)
                if len(value) > MAX_ITEMS:
                    raise _NotFitError(f"has more than {MAX_ITEMS} items")
                return inner(value, cls)

            return hook

        return make

    # The last registered is asked first.
    converter.register_structure_hook_factory(attrs.has, guarded(make_dict_structure_fn, dict, "an object"))
    of_mapping: Callable[..., Any] = mapping_structure_factory  # pyright: ignore[reportUnknownVariableType]  as above
    converter.register_structure_hook_factory(is_mapping, guarded(of_mapping, dict, "an object"))
    converter.register_structure_hook_factory(is_sequence, guarded(list_structure_factory, list, "an array"))
    converter.register_structure_hook_factory(_is_tuple, guarded(homogenous_tuple_structure_factory, list, "an array"))
    converter.register_structure_hook_func(_is_no_json_type, _no_json_type)
    converter.register_structure_hook_func(_is_plain_union, _to_one_of)
    return converter
