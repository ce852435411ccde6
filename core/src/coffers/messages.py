"""The messages of one read: Query -> Request -> SignedRequest -> Response, and what an attempt brings along.

Floor 1. Frozen values. The one encoder for targets and bodies is here: what is signed is what is sent, never encoded
again. Only a `SignedRequest` holds secrets in the clear, and it never shows them.
"""

from __future__ import annotations

import json as jsonlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final, Generic, TypeVar, cast
from urllib.parse import parse_qsl, quote, urlsplit

import attrs

from .errors import BadResponseError, ConfigError
from .secret import Secret

__all__ = ["AccessToken", "Attempt", "Pairs", "Query", "Request", "Response", "SignedRequest", "encode_pairs"]

#: Names and values in order; a name may occur more than once.
Pairs = tuple[tuple[str, str], ...]

S = TypeVar("S")
T = TypeVar("T")

_METHOD = re.compile("[A-Z]+")
#: What RFC 3986 allows in a path.
_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
#: Segments that mean "this folder" or "its parent": with a server's own id in a path they would lead elsewhere.
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")


def encode_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """`a=1&b=2` in the given order; all but letters, digits and ``-._~`` percent-encoded as UTF-8, space as ``%20``."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)


def _items(parts: Mapping[str, T] | Iterable[tuple[str, T]]) -> tuple[tuple[str, T], ...]:
    pairs = cast("Mapping[str, T]", parts).items() if isinstance(parts, Mapping) else parts
    return tuple((name, value) for name, value in pairs)


def _to_pairs(pairs: Mapping[str, str] | Iterable[tuple[str, str]]) -> Pairs:
    if pairs == ():
        return ()
    made: tuple[tuple[Any, Any], ...] = _items(pairs)  # as typed they are texts, but callers may be untyped
    for name, value in made:
        if not (isinstance(name, str) and isinstance(value, str)):
            hint = "; .reveal() gives a Secret's text" if isinstance(value, Secret) else ""
            kinds = f"{type(name).__name__} and {type(value).__name__}"
            raise TypeError(f"names and values must be texts, not {kinds}{hint}")
    return made


def _to_json(value: Mapping[str, Any] | Iterable[tuple[str, Any]] | None) -> tuple[tuple[str, Any], ...] | None:
    return None if value is None else _items(value)


#: Printable ASCII without a backslash, which some take for a slash.
_LINK = re.compile(r"[!-\[\]-~]+")
_PORTS: Final = {"https": 443, "http": 80}


def _origin(url: str) -> tuple[str, str, int | None] | str | None:
    """Scheme, host and port of an address; None where it is relative; the text itself, which is no origin, else."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return url
    if not parts.scheme and not parts.netloc:
        return None
    if not host or "@" in parts.netloc or parts.scheme not in _PORTS:
        return url
    return parts.scheme, host, port or _PORTS[parts.scheme]


def _to_state(state: Mapping[str, str] | Iterable[tuple[str, str]]) -> Pairs:
    return tuple(sorted(_to_pairs(state)))


