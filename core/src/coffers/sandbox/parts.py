"""Finding the sandbox parts of the installed providers, each guarded: a broken one never stops the others.

Roof. A part is an entry point in the group ``coffers.sandboxes``; its name is the provider's id.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Final

import attrs

from coffers import SANDBOX_GROUP, PluginError, SandboxProvider, amount_from_text

__all__ = ["Parts", "check_part", "installed_parts"]

#: Seconds that importing a part may take; it needs a small part of one.
_IMPORT_WITHIN_S: Final = 10.0


@attrs.frozen
class Parts:
    """The sandbox parts that are installed.

    Attributes:
        found: the usable ones by provider id, sorted.
        broken: why the others cannot be used, by the name of their entry point. What was raised is the error's cause.
    """

    found: Mapping[str, SandboxProvider]
    broken: Mapping[str, PluginError]


def installed_parts() -> Parts:
    """Every installed sandbox part, imported and checked."""
    claims: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=SANDBOX_GROUP):
        claims.setdefault(entry.name, []).append(entry)
    found: dict[str, SandboxProvider] = {}
    broken: dict[str, PluginError] = {}
    for name, entries in sorted(claims.items()):
        try:
            found[name] = _load(name, entries)
        except PluginError as error:
            broken[name] = error
    return Parts(found, broken)


def _load(name: str, entries: list[EntryPoint]) -> SandboxProvider:
    if len(entries) > 1:
        dists = " and ".join(sorted(entry.dist.name if entry.dist else "?" for entry in entries))
        raise PluginError(f"the sandbox part {name!r} is claimed by {dists}; uninstall all but one", provider=name)
    part = _imported(entries[0])
    if not isinstance(part, SandboxProvider):
        raise PluginError(f"its sandbox part is no SandboxProvider but {type(part).__name__}", provider=name)
    if part.id != name:
        raise PluginError("its sandbox part has another id than its entry point", provider=name)
    check_part(part)
    return part


def _imported(entry: EntryPoint) -> object:
    """What the entry point names, imported in a daemon thread: a module may wait for ever while it is imported."""
    found: list[object] = []
    raised: list[BaseException] = []

    def load() -> None:
        try:
            found.append(entry.load())
        except BaseException as error:  # noqa: BLE001  a plugin may raise anything and must not stop the others
            raised.append(error)

    thread = threading.Thread(target=load, name=f"coffers-sandbox-import-{entry.name}", daemon=True)
    thread.start()
    thread.join(_IMPORT_WITHIN_S)
    if raised:
        reason = f"its sandbox part cannot be imported ({type(raised[0]).__name__})"
        raise PluginError(reason, provider=entry.name) from raised[0]
    if not found:
        raise PluginError(f"importing its sandbox part takes longer than {_IMPORT_WITHIN_S:.3g} s", provider=entry.name)
    return found[0]


def check_part(part: SandboxProvider) -> None:
    """Refuse a part that cannot be served.

    Raises:
        PluginError: an opening balance is no amount, or a field is no text; names the key, not the value.
    """
    for code, amount in part.balances.items():
        try:
            amount_from_text(amount)
        except (ValueError, TypeError):
            reason = f"its sandbox part's opening balance of {code} is not a plain decimal number as text"
            raise PluginError(reason, provider=part.id) from None
    for key, value in part.fields.items():
        if not isinstance(value, str) or not value:  # type: ignore[redundant-expr]  # foreign code
            raise PluginError(f"its sandbox part's field {key} must be a non-empty text", provider=part.id)
