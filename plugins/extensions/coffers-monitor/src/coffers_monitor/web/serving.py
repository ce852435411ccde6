"""Where it is served, and the refusal to serve where everybody could look. Owns the socket and its end."""

from __future__ import annotations

import contextlib
import gc
import ipaddress
import socket
import threading
from collections.abc import Callable, Collection, Generator
from pathlib import Path
from typing import Final

import attrs
import uvicorn
from starlette.types import ASGIApp

from coffers import ConfigError, Secret
from coffers_monitor.lookup import look_up

__all__ = ["LEAST_TOKEN", "Place", "check_token", "read_token", "serve", "served"]

#: The fewest characters of a token: nothing else keeps strangers from trying.
LEAST_TOKEN: Final = 20

#: Seconds that the end of `served` waits for requests under way.
_END_S: Final = 1.5

_HOW: Final = (
    "make one with `python -c 'import secrets; print(secrets.token_urlsafe(32))'`, keep it in a file with `chmod 600` "
    "and add `--token file:PATH`, or put it in a variable and add `--token env:NAME`"
)


@attrs.frozen
class Place:
    """Where to listen.

    Attributes:
        host: an address of this machine, or ``localhost``.
        port: 0 takes a free one.
    """

    host: str = "127.0.0.1"
    port: int = 8321

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False  # a name may lead anywhere


def read_token(reference: str, folder: Path | None = None) -> Secret:
    """The token that a reference stands for.

    Args:
        reference: ``env:NAME``, ``file:PATH``, ``keyring:SERVICE/USER`` or ``cmd:PROGRAM ARGS``.
        folder: what a relative ``file:`` is relative to; None is the working directory.

    Raises:
        ConfigError: it is a literal, leads nowhere, or is too short; says what to do, and never the value.
    """
    try:
        token = look_up(reference, folder)
    except ConfigError as error:
        fault = error.message
    else:
        return check_token(token)
    raise ConfigError(f"--token: {fault}")


def check_token(token: Secret) -> Secret:
    """The token, if nobody will guess it.

    Raises:
        ConfigError: it is too short.
    """
    if len(token.reveal()) < LEAST_TOKEN:
        raise ConfigError(f"the token is shorter than {LEAST_TOKEN} characters, so it could be guessed; {_HOW}")
    return token


def serve(
    make: Callable[[], ASGIApp],
    where: Place,
    *,
    token: Secret | None,
    names: Collection[str] = (),
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until interrupted or terminated.

    Args:
        make: the app; not made before the address is ours.
        where: the address.
        token: what it asks for; without one only this machine may reach it.
        names: as they were given to the app; for the address that is told.
        ready: told the address once it can be reached.

    Raises:
        ConfigError: others could reach it and there is no token, or the address cannot be had.
    """
    if token is None and not where.is_loopback:
        raise ConfigError(f"{where.host} can be reached from other machines, so a token is needed: {_HOW}")
    with _listening(where) as listener:
        server = _server(make())
        ready(_address(listener, where, names))
        gc.collect()
        gc.freeze()  # what is there by now stays; a request need not wait while all of it is looked through
        server.run(sockets=[listener])


@contextlib.contextmanager
def served(make: Callable[[], ASGIApp], where: Place = Place()) -> Generator[str]:
    """Serve this machine alone, in a thread of its own, until the block ends; the address.

    Raises:
        ConfigError: others could reach it, or the address cannot be had.
    """
    if not where.is_loopback:
        raise ConfigError(f"{where.host} can be reached from other machines: use `coffers serve`, with a token")
    with _listening(where) as listener:
        server = _server(make())
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="coffers-page", daemon=True)
        thread.start()
        try:
            yield _address(listener, where, ())
        finally:
            server.should_exit = True
            thread.join(_END_S)


def _server(app: ASGIApp) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=30,
        limit_concurrency=200,
        h11_max_incomplete_event_size=32 * 1024,
    )
    return uvicorn.Server(config)


def _address(listener: socket.socket, where: Place, names: Collection[str]) -> str:
    host = f"[{where.host}]" if ":" in where.host else next(iter(sorted(names)), where.host)
    return f"http://{host}:{listener.getsockname()[1]}/"


def _listening(where: Place) -> socket.socket:
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    try:
        # Connections wait in the queue from here on: whoever is told that it is ready finds it so.
        return socket.create_server((where.host, where.port), family=family, backlog=128)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    raise ConfigError(f"cannot listen on {where.host} port {where.port} ({reason}); choose another with --port")
