"""`coffers try`: a vector replayed, each value on the way shown. Roof.

Vectors hold made-up credentials only, so what they hold may be shown, a signed request too.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from coffers.cli.endings import ALL_READ, SOME_FAILED, StoppedError
from coffers.cli.options import verbose_option
from coffers.cli.streams import stdout_for_data

__all__ = ["command"]

#: Files without which no verb is asked.
_INPUTS: Final = frozenset({"credentials.json", "request.http", "signed.http", "response.http"})
_AMOUNTS: Final = ("total", "available", "pending", "reserved")


@click.command("try")
@click.argument("file", type=click.Path(path_type=Path, exists=True), metavar="FILE")
@click.option("--write", is_flag=True, help="Then write what the plugin answers into the case's files.")
@verbose_option
def command(file: Path, write: bool) -> int:
    """Replay a vector through the installed plugin, and show each value on the way.

    FILE is a case's folder or any file in it; the folder above is named as the provider. Where the plugin answers
    something else than a file says, both are shown. Connects to nothing.

    \b
    Exit codes:
      0    every answer is what its file says, or was written
      2    usage: there is no such case or provider
      5    an answer is another one, or a verb raised
    """
    from coffers.testing.subject import plugin_of
    from coffers.testing.vectors import VERBS, Case, write_case

    folder = (file if file.is_dir() else file.parent).resolve()
    try:
        case = Case(folder, {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()})
    except OSError as error:
        raise StoppedError(f"{error.filename or folder} cannot be read: {error.strerror}") from None
    if not case.files.keys() & _INPUTS:
        raise StoppedError(f"{folder} has nothing to replay: neither credentials.json nor response.http")
    faults = {name: case.fault(name) for name in case.files if name.endswith(".json")}
    if any(faults.values()):
        raise StoppedError(*(f"{folder / name}: {fault}" for name, fault in faults.items() if fault))
    with stdout_for_data():
        plugin = plugin_of(case.provider_id)
    shown = [_show(case, plugin, verb) for verb in VERBS]
    if write and None not in shown:
        try:
            with stdout_for_data():
                write_case(case, plugin)
        except OSError as error:
            raise StoppedError(f"{folder} cannot be written: {error.strerror}") from None
        click.echo(f"written to {folder}")
        return ALL_READ
    return ALL_READ if all(shown) else SOME_FAILED


def _show(case: Any, plugin: Any, verb: str) -> bool | None:
    """Show one verb's answer; whether it is what the file says (True where there is none), None if the verb raised."""
    from coffers.testing.vectors import arrow_of, file_of

    if verb == "parse" and "response.http" in case.files:
        _print("response", "response.http", case.files["response.http"])
        click.echo("")
    try:
        with stdout_for_data():
            answer, arrow = file_of(case, plugin, verb), arrow_of(case, plugin, verb)
    except Exception as error:  # noqa: BLE001  a plugin may raise anything; its author is who reads this
        click.echo(f"{verb}: raised {_raised(error)}\n")
        return None
    if answer is None:
        return True
    name, content = answer
    if verb == "parse":
        value = json.loads(content)
        _print(verb, name, "\n".join(_result(name, value)).encode())
    else:
        _print(verb, name, content)
    if arrow is None:
        click.echo(f"  (there is no {name} to compare with)\n")
        return True
    if arrow.holds:
        click.echo(f"  = {arrow.file}\n")
        return True
    click.echo(f"  differs from {arrow.file}; - is the file, + the plugin:")
    for line in difflib.unified_diff(_lines(arrow.expected), _lines(arrow.actual), n=2, lineterm=""):
        if not line.startswith(("---", "+++")):
            click.echo(f"  {line}")
    click.echo("")
    return False


def _print(title: str, name: str, content: bytes) -> None:
    click.echo(f"{title} ({name})")
    for line in _lines(content):
        click.echo(f"  | {line}".rstrip())


def _lines(value: Any) -> list[str]:
    """A value as lines that act on no terminal."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    if not isinstance(value, str):
        value = json.dumps(value, indent=2, ensure_ascii=False)
    lines = value.split("\n")
    return ["".join(char if char.isprintable() else ascii(char)[1:-1] for char in line) for line in lines]


def _result(name: str, value: Any) -> Iterator[str]:
    """What `parse` answers, for people."""
    if name == "error.json":
        code = f" (code {value['code']})" if value["code"] else ""
        yield f"error {value['kind']}{code}: {value['message']}"
    elif name == "token.json":
        yield f"token {value['value']}, for {value['lifetime_s']} s"
    else:
        for balance in value["balances"]:
            amounts = [f"{key} {balance[key]}" for key in _AMOUNTS if balance[key] is not None]
            labels = [balance[key] for key in ("currency", "network", "wallet") if balance[key]]
            yield "  ".join([" ".join(labels), *amounts])
        yield f"{len(value['balances'])} balances, as of {value['as_of'] or 'no time told'}"
        for query in value.get("next", ()):
            yield f"next: {query['step']} {json.dumps(query['state'], ensure_ascii=False)}"


def _raised(error: Exception) -> str:
    from coffers.testing.checking import place_of

    return " ".join(_lines(f"{type(error).__name__}: {error}{place_of(error)}"))
