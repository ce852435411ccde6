"""`coffers serve`: the page, the API and the metrics, until interrupted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import click

from coffers.cli.door import config_option, verbose_option

from .view import View

__all__ = ["command", "serve_command"]


def _open_view(config: Path | None) -> AbstractContextManager[View]:
    from .stored import open_view  # and with it every other room

    return open_view(config)


def serve_command(open_view: Callable[[Path | None], AbstractContextManager[View]]) -> click.Command:
    """Make the command.

    Args:
        open_view: opens what is known, by the config file given on the command line, if one was; a context, so that it
            can be closed.
    """

    @click.command("serve")
    @config_option
    @click.option("--host", default="127.0.0.1", metavar="ADDRESS", show_default=True, help="Where to listen.")
    @click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=8321,
        metavar="N",
        show_default=True,
        help="The port; 0 takes a free one.",
    )
    @click.option(
        "--token", "reference", metavar="REFERENCE", help="Ask for this token: env:NAME or file:PATH, never the token."
    )
    @click.option(
        "--host-name",
        "names",
        multiple=True,
        metavar="NAME",
        help="A name under which browsers or Prometheus ask, besides localhost and addresses; repeatable.",
    )
    @verbose_option
    def command(config: Path | None, host: str, port: int, reference: str | None, names: tuple[str, ...]) -> int:
        """Serve a page that tells whether all is well, and what runs out first.

        On this machine alone unless --host says otherwise, and then only with --token. The JSON API is below /api/v1,
        the metrics are at /metrics.
        """
        from .app import make_app
        from .serving import Place, read_token, serve

        token = None if reference is None else read_token(reference)
        with open_view(config) as view:
            serve(
                lambda: make_app(view, token=token, names=names),
                Place(host, port),
                token=token,
                names=names,
                ready=lambda url: click.echo(f"Serving at {url}; stop it with Ctrl-C.", err=True),
            )
        return 0

    return command


command = serve_command(_open_view)
