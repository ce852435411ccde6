"""Why a plugin does not load, in words: every fact with its place and what to do.

Roof. From the outside in: `names` (what is installed, from metadata alone), `requirements` (what it needs), `imports`
(what its import raises), `hooks` (its four functions and its manifest), `parts` (sandbox part, vectors); `places` tells
files and lines, `finding` is what all of them answer. Whether a plugin loads is the registry's word alone, and the
registry tries first; the rest explains. Nothing connects anywhere, and no secret is looked up.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib.metadata import Distribution, EntryPoint
from typing import Final, cast

from coffers import CoffersError, LoadedProvider, Registry, one_line
from coffers.cli.diagnosis.finding import Finding, Section, bad, note, ok
from coffers.cli.diagnosis.hooks import PARAMETERS, examine_hooks, examine_manifest, repeated
from coffers.cli.diagnosis.imports import attempt, endless, fault, load, words_of
from coffers.cli.diagnosis.names import about_dist, claims_of, entries_named, folder_of, missing
from coffers.cli.diagnosis.parts import sandbox_part, vectors
from coffers.cli.diagnosis.places import shown, source_of
from coffers.plugin import ENTRY_POINT_GROUP

__all__ = ["Finding", "Section", "diagnose"]

#: The registry has a bound of its own, and this one is beyond it: for code that no bound within can end.
_FIRST_PATIENCE_S: Final = 30.0

#: Above this an import is felt: every command that uses the plugin waits for it.
_SLOW_MS: Final = 1000


def diagnose(plugin: str) -> Iterator[Section]:
    """What is right and wrong with a plugin.

    Args:
        plugin: a provider's id, or the name of a distribution or module.
    """
    entries = entries_named(plugin)
    if not entries:
        yield from missing(plugin)
        return
    dists = {entry.dist.name: entry.dist for entry in entries if entry.dist}
    for dist in dists.values():
        yield about_dist(dist)
    for provider_id in dict.fromkeys(entry.name for entry in entries):
        yield Section(f"Provider {one_line(provider_id)}", _provider(provider_id))


def _provider(provider_id: str) -> Iterator[Finding]:
    claims = claims_of(provider_id, ENTRY_POINT_GROUP)
    entry = claims[0]
    if len(claims) > 1:
        dists = sorted(claim.dist.name if claim.dist else "?" for claim in claims)
        yield bad(
            f"{provider_id!r} is claimed by {' and '.join(dists)}, so neither is used",
            f"keep one: {', or '.join(f'pip uninstall {dist}' for dist in dists)}",
        )
        return
    yield ok(f"entry point {entry.name} = {entry.value}")
    yield from _hidden(entry)
    start = time.monotonic()
    tried = attempt(lambda: Registry().load(provider_id), _FIRST_PATIENCE_S)  # of its own: a stuck one is locked
    took_ms = (time.monotonic() - start) * 1000
    if not tried.ended:
        yield endless("loading it", entry.module, _FIRST_PATIENCE_S)
    elif tried.error is not None:
        yield from _reasons(entry, tried.error)
    else:
        yield from _working(entry, cast("LoadedProvider", tried.answer), took_ms)


def _hidden(entry: EntryPoint) -> Iterator[Finding]:
    """Whether something else of that name is found before what the distribution installed."""
    top, dist = entry.module.partition(".")[0], cast("Distribution", entry.dist)  # those of the metadata have one
    source, folder = source_of(top), folder_of(dist)
    # A folder with data alone, as an editable install leaves one for the vectors, is no module.
    modules = {folder / top: folder / top / "__init__.py", folder / f"{top}.py": folder / f"{top}.py"}
    installed = [path for path, file in modules.items() if file.exists()]
    if source is not None and installed and source.resolve() not in [path.resolve() for path in installed]:
        yield bad(
            f"{top} is imported from {shown(source)}, which hides what {dist.name} installed in {shown(folder)}",
            f"rename or remove {shown(source)}, or run coffers from another folder",
        )


def _reasons(entry: EntryPoint, error: BaseException) -> Iterator[Finding]:
    """Why the registry refused it; or what it let through: an interrupt that the plugin raised itself."""
    tried = attempt(lambda: load(entry))
    if not tried.ended or tried.error is not None:
        yield fault(tried, entry)
        return
    plugin = tried.answer
    found = list(examine_hooks(plugin, entry))
    if not found:
        found = list(examine_manifest(plugin.coffers_provider, entry))  # type: ignore[attr-defined]  # the hooks were found good
    said = error.message if isinstance(error, CoffersError) else words_of(error)
    yield from found or [bad(said, "run this once more; a plugin must load the same way every time")]


def _working(entry: EntryPoint, loaded: LoadedProvider, took_ms: float) -> Iterator[Finding]:
    manifest = loaded.manifest
    took = f"imported in {took_ms:.0f} ms"
    if took_ms > _SLOW_MS:
        yield note(f"{took}; every command that uses it waits as long", "import what is slow where it is needed")
    else:
        yield ok(took)
    plugin = load(entry)
    questions = list(examine_hooks(plugin, entry))
    yield from questions or [ok(f"hooks: {', '.join(PARAMETERS)}")]
    yield from repeated(entry.module)
    yield ok(f"manifest: {manifest.title}, for hook contract {manifest.contract}")
    yield ok(f"hosts: {', '.join(manifest.base_urls.values()) or f'the one in {manifest.url_field}'}")
    keys = [f"{field.name} (secret)" if field.secret else field.name for field in loaded.fields.values()]
    yield ok(f"config keys: {', '.join(keys) or 'none'}")
    if manifest.permission:
        yield ok(f"permission of the key: {manifest.permission}")
    else:
        yield note("it does not say which permission a key needs", 'write Provider(permission="...", ...)')
    yield from sandbox_part(entry.name)
    yield vectors(entry.module, entry.name)
