"""A slice of an OpenAPI document: one GET and all that its good answer and its 401 lead to.

Whole documents are too large to be served; the other answers of a call often lead to half of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast
from urllib.parse import unquote, urlsplit

__all__ = ["cut"]

#: The answers that stay: what is read, and what is said without credentials.
_ANSWERS: Final = frozenset({"200", "401"})


def cut(document: Mapping[str, Any], path: str) -> dict[str, Any]:
    """A document of its own that holds the GET of `path`, below the path of its server.

    Each part that is referred to, wherever it lay, becomes a component of the slice under a number; what it refers to
    does so too.

    Args:
        document: an OpenAPI 3 document that refers to nothing outside itself.
        path: a key of its ``paths``.
    """
    item = document["paths"][path]
    call = {name: part for name, part in item["get"].items() if name != "servers"}
    call["responses"] = {status: part for status, part in call["responses"].items() if status in _ANSWERS}
    servers = item["get"].get("servers") or item.get("servers") or document.get("servers") or [{"url": ""}]
    numbers: dict[str, str] = {}
    sliced = {
        "openapi": document["openapi"],
        "info": {"title": path, "version": "1"},
        "paths": {
            urlsplit(servers[0]["url"]).path.rstrip("/") + path: {
                "get": _renumbered(call, numbers),
                "parameters": _renumbered(item.get("parameters", []), numbers),
            }
        },
        "components": {"schemas": dict(_parts(document, numbers))},
    }
    if "security" in document:
        sliced["security"] = document["security"]
    if schemes := document.get("components", {}).get("securitySchemes"):
        sliced["components"]["securitySchemes"] = schemes
    return sliced


def _renumbered(part: Any, numbers: dict[str, str]) -> Any:
    """A copy of `part` whose references lead to numbered components; `numbers` learns new ones."""
    if isinstance(part, list):
        items: list[Any] = cast("Any", part)
        return [_renumbered(item, numbers) for item in items]
    if not isinstance(part, dict):
        return part
    members: dict[str, Any] = cast("Any", part)
    if isinstance(target := members.get("$ref"), str):
        return {"$ref": f"#/components/schemas/{numbers.setdefault(target, f'part{len(numbers)}')}"}
    return {name: _renumbered(item, numbers) for name, item in members.items()}


def _parts(document: Mapping[str, Any], numbers: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """Every part that is referred to, while copying it finds further ones."""
    done = 0
    while done < len(numbers):
        target, number = list(numbers.items())[done]
        yield number, _renumbered(_resolved(document, target), numbers)
        done += 1


def _resolved(document: Any, target: str) -> Any:
    """What a reference within the document leads to."""
    for step in target.removeprefix("#/").split("/"):
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        document = document[int(name) if isinstance(document, list) else name]
    return document
