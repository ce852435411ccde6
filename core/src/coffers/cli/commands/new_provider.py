"""`coffers new-provider`: a project for a new provider, and its renewal. Roof. It imports no plugin."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from coffers import Registry
from coffers.cli.endings import ALL_READ, StoppedError
from coffers.cli.options import verbose_option

__all__ = ["command"]

_CURRENT = "Nothing to renew: every file of the template is as it should be."


@click.command("new-provider")
@click.argument("name", required=False)
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where to make the folder coffers-NAME; here by default.",
)
@click.option("--title", metavar="TEXT", help="The provider's name for people; made of NAME by default.")
@click.option("--api", metavar="URL", help="The address of its API; a made-up one by default.")
@click.option("--docs", metavar="URL", help="The address of its page on balances; a made-up one by default.")
@click.option("--update", is_flag=True, help="Renew the template's files in the project NAME, or here.")
@verbose_option
def command(
    name: str | None, to: Path | None, title: str | None, api: str | None, docs: str | None, update: bool
) -> int:
    """Make the project coffers-NAME: a whole plugin that reads a made-up provider, for you to change to yours.

    NAME is the provider's id, as acme: lower-case letters, digits and single hyphens. With --update, NAME is the folder
    of such a project: its CI file and lint settings are renewed, and nothing of yours is touched.
    """
    if update and any(given is not None for given in (to, title, api, docs)):
        raise click.UsageError("--update takes the answers that the project itself records")
    if name is None and not update:
        raise click.UsageError("Missing argument 'NAME'.")
    try:
        from coffers.testing.projects import NewProject, renew
    except ModuleNotFoundError:
        raise StoppedError('new-provider needs more packages: pip install "coffers[testing]"') from None
    folder = Path(name or ".") if update else (to or Path()) / f"coffers-{name}"
    try:
        if name is None or update:
            changed = renew(folder)
            lines = [f"Renewed in {folder}:", *(f"  {file}" for file in changed)] if changed else [_CURRENT]
        else:
            project = NewProject(
                name=name,
                title=name.replace("-", " ").title() if title is None else title,
                api=f"https://api.{name}.example" if api is None else api,
                docs=f"https://{name}.example/docs/balance" if docs is None else docs,
            )
            project.write(folder)
            lines = [*_rivals(name), f"Wrote {folder}. Next:", *(f"  {step}" for step in _next(folder))]
    except ValueError as error:
        raise StoppedError(str(error)) from None
    except OSError as error:
        raise StoppedError(f"{error.filename or folder} cannot be written: {error.strerror or 'no reason'}") from None
    for line in lines:
        click.echo(line, err=True)
    return ALL_READ


def _rivals(name: str) -> list[str]:
    return [
        f"warning: {name!r} is installed already, by {installed.dist} {installed.version}; "
        "of two plugins with one id none works, so uninstall one or choose another name"
        for installed in Registry().list()
        if installed.id == name
    ]


def _next(folder: Path) -> tuple[str, ...]:
    return (f"cd {shlex.quote(str(folder))}", 'python -m pip install -e ".[test]"', "python -m pytest")
