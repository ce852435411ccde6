"""The app: what is asked for where, as one ASGI application. It keeps nothing but what it would only work out again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Collection
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from coffers import Secret
from coffers_monitor.metrics import CONTENT_TYPE, Metrics

from .api import Api
from .board import Board, board
from .curves import CURVES_EVERY_S, Curves
from .guard import Guard, Sessions
from .pages import Pages
from .view import View

__all__ = ["make_app"]

_log = logging.getLogger("coffers.monitor.web")


def _now() -> datetime:
    return datetime.now(UTC)


def make_app(
    view: View,
    *,
    token: Secret | None = None,
    names: Collection[str] = (),
    clock: Callable[[], datetime] = _now,
    curves_every_s: float = CURVES_EVERY_S,
) -> ASGIApp:
    """The page, the API and the metrics of what a view knows.

    Args:
        view: what is known.
        token: without it nobody sees anything; None lets everybody in who reaches it.
        names: names besides ``localhost`` under which it may be asked.
        clock: the time.
        curves_every_s: how often forecasts and sparklines are made afresh, in seconds.
    """
    curves = Curves(view, clock, curves_every_s)

    def look() -> Board:
        return board(view, clock(), curves.forecast)

    sessions = Sessions(token) if token else None
    pages, api, metrics = Pages(view, look, curves, sessions), Api(view, look), Metrics(view, look)

    def text(_: Request) -> Response:
        return Response(metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    def health(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    def told(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        said = _SAID.get(status, "This cannot be answered.")
        of_api = request.url.path.startswith("/api/")
        answer = JSONResponse({"error": said}, status) if of_api else pages.refused(status, said)
        if isinstance(error, HTTPException):
            answer.headers.update(error.headers or {})  # what may be done instead
        return answer

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        stop = threading.Event()
        renewing = asyncio.create_task(asyncio.to_thread(_renew, curves, stop))
        try:
            yield
        finally:
            stop.set()
            await renewing

    static = StaticFiles(directory=Path(__file__).parent / "static")
    routes = [
        *pages.routes(),
        *api.routes(),
        Route("/metrics", text),
        Route("/healthz", health),
        Mount("/static", static),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: told, 500: told})
    return Guard(app, sessions, names)


_SAID = {
    404: "There is nothing here.",
    405: "This cannot be done here.",
    413: "That is too much.",
    500: "Something went wrong here. The log of `coffers serve` says where.",
}


def _renew(curves: Curves, stop: threading.Event) -> None:
    """Keep the curves fresh until told to stop; a database that is away for a while is no reason to end."""
    while not stop.is_set():
        try:
            curves.renew(stop)
        except Exception as error:  # noqa: BLE001  whatever the view raises; its text may hold anything
            _log.warning("the curves could not be renewed: %s", type(error).__name__)
            stop.wait(10)
