"""`coffers record`: one real read becomes scrubbed vectors. Roof.

A thin front of `coffers.testing.recording`. Shows nothing of the answer: what is left of it is in the files.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import click

from coffers import CoffersError, Outcome, Registry, Resolver
from coffers.cli.accounts import chosen_accounts, open_config
from coffers.cli.endings import ALL_READ, SOME_FAILED, UNWRITABLE, StoppedError, balances_code
from coffers.cli.options import config_option, timeout_option, verbose_option
from coffers.cli.streams import stdout_for_data

__all__ = ["command"]


@click.command("record")
@click.argument("name", metavar="ACCOUNT")
@config_option
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("vectors"),
    metavar="FOLDER",
    help="The plugin's folder of vectors.  [default: vectors]",
)
@click.option("--case", default="recorded", metavar="NAME", help="The case's name.  [default: recorded]")
@timeout_option
@verbose_option
def command(name: str, config: Path | None, to: Path, case: str, timeout: float | None) -> int:
    """Read ACCOUNT once, really, and write what came as a scrubbed vector.

    Names, numbers, times, addresses and tokens are replaced, the settings' too; credentials are made up. Shapes stay:
    of the answer, of amounts, of texts. A refusal of the provider is recorded as well. The case's folder is
    FOLDER/PROVIDER/NAME; further steps of a read get NAME-2 and so on.

    \b
    Exit codes:
      0    the vector was written
      2    usage or configuration, or the case is there already; nothing was written
      5    an answer came, but could not be scrubbed safely; nothing was written
      69   there was no answer to record
      74   the vector could not be written
    """
    from coffers.testing.recording import NotRecordedError, record, write

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", case):
        raise click.BadParameter("letters, digits and _ . - only", param_hint="--case")
    registry = Registry()
    [account] = chosen_accounts(open_config(config, registry), [name], timeout)
    if os.path.lexists(to / account.provider / case):  # a link to nowhere is there, too
        raise StoppedError(_there(to / account.provider / case))
    try:
        with stdout_for_data():
            recording = record(account, to, case, registry=registry, resolver=Resolver())
        write(recording)
    except NotRecordedError as error:
        raise StoppedError(*error.lines, "nothing was written; write this vector by hand", code=SOME_FAILED) from None
    except CoffersError as error:
        code = balances_code([Outcome(account, datetime.now(UTC), 0.0, error=error)])
        raise StoppedError(f"{name}: {error.kind}: {error.message}; there is nothing to record", code=code) from None
    except FileExistsError as error:
        raise StoppedError(_there(Path(error.filename))) from None
    except OSError as error:
        raise StoppedError(f"{error.filename or to} cannot be written: {error.strerror}", code=UNWRITABLE) from None
    for written in recording.cases:
        click.echo(f"{written.folder}: {', '.join(sorted(written.files))}")
    what = "a snapshot" if recording.outcome == "snapshot" else f"the error {recording.outcome}"
    click.echo(f"The answer is {what}. Before you commit it:", err=True)
    for line in (
        *recording.notes,
        "read response.http and query.json: nothing in them should remind you of the account",
        "put the provider's own words for codes and states back where you know them to be public, and replay it:",
        f"coffers try --write {recording.cases[0].folder}",
    ):
        click.echo(f"  {line}", err=True)
    return ALL_READ


def _there(folder: Path) -> str:
    return f"{folder} is there already; give another --case, or remove it"
