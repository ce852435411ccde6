"""`coffers init`: writes a config to fill in. Roof. It never writes a secret: every secret is a reference."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import attrs
import click

from coffers import CoffersError, ConfigField, LoadedProvider, Registry, one_line
from coffers.cli.accounts import config_file
from coffers.cli.endings import ALL_READ, StoppedError
from coffers.cli.options import config_option, verbose_option
from coffers.cli.private_files import write_private
from coffers.cli.sandboxes import NO_PROVIDERS
from coffers.cli.streams import stdout_for_data

__all__ = ["command"]

_HEAD: Final = """\
# The accounts that coffers reads: one [accounts.NAME] table each, the name is yours.
# A secret never stands here, only a reference to it:
#   env:NAME | file:PATH | keyring:SERVICE/USER | cmd:PROGRAM ARGS
# Every account may also have: base_url, ca_file, timeout (seconds).
"""


@click.command("init")
@click.argument("providers", nargs=-1, metavar="[PROVIDER...]")
@config_option
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@verbose_option
def command(providers: tuple[str, ...], config: Path | None, force: bool) -> int:
    """Write a config with an account for each PROVIDER, or for every installed one, and say what to fill in."""
    registry = Registry()
    with stdout_for_data():
        loaded = _loaded(registry, tuple(dict.fromkeys(providers)))
    path = config_file(config)
    variables = _Variables()
    write_private(path, "\n".join([_HEAD, *(_table(provider, variables) for provider in loaded)]), force=force)
    given = "" if config is None else f" --config {shlex.quote(str(path))}"
    lines = [f"Wrote {path}. Next:", "  keep the accounts you have and delete the others"]
    lines += [f"  set {name}  ({purpose})" for name, purpose in variables.used.items()]
    lines += [f"  coffers doctor{given}", f"  coffers balances{given}"]
    for line in lines:
        click.echo(line, err=True)
    return ALL_READ


def _loaded(registry: Registry, wanted: Sequence[str]) -> list[LoadedProvider]:
    if wanted:
        return [registry.load(provider) for provider in wanted]
    loaded: list[LoadedProvider] = []
    for installed in registry.list():
        try:
            loaded.append(registry.load(installed.id))
        except CoffersError as error:
            click.echo(f"warning: {installed.id} is left out: {error.message}", err=True)
    if not loaded:
        raise StoppedError(NO_PROVIDERS)
    return loaded


class _Variables:
    """Names for environment variables, no two places sharing one."""

    def __init__(self) -> None:
        self.used: dict[str, str] = {}
        self._names: set[str] = set()

    def new(self, provider: str, key: str, *, needed: bool) -> str:
        """A name for `key` of `provider`, as ``ACME_KEY``; told to the user where it is `needed`."""
        stem = name = re.sub(r"[^A-Z0-9]", "_", f"{provider}_{key}".upper())
        if not stem[0].isalpha():
            stem = name = f"COFFERS_{stem}"
        number = 1
        while name in self._names:
            number += 1
            name = f"{stem}_{number}"
        self._names.add(name)
        if needed:
            self.used[name] = f"{key} of {provider}"
        return name


def _table(loaded: LoadedProvider, variables: _Variables) -> str:
    manifest = loaded.manifest
    notes = [("", manifest.title), ("Docs: ", manifest.docs)]
    notes += [("Needs: ", manifest.permission), ("Does not tell: ", manifest.not_covered)]
    lines = [f"# {label}{one_line(text)}" for label, text in notes if text]
    lines += [f"[accounts.{manifest.id}]", f"provider = {_quoted(manifest.id)}"]
    lines += _lines(loaded, variables)
    return "\n".join(lines) + "\n"


def _lines(loaded: LoadedProvider, variables: _Variables) -> Iterator[str]:
    """The settings, the first way to sign in, and the other ways as comments."""
    provider, fields = loaded.manifest.id, loaded.fields
    written: set[str] = set()
    for number, cls in enumerate((loaded.manifest.settings, *loaded.manifest.credentials)):
        own = [attribute for attribute in attrs.fields(cls) if attribute.init and attribute.name not in written]
        if number > 1 and own:
            kept = {*attrs.fields_dict(cls), *attrs.fields_dict(loaded.manifest.settings)}
            first = [name for name in attrs.fields_dict(loaded.manifest.credentials[0]) if name not in kept]
            yield f"# Or, instead of {' and '.join(first)}:"
        for attribute in own:
            written.add(attribute.name)
            active = attribute.default is attrs.NOTHING and number <= 1
            value, said = _value(fields[attribute.name], provider, variables, active)
            yield f"{'' if active else '# '}{attribute.name} = {value}{said}"


def _value(field: ConfigField, provider: str, variables: _Variables, active: bool) -> tuple[str, str]:
    """What stands behind the ``=``, and a comment about it."""
    value: Any = field.default
    if value is None:
        if field.example and not active and not field.secret:
            value = field.example
        elif field.secret or (field.type is str and not field.choices):
            value = f"env:{variables.new(provider, field.name, needed=active)}"
        else:
            value = field.choices[0] if field.choices else (1 if field.type is int else False)
    notes = [one_line(field.help), f"one of {', '.join(field.choices)}" if field.choices else ""]
    said = "; ".join(note for note in notes if note)
    return _quoted(value) if isinstance(value, str) else json.dumps(value), f"  # {said}" if said else ""


def _quoted(text: str) -> str:
    # A JSON text is a TOML basic string, but for one character that TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
