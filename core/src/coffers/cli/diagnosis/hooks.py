"""What is wrong with a plugin's four hooks and its manifest, once it can be imported. Roof.

The registry decides whether a plugin is good; here is told why not, with the place of each function. The rules are the
registry's own, and a test holds the two together.
"""

from __future__ import annotations

import ast
import difflib
import inspect
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any, Final

from coffers import CoffersError, Provider, one_line
from coffers.cli.diagnosis.finding import Finding, bad, note
from coffers.cli.diagnosis.imports import attempt, endless, sources_of, words_of
from coffers.cli.diagnosis.places import place, place_of, place_raised
from coffers.plugin import CONTRACT_VERSION

__all__ = ["PARAMETERS", "examine_hooks", "examine_manifest", "repeated"]

#: The four hooks and their parameters, as `coffers.hookspecs` promises them.
PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    "coffers_provider": (),
    "coffers_request": ("query",),
    "coffers_sign": ("request", "credentials", "attempt"),
    "coffers_parse": ("response", "query"),
}
_IMPORT: Final = "from coffers.plugin import hookimpl"


def examine_hooks(plugin: object, entry: EntryPoint) -> Iterator[Finding]:
    """What is wrong with the hooks of what an entry point names."""
    named = f"the entry point names {entry.value}, which is"
    if inspect.isclass(plugin):
        yield bad(f"{named} a class", "name the module that holds the four functions, or an instance of the class")
        return
    if isinstance(plugin, Provider):
        yield bad(f"{named} a manifest", f"name the module that holds the four functions: {entry.name} = "
                  f'"{entry.module}"')  # fmt: skip
        return
    marked = _marked(plugin)
    if not marked and not any(hasattr(plugin, hook) for hook in PARAMETERS):
        what = "a module" if isinstance(plugin, ModuleType) else f"of the class {type(plugin).__name__}"
        elsewhere = list(_written(entry.module, "coffers_provider"))
        there = f"; coffers_provider is at {elsewhere[0]}" if elsewhere else ""
        yield bad(
            f"{named} {what} with none of the four hooks{there}",
            f"let it name the module that holds or imports {', '.join(PARAMETERS)}",
        )
        return
    for hook in PARAMETERS:
        functions = [function for function, meant in marked if meant == hook]
        if not functions:
            yield _unmarked(plugin, hook, entry.module)
        elif len(functions) > 1:
            places = " and ".join(place_of(function, entry.module) for function in functions)
            yield bad(f"the hook {hook} is implemented {len(functions)} times: {places}", "leave one of them")
        else:
            yield from _signature(functions[0], hook, entry.module)
    implemented = {meant for _, meant in marked}
    for function, meant in marked:
        near = _near(meant, list(PARAMETERS))
        if meant in PARAMETERS or (near and near not in implemented):
            continue  # a hook; or a misspelt one, told above where the true one is missing
        yield bad(
            f"{place_of(function, entry.module)}: {meant} is marked with @hookimpl and is no hook"
            + (f"; {near} is one" if near else ""),
            "remove the mark; other functions need none",
        )


def _marked(plugin: object) -> list[tuple[Callable[..., Any], str]]:
    """The functions that carry our mark, each with the hook that it is meant for."""
    found: list[tuple[Callable[..., Any], str]] = []
    for name in dir(plugin):
        function = inspect.getattr_static(plugin, name, None)
        options = getattr(function, "coffers_impl", None)
        if isinstance(options, dict):
            found.append((getattr(plugin, name), str(options.get("specname") or name)))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  pluggy's own dict
    return found


def _unmarked(plugin: object, hook: str, module: str) -> Finding:
    """Why a hook is missing."""
    function = inspect.getattr_static(plugin, hook, None)
    if function is not None and not callable(function):
        return bad(f"{hook} is no function but {type(function).__name__}", f"write it as a function: {_call(hook)}")
    if function is not None:
        where = place_of(function, module)
        others = [name for name in getattr(function, "__dict__", {}) if name.endswith("_impl")]
        if others:
            project = others[0].removesuffix("_impl")
            return bad(
                f"{where}: {hook} is marked as a hook of {project}, not of coffers",
                f"take the marker of coffers: {_IMPORT}",
            )
        return bad(f"{where}: {hook} is there, and is not marked", f"write @hookimpl above it; {_IMPORT}")
    near = _near(hook, [name for name in dir(plugin) if name not in PARAMETERS])
    if near:
        where = place_of(getattr(plugin, near), module)
        return bad(
            f"the hook {hook} is missing; {where + ': ' if where else ''}there is {near}", f"rename it to {hook}"
        )
    elsewhere = list(_written(module, hook))
    if elsewhere:
        return bad(
            f"the hook {hook} is written at {elsewhere[0]}, and {module} does not hold it",
            f"import {hook} in the module that the entry point names",
        )
    return bad(f"the hook {hook} is missing", f"write @hookimpl and below it: {_call(hook)}; {_IMPORT}")


