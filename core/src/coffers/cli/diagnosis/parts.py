"""What a plugin brings besides its hooks: the sandbox part and the recorded vectors. Roof."""

from __future__ import annotations

from collections.abc import Iterator

from coffers import SANDBOX_GROUP, PluginError, SandboxProvider
from coffers.cli.diagnosis.finding import Finding, bad, note, ok
from coffers.cli.diagnosis.imports import attempt, fault, load
from coffers.cli.diagnosis.names import claims_of
from coffers.cli.diagnosis.places import source_of

__all__ = ["sandbox_part", "vectors"]


def sandbox_part(provider_id: str) -> Iterator[Finding]:
    """Whether `coffers demo` and the sandbox can serve the provider."""
    from coffers.sandbox.parts import check_part

    entries = claims_of(provider_id, SANDBOX_GROUP)
    if not entries:
        yield note(
            "no sandbox part: coffers demo leaves this provider out",
            f'write a SandboxProvider and name it below [project.entry-points."{SANDBOX_GROUP}"]',
        )
        return
    if len(entries) > 1:
        dists = sorted(entry.dist.name if entry.dist else "?" for entry in entries)
        yield bad(f"the sandbox part is claimed by {' and '.join(dists)}", f"pip uninstall {dists[-1]}, or the other")
        return
    entry = entries[0]
    tried = attempt(lambda: load(entry))
    part = tried.answer
    if not tried.ended or tried.error is not None:
        found = fault(tried, entry)
        yield bad(f"sandbox part: {found.text}", found.remedy)
    elif not isinstance(part, SandboxProvider):
        yield bad(
            f"the sandbox part {entry.value} is no SandboxProvider but {type(part).__name__}",
            'name the object itself in pyproject.toml: "MODULE:NAME"',
        )
    elif part.id != provider_id:
        yield bad(
            f"the sandbox part {entry.value} has the id {part.id!r}, and its entry point is named {provider_id!r}",
            f'write SandboxProvider(id="{provider_id}", ...)',
        )
    else:
        try:
            check_part(part)
        except PluginError as error:
            yield bad(error.message, f"mend it in {entry.value}; amounts and fields are texts")
        else:
            yield ok(f"sandbox part {entry.value}")


def vectors(module: str, provider_id: str) -> Finding:
    """How many recorded cases the plugin ships, in its package or beside its ``src``."""
    source = source_of(module)
    for folder in (source / "vectors", source.parent.parent / "vectors") if source else ():
        cases = [path for path in folder.glob(f"{provider_id}/*") if path.is_dir()]
        if cases:
            return ok(f"recorded vectors: {len(cases)}")
    return note("recorded vectors: none", f"keep one folder for each documented answer in vectors/{provider_id}/")
