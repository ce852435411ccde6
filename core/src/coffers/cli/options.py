"""Options that several commands share.

Roof. No option takes a secret: command lines are seen by everyone on the machine.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, TypeVar

import click

__all__ = ["SECONDS", "config_option", "format_options", "timeout_option", "verbose_option"]

F = TypeVar("F", bound=Callable[..., Any])


class _Seconds(click.ParamType[float]):
    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not 0 < seconds <= 3600:
            self.fail("must be a number of seconds above 0 and at most 3600", param, ctx)
        return seconds


SECONDS: Final = _Seconds()


def config_option(command: F) -> F:
    """`--config FILE`, as `config`."""
    from pathlib import Path  # the overview has no use for it

    option = click.option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The config file; else $COFFERS_CONFIG, else config.toml in your config directory.",
    )
    return option(command)


def timeout_option(command: F) -> F:
    """`--timeout SECONDS`, as `timeout`; None where it is not given."""
    option = click.option(
        "--timeout", type=SECONDS, metavar="SECONDS", help="How long one account may take; goes before the config."
    )
    return option(command)


def format_options(command: Callable[..., int]) -> Callable[..., int]:
    """`--json`, `--jsonl` or `--csv`, one at most, as `form`: ``"json"``, ``"jsonl"``, ``"csv"`` or ``"table"``."""

    @click.option("--json", "as_json", is_flag=True, help="One JSON document, accounts in the order of the config.")
    @click.option("--jsonl", "as_jsonl", is_flag=True, help="One JSON object a line, as accounts complete.")
    @click.option("--csv", "as_csv", is_flag=True, help="One row a balance; a row for failed and empty accounts too.")
    @functools.wraps(command)
    def chosen(*, as_json: bool, as_jsonl: bool, as_csv: bool, **others: Any) -> int:
        given = [form for form, wanted in (("json", as_json), ("jsonl", as_jsonl), ("csv", as_csv)) if wanted]
        if len(given) > 1:
            raise click.UsageError(" and ".join(f"--{form}" for form in given) + " cannot be given together.")
        form = given[0] if given else "table"
        if form == "table":
            import_module("coffers.cli.table")  # without rich nothing could be shown: told before anything is read
        return command(form=form, **others)

    return chosen


def _tell_what_goes_on(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    from coffers.cli.log import log_to_stderr

    log_to_stderr(ctx.find_root(), wanted)


def verbose_option(command: F) -> F:
    """`-v`: tell every request on stderr. Without it, warnings alone are told."""
    option = click.option(
        "-v",
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=_tell_what_goes_on,
        help="Tell on stderr what goes on; never a secret.",
    )
    return option(command)