@attrs.frozen
class Query(Generic[S]):
    """One step of a read: what to ask, and what earlier answers said. Hashable; never holds a secret.

    Attributes:
        settings: the account's settings, an instance of the provider's own frozen class.
        step: which of the provider's calls this is; the first one is ``"balances"``.
        state: what the last answer said (a page's cursor, a profile's id), sorted by name.
        addresses: where this may be asked, for `linked`; no part of what the query is.

    Raises:
        TypeError: the step, or a part of the state, is not a text.
    """

    settings: S
    step: str = "balances"
    state: Pairs = attrs.field(default=(), converter=_to_state)
    addresses: tuple[str, ...] = attrs.field(default=(), kw_only=True, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.step, str):  # pyright: ignore[reportUnnecessaryIsInstance]  a parser may pass on anything
            raise TypeError(f"a step must be a text, not {type(self.step).__name__}")

    def then(self, step: str, state: Mapping[str, str] | None = None) -> Query[S]:
        """The query for a further step; `parse` puts it in `Snapshot.next`."""
        return Query(self.settings, step, state or (), addresses=self.addresses)

    def linked(self, link: object) -> dict[str, str]:
        """The parameters of a link to a further page; give `then` those you need. A link is a cursor, never an address.

        Args:
            link: as the answer holds it, absolute or relative.

        Raises:
            BadResponseError: no link, one to another place than the provider's hosts and the account's ``base_url``,
                or a parameter occurs twice.
        """
        if not isinstance(link, str) or not _LINK.fullmatch(link):
            raise BadResponseError("a link to a further page is no address")
        if _origin(link) not in (None, *map(_origin, self.addresses)):
            raise BadResponseError("a link to a further page leads to another host")
        pairs = parse_qsl(urlsplit(link).query, keep_blank_values=True)
        if len(dict(pairs)) != len(pairs):
            raise BadResponseError("a link to a further page holds a parameter twice")
        return dict(pairs)

    def get(self, name: str, default: str = "") -> str:
        """The state's value for `name`."""
        return dict(self.state).get(name, default)


@attrs.frozen
class SignedRequest:
    """The complete message, rendered once; sent byte for byte. Its repr shows method and host only.

    Attributes:
        method: the HTTP method.
        host: a name in the manifest's `base_urls`.
        target: path and query exactly as they go on the wire, without any path prefix of the base URL.
        headers: names and values in order.
        body: the exact bytes; empty where there is none.

    Raises:
        ValueError: a header name cannot be sent.
        ConfigError: a header value cannot be sent: the credential it came from is unusable.
    """

    method: str
    host: str
    target: str = attrs.field(repr=False)
    headers: Pairs = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)

    def __attrs_post_init__(self) -> None:
        for name, value in self.headers:
            if not _HEADER_NAME.fullmatch(name):
                raise ValueError("a header name has characters that cannot be sent")
            if not _HEADER_VALUE.fullmatch(value):
                raise ConfigError(
                    f"the {name} header would hold a character that cannot be sent (a line break, or not ASCII); "
                    "check the credential it is made from"
                )


