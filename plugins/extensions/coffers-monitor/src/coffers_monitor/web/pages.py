"""The pages for people: all accounts, one account, the login. HTML made here, readable without a script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import parse_qs

import attrs
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from . import words
from .board import STATES, Board, Row, Standing
from .cards import Card, card
from .curves import SPARK_DAYS, Curves
from .drawing import Chart, chart
from .guard import Sessions, no_cookie
from .view import View

__all__ = ["Pages"]

#: What a chart may show, in days; the first is what it shows when nothing else is asked for.
_DAYS: Final = (30, 1, 7, 90)
_CHART_POINTS: Final = 600
#: More than any token.
_MAX_FORM_BYTES: Final = 8192


class Pages:
    """Answers with HTML.

    Args:
        view: what is known.
        look: the board at this moment.
        curves: sparklines.
        sessions: who may look; None where nobody needs to log in.
    """

    def __init__(self, view: View, look: Callable[[], Board], curves: Curves, sessions: Sessions | None) -> None:
        self._view = view
        self._look = look
        self._sessions = sessions
        self._pages = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        everywhere: dict[str, Any] = {
            "words": words,
            "draw": chart,
            "spark_days": SPARK_DAYS,
            "states": STATES,
            "state_words": words.STATE_WORDS,
            "log_out": sessions is not None,
        }
        self._pages.globals.update(everywhere)
        macros = cast("Any", self._pages.get_template("account.html").module)
        self._make: tuple[Callable[[Card], str], Callable[[Card], str]] = macros.before, macros.after
        self._curves = curves
        self._kept: dict[str, tuple[Card, tuple[str, str]]] = {}

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/", self._all),
            Route("/accounts/{account}", self._one),
            Route("/login", self._ask, methods=["GET"]),
            Route("/login", self._log_in, methods=["POST"]),
            Route("/logout", self._log_out, methods=["POST"]),
        ]

    def refused(self, status: int, text: str) -> Response:
        """A page that says that there is none; nothing of what was asked is on it."""
        return self._page("refused.html", status, text=text)

    def _page(self, name: str, status: int = 200, **values: Any) -> Response:
        return HTMLResponse(self._pages.get_template(name).render(values), status)

    def _all(self, request: Request) -> Response:
        del request
        now_board = self._look()
        for gone in self._kept.keys() - {standing.watched.account for standing in now_board.standings}:
            self._kept.pop(gone, None)  # another thread may have done it
        return self._page(
            "all.html",
            board=now_board,
            verdict=_verdict(now_board),
            now=now_board.at,
            account=self._account,
            told=self._view.told(),
        )

    def _account(self, standing: Standing, now: datetime) -> tuple[str, str]:
        """One account of the table, before the age of its figures and after; kept as long as its card is the same."""
        fresh, name = card(standing, now, self._curves.spark), standing.watched.account
        kept = self._kept.get(name)
        if kept is None or kept[0] != fresh:
            before, after = self._make
            kept = self._kept[name] = (fresh, (before(fresh), after(fresh)))
        return kept[1]

    def _one(self, request: Request) -> Response:
        now_board = self._look()
        name = request.path_params["account"]
        standing = next((one for one in now_board.standings if one.watched.account == name), None)
        if standing is None:
            raise HTTPException(404)
        asked = request.query_params.get("days", "")
        days = int(asked) if asked in map(str, _DAYS) else _DAYS[0]
        charts = [(row, self._chart(row, now_board, days)) for row in standing.rows]
        return self._page(
            "one.html", standing=standing, charts=charts, now=now_board.at, days=days, choices=sorted(_DAYS)
        )

    def _chart(self, row: Row, now_board: Board, days: int) -> Chart:
        now, place = now_board.at, row.figures.place
        since = now - timedelta(days=days)
        what = Chart(
            self._view.points(place, since, now, at_most=_CHART_POINTS),
            since,
            now,
            row.forecast,
            top_ups=self._view.top_ups(place, since, now),
            thresholds=self._view.thresholds(place),
            currency=place.currency,
            gone=row.gone_since(now) is not None,
        )
        return attrs.evolve(what, band=self._view.band(place, what.until))

    # --- the login ------------------------------------------------------------------------------------------------

    def _ask(self, request: Request) -> Response:
        del request
        if self._sessions is None:
            return RedirectResponse("/", 303)
        return self._page("login.html", refused=False)

    async def _log_in(self, request: Request) -> Response:
        if self._sessions is None:
            return RedirectResponse("/", 303)
        form = bytearray()
        async for part in request.stream():
            form += part
            if len(form) > _MAX_FORM_BYTES:
                raise HTTPException(413)
        if not self._sessions.knows(_token(bytes(form))):
            return self._page("login.html", 401, refused=True)
        response = RedirectResponse("/", 303)
        response.headers["Set-Cookie"] = self._sessions.cookie(secure=request.url.scheme == "https")
        return response

    def _log_out(self, request: Request) -> Response:
        response = RedirectResponse("/login", 303)
        response.headers["Set-Cookie"] = no_cookie(secure=request.url.scheme == "https")
        return response


def _token(form: bytes) -> str:
    """What a form says; empty where it says nothing that could be one."""
    try:
        return parse_qs(form.decode(), max_num_fields=10).get("token", [""])[0].strip()
    except ValueError:
        return ""


def _verdict(now_board: Board) -> str:
    """Whether everything is all right, in a few words."""
    if not now_board.standings:
        return "No account is watched yet"
    counts = now_board.counts
    if now_board.ends_soon:
        return f"{now_board.ends_soon.figures.place.account} runs out soon"
    if set(counts) <= {"ok"}:
        return "All is well"
    if set(counts) <= {"ok", "waiting"}:
        return "Waiting for first reads"
    wanting = len(now_board.standings) - counts.get("ok", 0) - counts.get("waiting", 0)
    return "1 account needs attention" if wanting == 1 else f"{wanting} accounts need attention"
