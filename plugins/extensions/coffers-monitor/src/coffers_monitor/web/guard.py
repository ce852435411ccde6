"""Who may see anything: the host asked for, the token, the headers of every answer. The outermost part of the app.

Without the token nothing of any account leaves, not even that there are accounts. No answer tells what was asked, what
went wrong inside, or what runs here. The token itself is in no cookie, no address, no log.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging
import re
import time
from collections.abc import Callable, Collection
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coffers import Secret

__all__ = ["COOKIE", "FREE", "Guard", "Sessions", "is_host_allowed", "no_cookie"]

_log = logging.getLogger("coffers.monitor.web")

#: The browser's proof of a login.
COOKIE: Final = "coffers_session"
#: How long a login lasts, in seconds.
_LOGIN_S: Final = 7 * 86400

#: What needs no token; nothing of any account is there.
FREE: Final = ("/login", "/healthz", "/static/")
#: Where programs ask: they are told 401, people are led to the login.
_FOR_PROGRAMS: Final = ("/api/", "/metrics")

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex",
}

_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]{1,5})?")


def is_host_allowed(host: str, names: Collection[str]) -> bool:
    """Whether a request for this `Host` is meant for us.

    A page of somebody else can make its own name lead to this machine and then read what we answer. A bare address
    cannot be led anywhere, so every address is allowed; of names, ``localhost`` and those given.

    Args:
        host: the header.
        names: lower case.
    """
    match = _HOST.fullmatch(host)
    if match is None:
        return False
    name = (match[1] or match[2]).lower().removesuffix(".")
    if name == "localhost" or name in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Sessions:
    """Tells who has the token. A login is the time it ends at, signed with the token: nothing is kept, and a new token
    ends every login.

    Args:
        token: what everybody who may look knows.
        clock: seconds since 1970-01-01 UTC.
    """

    def __init__(self, token: Secret, clock: Callable[[], float] = time.time) -> None:
        self._token = token
        self._clock = clock

    def knows(self, given: str) -> bool:
        """Whether this is the token; takes as long wherever it differs."""
        return hmac.compare_digest(_digest(given), _digest(self._token.reveal()))

    def cookie(self, *, secure: bool) -> str:
        """The header that logs a browser in."""
        end = str(int(self._clock()) + _LOGIN_S)
        return _cookie(f"{end}.{self._signature(end)}", _LOGIN_S, secure=secure)

    def lets_in(self, headers: Headers) -> bool:
        """Whether a request brings the token, or a login that has not ended."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.knows(given.strip()):
            return True
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            morsel = None
        end, _, signature = (morsel.value if morsel else "").partition(".")
        if not hmac.compare_digest(_digest(signature), _digest(self._signature(end))):
            return False
        return int(end) > self._clock()  # signed by us, so it is a number

    def _signature(self, end: str) -> str:
        key = self._token.reveal().encode("utf-8", "surrogatepass")
        return hmac.new(key, b"coffers login until " + end.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def no_cookie(*, secure: bool) -> str:
    """The header that logs a browser out."""
    return _cookie("", 0, secure=secure)


def _cookie(value: str, seconds: int, *, secure: bool) -> str:
    flags = "; Secure" if secure else ""
    return f"{COOKIE}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Strict{flags}"


def _digest(text: str) -> bytes:
    """Of one length, so that a comparison does not tell the length either."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


class Guard:
    """Stands before the app.

    Args:
        app: what answers those who may ask.
        sessions: who may; None lets everybody on this machine in.
        names: names of this machine besides ``localhost`` that may be asked for.
    """

    def __init__(self, app: ASGIApp, sessions: Sessions | None, names: Collection[str] = ()) -> None:
        self._app = app
        self._sessions = sessions
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse to."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        begun = False

        async def send_guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        refusal = self._refusal(scope)
        try:
            await (refusal or self._app)(scope, receive, send_guarded)
        except Exception as error:  # noqa: BLE001  the outermost place; what an exception says may hold anything
            place = error.__traceback__
            while place and place.tb_next:
                place = place.tb_next
            where = f"{place.tb_frame.f_code.co_name}:{place.tb_lineno}" if place else "unknown"
            _log.error("a request failed: %s at %s", type(error).__name__, where)
            if not begun:
                await PlainTextResponse("Something went wrong here.\n", 500)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not is_host_allowed(hosts[0], self._names):
            text = "This is not a name I answer to. Start `coffers serve` with --host-name and the name.\n"
            return PlainTextResponse(text, 421)
        path: str = scope["path"]
        if scope["method"] not in ("GET", "HEAD") and headers.get("sec-fetch-site", "none") not in (
            "same-origin",
            "none",
        ):
            return PlainTextResponse("Another site sent you here.\n", 403)
        if self._sessions is None or path in FREE or path.startswith(FREE[-1]) or self._sessions.lets_in(headers):
            return None
        if path.startswith(_FOR_PROGRAMS):
            text = "send the token as: Authorization: Bearer TOKEN"
            return JSONResponse({"error": text}, 401, {"WWW-Authenticate": 'Bearer realm="coffers"'})
        return RedirectResponse("/login", 303)
