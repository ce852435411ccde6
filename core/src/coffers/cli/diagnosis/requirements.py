"""What a distribution asks of its surroundings: the Python, other distributions. Roof.

Versions that are plain numbers are compared; everything finer (``~=``, ``1.*``, release candidates) is left to the
installer, which knew it better. So what is said to be wrong is wrong, and some faults are not seen.
"""

from __future__ import annotations

import operator
import re
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Any, Final

from coffers.cli.diagnosis.finding import Finding, bad, note

__all__ = ["requirements"]

_REQUIREMENT: Final = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?([^;]*)(?:;(.*))?")
_CLAUSE: Final = re.compile(r"(<=|>=|<|>|==|!=)\s*([0-9]+(?:\.[0-9]+)*)")
_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
    "!=": operator.ne,
}


def requirements(dist: metadata.Distribution) -> Iterator[Finding]:
    """What `dist` needs and does not find."""
    python = dist.metadata["Requires-Python"] if "Requires-Python" in dist.metadata else ""  # noqa: SIM401  its type has no get
    running = ".".join(map(str, sys.version_info[:3]))
    if _excludes(python, running):
        yield bad(
            f"it needs Python {python}, and this is Python {running}",
            f"run coffers with a Python that is {python}, or install a version of {dist.name} made for this one",
        )
    for requirement in dist.requires or ():
        yield from _requirement(requirement, dist.name)


def _requirement(requirement: str, owner: str) -> Iterator[Finding]:
    match = _REQUIREMENT.fullmatch(requirement)
    if match is None:
        return
    name, wanted, marker = match[1], match[2].strip(" ()"), (match[3] or "").strip()
    if re.search(r"\bextra\b", marker):
        return  # what somebody may ask for besides
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        fault = f"it needs {name}{' ' + wanted if wanted else ''}, which is not installed"
    else:
        if not _excludes(wanted, version):
            return
        fault = f"it needs {name} {wanted}, and {version} is installed"
    if marker:
        yield note(f"{fault}; that matters only where {marker}")
    elif name.lower() == "coffers":
        yield bad(fault, f"pip install --upgrade coffers {owner}")
    else:
        yield bad(fault, f'pip install "{name}{wanted}"')


def _excludes(wanted: str, version: str) -> bool:
    """Whether `version` is surely not one of the `wanted`."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)*", version):
        return False
    clauses = [_CLAUSE.fullmatch(clause.strip()) for clause in wanted.split(",")]
    return any(clause and not _COMPARISONS[clause[1]](_key(version), _key(clause[2])) for clause in clauses)


def _key(version: str) -> tuple[int, ...]:
    """Comparable: 1.0 is 1."""
    return tuple(map(int, re.sub(r"(\.0+)+$", "", version).split(".")))
