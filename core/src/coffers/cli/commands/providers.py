"""`coffers providers`: what is installed, from metadata alone; imports plugins only when asked to. Roof."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs
import click
from rich import box
from rich.table import Table
from rich.text import Text

from coffers import CoffersError, ConfigField, InstalledProvider, LoadedProvider, Registry, one_line
from coffers.cli.endings import ALL_READ, USAGE
from coffers.cli.formats import print_json_value
from coffers.cli.options import verbose_option
from coffers.cli.sandboxes import NO_PROVIDERS
from coffers.cli.streams import stdout_for_data
from coffers.cli.terminal import console_of, is_terminal, print_plain
from coffers.cli.tiers import rate_installed, show_faults

__all__ = ["command"]


@click.command("providers")
@click.argument("name", required=False)
@click.option("--check", is_flag=True, help="Import each one, and show what it says and what is wrong.")
@click.option("--tier", is_flag=True, help="Run the conformance kit over each one, and show its quality tier.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@verbose_option
def command(name: str | None, check: bool, tier: bool, as_json: bool) -> int:
    """Show the installed providers; with NAME, all about one.

    Without NAME, --check and --tier no plugin is imported.
    """
    registry = Registry()
    if tier:
        return _show_tiers(registry, name, as_json)
    if name is not None:
        with stdout_for_data():
            loaded = registry.load(name)
        if as_json:
            print_json_value({"schema": "coffers.provider/1"} | _facts(loaded))
        else:
            _print_provider(loaded)
        return ALL_READ
    with stdout_for_data():
        checked = [_checked(registry, installed, check) for installed in registry.list()]
    if as_json:
        print_json_value({"schema": "coffers.providers/1", "providers": checked})
    elif checked:
        _print_list(checked, check)
    else:
        click.echo(NO_PROVIDERS, err=True)
    return USAGE if check and any(entry["error"] for entry in checked) else ALL_READ


def _show_tiers(registry: Registry, name: str | None, as_json: bool) -> int:
    if name is not None:
        with stdout_for_data():
            registry.load(name)  # says in words what is wrong
    chosen = [installed for installed in registry.list() if name in (None, installed.id)]
    rated = rate_installed(chosen, registry)
    if as_json:
        print_json_value({"schema": "coffers.tiers/1", "providers": [one.facts() for one in rated]})
    elif name is not None:
        show_faults(rated[0])
    elif rated:
        table = _new_table(["Provider", "Version", "Tier", "Checks", "What keeps it from more"])
        for one in rated:
            held = f"{one.checks - len(one.faults)} of {one.checks}"
            cells = [one.installed.id, one.installed.version, one.tier or "none", held, one.remark]
            table.add_row(*(_text(cell) for cell in cells))
        _print(table)
    else:
        click.echo(NO_PROVIDERS, err=True)
    return USAGE if any(one.error is not None for one in rated) else ALL_READ


def _checked(registry: Registry, installed: InstalledProvider, check: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": installed.id,
        "version": installed.version,
        "dist": installed.dist,
        "rivals": list(installed.rivals),
    }
    if check:
        try:
            entry |= _facts(registry.load(installed.id)) | {"error": None}
        except CoffersError as error:
            entry["error"] = error.message
    return entry


def _facts(loaded: LoadedProvider) -> dict[str, Any]:
    manifest = loaded.manifest
    return {
        "id": manifest.id,
        "version": loaded.version,
        "dist": loaded.dist,
        "title": manifest.title,
        "docs": manifest.docs,
        "hosts": dict(manifest.base_urls),
        "url_field": manifest.url_field,
        "fields": [_field(field, loaded) for field in loaded.fields.values()],
        "credentials": [_keys(cls) for cls in manifest.credentials],
        "permission": manifest.permission,
        "not_covered": manifest.not_covered,
        "polarity": manifest.polarity,
        "min_interval_s": manifest.min_interval_s,
    }


def _keys(cls: type[Any]) -> list[str]:
    return [attribute.name for attribute in attrs.fields(cls) if attribute.init]


def _field(field: ConfigField, loaded: LoadedProvider) -> dict[str, Any]:
    ways = [_keys(cls) for cls in loaded.manifest.credentials]
    in_settings = field.name in _keys(loaded.manifest.settings)
    return {
        "name": field.name,
        "secret": field.secret,
        # With several ways to sign in, a key that only some of them have is not needed in the others.
        "required": field.required and (in_settings or all(field.name in way for way in ways)),
        "type": {str: "text", int: "whole number", bool: "true or false"}[field.type],
        "choices": list(field.choices),
        "default": field.default,
        "help": field.help,
    }


# --- for people ----------------------------------------------------------------------------------------------------


def _print_list(checked: Sequence[dict[str, Any]], check: bool) -> None:
    if check and is_terminal(sys.stdout):
        _print_blocks(checked)
        return
    table = _new_table(["Provider", "Version", "From", *(_FACTS if check else ()), *(["State"] if check else [])])
    for entry in checked:
        cells = [entry["id"], _version(entry), _origin(entry)]
        if check:
            cells += [*(told(entry) for told in _FACTS.values()), entry["error"] or "ok"]
        table.add_row(*(_text(cell) for cell in cells))
    _print(table)


def _print_blocks(checked: Sequence[dict[str, Any]]) -> None:
    """A line for each provider and what its manifest says below it: as columns these would be too narrow to read."""
    table = _new_table([])
    for entry in checked:
        table.add_row(Text(entry["id"], style="bold"), _text(" ".join([_version(entry), _origin(entry)]).strip()))
        facts = {label: told(entry) for label, told in _FACTS.items()} | {"State": entry["error"] or "ok"}
        for label, text in facts.items():
            if text:
                table.add_row(Text(f"  {label}"), _text(text))
    _print(table)


def _version(entry: Mapping[str, Any]) -> str:
    return "" if entry["rivals"] else str(entry["version"])


def _origin(entry: Mapping[str, Any]) -> str:
    return f"clash: {' and '.join(entry['rivals'])}" if entry["rivals"] else str(entry["dist"])


def _print_provider(loaded: LoadedProvider) -> None:
    facts = _facts(loaded)
    lines = [("Provider", facts["id"]), ("Title", facts["title"]), ("From", f"{facts['dist']} {facts['version']}")]
    lines += [("Host", url) for url in facts["hosts"].values() or [_hosts(facts)]]
    lines += [("Permission", facts["permission"]), ("Not covered", facts["not_covered"]), ("Docs", facts["docs"])]
    if facts["polarity"] == "owed":
        lines.append(("Sign", "a positive figure of this provider is owed; it is shown as a negative one"))
    if facts["min_interval_s"]:
        lines.append(("Ask", f"an account no more often than once in {facts['min_interval_s']:g} s"))
    if len(facts["credentials"]) > 1:
        lines.append(("Sign in with", ", or ".join(" and ".join(way) for way in facts["credentials"])))
    for label, text in lines:
        if text.strip():
            click.echo(f"{label + ':':<14}{one_line(text)}")
    if not facts["fields"]:
        return
    click.echo("\nConfig keys:")
    table = _new_table(["Key", "Secret", "Required", "Value", "Default", "Help"])
    for field in facts["fields"]:
        default = "" if field["default"] is None else str(field["default"])
        value = "a reference" if field["secret"] else ", ".join(field["choices"]) or field["type"]
        cells = [field["name"], _yes(field["secret"]), _yes(field["required"]), value, default, field["help"]]
        table.add_row(*(_text(cell) for cell in cells))
    _print(table)


def _hosts(entry: Mapping[str, Any]) -> str:
    own = entry.get("url_field")
    return f"the account's `{own}`" if own else " ".join(entry.get("hosts", {}).values())


#: What a check of all shows of each manifest; a broken plugin has none.
_FACTS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "Hosts": _hosts,
    "Fields": lambda entry: ", ".join(field["name"] for field in entry.get("fields", ())),
    "Permission": lambda entry: entry.get("permission", ""),
    "Not covered": lambda entry: entry.get("not_covered", ""),
}


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"


def _text(cell: str) -> Text:
    return Text(one_line(cell), overflow="fold")


def _new_table(columns: Sequence[str]) -> Table:
    ruled = is_terminal(sys.stdout)
    table = Table(
        box=box.SIMPLE_HEAD if ruled else None,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1 if ruled else 2, 0, 0),
        header_style="bold",
    )
    table.show_header = bool(columns)
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    return table


def _print(table: Table) -> None:
    if is_terminal(sys.stdout):
        console_of(sys.stdout).print(table)
    else:
        print_plain(table)