def _signature(function: Callable[..., Any], hook: str, module: str) -> Iterator[Finding]:
    where = place_of(function, module)
    options: Mapping[str, Any] = getattr(function, "coffers_impl", {})
    if options.get("wrapper") or options.get("hookwrapper"):
        yield bad(f"{where}: {hook} is a wrapper", "write @hookimpl without wrapper=True or hookwrapper=True")
        return
    declared = inspect.signature(function).parameters
    with_default = [name for name, one in declared.items() if one.default is not one.empty]
    if tuple(declared) != PARAMETERS[hook]:
        told = f"({', '.join(str(one.replace(annotation=one.empty, default=one.empty)) for one in declared.values())})"
        yield bad(f"{where}: {hook} has the parameters {told}", f"these are needed, and no others: {_call(hook)}")
    elif with_default:
        yield bad(
            f"{where}: {hook} has a default for {', '.join(with_default)}", f"write it without a default: {_call(hook)}"
        )
    elif any(one.kind is not one.POSITIONAL_OR_KEYWORD for one in declared.values()):
        yield bad(f"{where}: {hook} has parameters of a special kind (*, /)", f"write them plainly: {_call(hook)}")
    elif inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        kind = "async" if inspect.iscoroutinefunction(function) else "a generator"
        yield bad(
            f"{where}: {hook} is {kind}", "make it a plain function that returns its answer; the core does the I/O"
        )


def _call(hook: str) -> str:
    return f"def {hook}({', '.join(PARAMETERS[hook])})"


def _near(name: str, names: list[str]) -> str:
    return next(iter(difflib.get_close_matches(name, names, 1, 0.8)), "")


def _written(module: str, hook: str) -> Iterator[str]:
    """Where functions of that name are written, in any file of the plugin."""
    for path, tree in sources_of(module):
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == hook:
                yield place(str(path), node.lineno, module)


def repeated(module: str) -> Iterator[Finding]:
    """Hooks that one file writes twice, where only the last one counts."""
    for path, tree in sources_of(module):
        for hook in PARAMETERS:
            lines = [node.lineno for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == hook]
            if len(lines) > 1:
                where = place(str(path), None, module)
                yield note(
                    f"{where} defines {hook} {len(lines)} times, on lines {', '.join(map(str, lines))}",
                    "the last one counts; remove the others",
                )


# --- the manifest --------------------------------------------------------------------------------------------------


def examine_manifest(tell: Callable[[], object], entry: EntryPoint) -> Iterator[Finding]:
    """What is wrong with the answer of `coffers_provider`."""
    tried = attempt(tell)
    where = place_of(tell, entry.module)
    if not tried.ended:
        yield endless("coffers_provider", entry.module)
    elif tried.error is not None:
        raised = place_raised(tried.error, entry.module) or where
        ours = isinstance(tried.error, CoffersError | ValueError | TypeError)
        words = one_line(str(tried.error)) if isinstance(tried.error, CoffersError) else words_of(tried.error)
        yield bad(
            f"{raised}: coffers_provider raises {words}",
            "mend that part of Provider(...) or of the class it names"
            if ours
            else "let it only build its Provider(...)",
        )
    elif not isinstance(tried.answer, Provider):
        yield bad(f"{where}: coffers_provider answers {type(tried.answer).__name__}", "let it return a Provider(...)")
    else:
        yield from _manifest(tried.answer, where, entry)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  any Provider


def _manifest(manifest: Provider[Any, Any], where: str, entry: EntryPoint) -> Iterator[Finding]:
    dist = entry.dist.name if entry.dist else entry.module
    if manifest.contract != CONTRACT_VERSION:
        newer = isinstance(manifest.contract, int) and manifest.contract > CONTRACT_VERSION  # type: ignore[redundant-expr]  # foreign code  # fmt: skip
        yield bad(
            f"{where}: it is written for hook contract {manifest.contract}, and this coffers speaks {CONTRACT_VERSION}",
            "coffers is the older one: pip install --upgrade coffers"
            if newer
            else f"the plugin is the older one: pip install --upgrade {dist}",
        )
    if manifest.id != entry.name:
        yield bad(
            f"{where}: the manifest's id is {manifest.id!r}, and the entry point is named {entry.name!r}",
            "make them equal: the id in Provider(...), or the name in pyproject.toml and install again",
        )