@attrs.frozen(slots=False)
class Request:
    """A message still in parts: what `request` makes and `sign` completes. Holds no time, nonce or secret.

    Its repr shows method, path and host only, as a signer may add secrets before it renders.
    Give `form` or `json`, not both. Every part may be given as a mapping or as pairs.

    Args:
        method: the HTTP method, upper-case.
        path: begins with one ``/``, already percent-encoded where that is needed, without ``.`` and ``..``; never an
            address.
        query: parameters behind the ``?``, in order.
        headers: in order; a content type for `form` and `json` is added unless one is given.
        form: the parameters of a form body, in order.
        json: the members of a JSON object body, in order, each once; `()` is ``{}``, None is no body.
        host: a name in the manifest's `base_urls`.

    Raises:
        ValueError: a part that cannot be sent; the value is not in the message.
        TypeError: a name or a value of `query`, `headers` or `form`, or a name in `json`, is not a text.
    """

    method: str
    path: str
    query: Pairs = attrs.field(default=(), kw_only=True, repr=False, converter=_to_pairs)
    headers: Pairs = attrs.field(default=(), kw_only=True, repr=False, converter=_to_pairs)
    form: Pairs = attrs.field(default=(), kw_only=True, repr=False, converter=_to_pairs)
    json: tuple[tuple[str, Any], ...] | None = attrs.field(default=None, kw_only=True, repr=False, converter=_to_json)
    host: str = attrs.field(default="api", kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not _METHOD.fullmatch(self.method):
            raise ValueError("method: upper-case letters only")
        if not _PATH.fullmatch(self.path) or self.path.startswith("//"):
            raise ValueError("path: must begin with one '/' and be percent-encoded; the query goes in `query`")
        if _DOT_SEGMENT.search(self.path):
            raise ValueError("path: must not hold the segments '.' or '..'")
        if self.form and self.json is not None:
            raise ValueError("a request has a form or a JSON body, not both")
        if self.json is None:
            return
        names = [name for name, _ in self.json]
        if not all(isinstance(name, str) for name in names):  # pyright: ignore[reportUnnecessaryIsInstance]  callers may be untyped
            raise TypeError("json: the names must be texts")
        if len(set(names)) != len(names):
            raise ValueError("json: a member is given twice; servers do not agree which one counts")

    @cached_property
    def target(self) -> str:
        """The exact ``path?query``."""
        return f"{self.path}?{encode_pairs(self.query)}" if self.query else self.path

    @cached_property
    def body(self) -> bytes:
        """The exact bytes of the body."""
        if self.json is not None:
            return jsonlib.dumps(dict(self.json), separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
        return encode_pairs(self.form).encode()

    def add(
        self,
        *,
        query: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        form: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        json: Mapping[str, Any] | Iterable[tuple[str, Any]] = (),
    ) -> Request:
        """This request with further parts behind the ones it has."""
        more_json = _to_json(json) or ()
        return attrs.evolve(
            self,
            query=(*self.query, *_to_pairs(query)),
            headers=(*self.headers, *_to_pairs(headers)),
            form=(*self.form, *_to_pairs(form)),
            json=(*(self.json or ()), *more_json) if more_json or self.json is not None else None,
        )

    def seal(
        self,
        *,
        query: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        form: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        json: Mapping[str, Any] | Iterable[tuple[str, Any]] = (),
    ) -> SignedRequest:
        """The complete message: the last parts added, then encoded once.

        Raises:
            ConfigError: characters that cannot be sent (in a header: a line break or not ASCII; anywhere: half a
                character): the credential they came from is unusable.
        """
        whole = self.add(query=query, form=form, json=json) if query or form or json else self
        sealed = (*self.headers, *_to_pairs(headers))
        if (whole.form or whole.json is not None) and not any(name.lower() == "content-type" for name, _ in sealed):
            content_type = "application/json" if whole.json is not None else "application/x-www-form-urlencoded"
            sealed = (*sealed, ("Content-Type", content_type))
        try:
            target, body = whole.target, whole.body
        except UnicodeEncodeError:
            pass  # raised below: this exception carries the text
        else:
            return SignedRequest(whole.method, whole.host, target, sealed, body)
        raise ConfigError("a part of the request is not valid Unicode; check the credentials it is made from")


@attrs.frozen
class Response:
    """What came back. Holds nothing of the request; its repr shows the status only.

    Attributes:
        status: the HTTP status code.
        headers: names and values in order, as received.
        body: the decoded body.
    """

    status: int
    headers: Pairs = attrs.field(default=(), repr=False)
    body: bytes = attrs.field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """The first header of that name, letter case ignored; None where there is none."""
        wanted = name.lower()
        return next((value for found, value in self.headers if found.lower() == wanted), None)

    @property
    def text(self) -> str:
        """The body as UTF-8, whatever the content type claims; a byte-order mark is dropped.

        Raises:
            UnicodeDecodeError: the body is not UTF-8; in `parse` this becomes `bad_response`.
        """
        return self.body.decode("utf-8-sig")


@attrs.frozen
class AccessToken:
    """A token a provider handed out; answered by `parse` for the manifest's token step.

    Attributes:
        value: the token.
        lifetime_s: seconds it may be used, counted from now.
    """

    value: Secret
    lifetime_s: int


_MS: Final = 1000


@attrs.frozen
class Attempt:
    """What is new in each attempt, so that signing is a pure function.

    Attributes:
        time_ms: the provider's time as far as we know it, milliseconds since 1970-01-01 UTC.
        nonce: rises strictly over all attempts of this process; milliseconds since 1970 wherever they suffice.
        token: the access token, or None for the token step and for providers that have none.
    """

    time_ms: int
    nonce: int
    token: AccessToken | None = None

    @property
    def unix_s(self) -> int:
        """Whole seconds since 1970-01-01 UTC."""
        return self.time_ms // _MS

    @property
    def utc(self) -> datetime:
        """The time, aware, with milliseconds."""
        seconds, ms = divmod(self.time_ms, _MS)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=ms * _MS)
