"""From the name that was given to what is installed under it, from metadata alone. Roof. Imports no plugin."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

from coffers import SANDBOX_GROUP, one_line
from coffers.cli.diagnosis.finding import Finding, Section, bad, note, ok
from coffers.cli.diagnosis.places import shown, source_of
from coffers.cli.diagnosis.requirements import requirements
from coffers.plugin import ENTRY_POINT_GROUP

__all__ = ["about_dist", "claims_of", "entries_named", "folder_of", "missing"]

_NAME: Final = re.compile(r"[A-Za-z0-9]+([-_.][A-Za-z0-9]+)*")
_GROUPS: Final = (ENTRY_POINT_GROUP, SANDBOX_GROUP)
#: What the distributions of plugins are called, by custom.
_PREFIX: Final = "coffers-"


def same_name(name: str) -> str:
    """A name as installers compare it: ``coffers_acme``, ``Coffers-Acme`` and ``coffers.acme`` are one."""
    return re.sub(r"[-_.]+", "-", name).lower()


def entries_named(plugin: str) -> tuple[metadata.EntryPoint, ...]:
    """The providers that `plugin` stands for: by id, else by distribution, else by module; spellings do not matter."""
    entries = tuple(metadata.entry_points(group=ENTRY_POINT_GROUP))
    wanted = same_name(plugin)
    for meant in (
        [entry for entry in entries if entry.name == plugin],
        [entry for entry in entries if same_name(entry.name) == wanted],
        [entry for entry in entries if entry.dist and same_name(entry.dist.name) == wanted],
        [entry for entry in entries if wanted in (same_name(entry.module), same_name(entry.module.partition(".")[0]))],
    ):
        if meant:
            return tuple(meant)
    return ()


def claims_of(provider_id: str, group: str) -> list[metadata.EntryPoint]:
    """Every entry point of that name in a group."""
    return [entry for entry in metadata.entry_points(group=group) if entry.name == provider_id]


# --- one distribution ----------------------------------------------------------------------------------------------


def about_dist(dist: metadata.Distribution) -> Section:
    """What can be said of a distribution without importing it."""
    findings: list[Finding] = [ok(f"{dist.name} {dist.version} is installed")]
    findings += _twins(dist)
    findings += requirements(dist)
    findings += _groups(dist)
    return Section(f"Distribution {dist.name}", findings)


def _twins(dist: metadata.Distribution) -> Iterator[Finding]:
    found = {
        (str(folder_of(other)), other.version): other
        for other in _distributions()
        if same_name(other.name) == same_name(dist.name)
    }
    if len(found) < 2:
        return
    listed = " and ".join(f"{other.version} in {shown(folder_of(other))}" for other in found.values())
    text = f"{dist.name} is installed {len(found)} times: {listed}; {dist.version} is used"
    if len({version for _, version in found}) > 1:
        again = " && ".join([f"pip uninstall {dist.name}"] * len(found))
        yield bad(text, f"remove all, then install one: {again} && pip install {dist.name}")
    else:
        yield note(text)


def folder_of(dist: metadata.Distribution) -> Path:
    """The folder a distribution is installed in."""
    return Path(str(dist.locate_file(""))).resolve()


def _groups(dist: metadata.Distribution) -> Iterator[Finding]:
    """Entry points that nobody will look for."""
    ids = {entry.name for entry in dist.entry_points if entry.group == ENTRY_POINT_GROUP}
    for entry in dist.entry_points:
        if entry.group == SANDBOX_GROUP and entry.name not in ids and ids:
            meant = _near(entry.name, sorted(ids)) or sorted(ids)[0]
            yield bad(
                f"the sandbox part {entry.name!r} has the id of no provider of {dist.name}",
                f'in pyproject.toml, below [project.entry-points."{SANDBOX_GROUP}"], name it {meant!r}; install again',
            )
        meant = _near(entry.group, _GROUPS, 0.85) or (ENTRY_POINT_GROUP if entry.group == "coffers" else "")
        if meant and entry.group not in _GROUPS:
            yield bad(
                f"the entry point {entry.name!r} stands in the group {entry.group!r}, where nobody looks for it",
                f'in pyproject.toml write [project.entry-points."{meant}"], then install again: pip install -e .',
            )


# --- nothing of that name ------------------------------------------------------------------------------------------


def missing(plugin: str) -> tuple[Section, ...]:
    """Why no provider is found by that name."""
    wanted = same_name(plugin)
    dists = [dist for dist in _distributions() if same_name(dist.name) in (wanted, f"coffers-{wanted}")]
    dists += [dist for dist in _distributions() if dist not in dists and _misplaced(dist, plugin)]
    sections = [about_dist(dist) for dist in dists[:1]]
    if sections:
        name = dists[0].name
        if not any(finding.level == "bad" for finding in sections[0].findings):
            group = f'[project.entry-points."{ENTRY_POINT_GROUP}"]'
            lacking = bad(
                f"{name} is installed, and registers no provider",
                f'if it is a plugin: in pyproject.toml, below {group}, write ID = "MODULE"; install again',
            )
            sections = [Section(sections[0].title, (*sections[0].findings, lacking))]
        return tuple(sections)
    module = plugin.replace("-", "_")
    source = source_of(module) if module.isidentifier() else None
    if source is not None:
        finding = bad(
            f"the module {module} can be imported (from {shown(source)}), and no distribution registers it",
            "install its project, so that its entry point is known: pip install -e FOLDER_OF_ITS_PYPROJECT",
        )
    else:
        finding = _nothing(plugin)
    return (Section(f"Plugin {one_line(plugin)}", [finding]),)


def _nothing(plugin: str) -> Finding:
    entries = metadata.entry_points(group=ENTRY_POINT_GROUP)
    known = {same_name(name): name for entry in entries for name in (entry.name, entry.dist.name if entry.dist else "")}
    wanted = same_name(plugin)
    # What all plugins begin with makes none of them near.
    begin = _PREFIX if wanted.startswith(_PREFIX) else ""
    rests = {name.removeprefix(begin): name for name in known if name.startswith(_PREFIX) == bool(begin)}
    near = known.get(rests.get(_near(wanted.removeprefix(begin), sorted(rests), 0.7), ""), "")
    hint = f"did you mean {near}? else " if near else ""
    text = f"nothing named {plugin!r} is installed: no provider, no distribution and no module"
    if not _NAME.fullmatch(plugin):
        return bad(text, f"{hint}write the id of a provider; coffers providers lists those that are installed")
    dist = f"coffers-{same_name(plugin).removeprefix('coffers-')}"
    return bad(text, f"{hint}pip install {dist}")


def _misplaced(dist: metadata.Distribution, name: str) -> bool:
    return any(entry.name == name and _near(entry.group, _GROUPS[:1], 0.85) for entry in dist.entry_points)


def _near(name: str, names: Sequence[str], cutoff: float = 0.6) -> str:
    return next(iter(difflib.get_close_matches(name, names, 1, cutoff)), "")


def _distributions() -> list[metadata.Distribution]:
    """Every distribution that has a name; a folder left half removed has none."""
    return [dist for dist in metadata.distributions() if "Name" in dist.metadata]
