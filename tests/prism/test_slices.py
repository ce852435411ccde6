"""Slices of OpenAPI documents hold the one call, all that its answers lead to, and nothing else."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.prism.slices import cut

PART = "#/components/schemas/"
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "servers": [{"url": "https://api.acme.example/v2/"}],
    "security": [{"key": []}],
    "paths": {
        "/balance": {
            "parameters": [{"$ref": "#/components/parameters/tenant"}],
            "get": {
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/balance"}}}},
                    "401": {"$ref": "#/paths/~1old~1%7Bid%7D/get/responses/401"},
                    "429": {"$ref": "#/components/responses/large"},
                    "default": {"$ref": "#/components/responses/large"},
                }
            },
            "put": {"requestBody": {"$ref": "#/components/responses/large"}},
        },
        "/old/{id}": {"get": {"responses": {"401": {"description": "no"}}}},
    },
    "components": {
        "parameters": {"tenant": {"name": "tenant", "in": "query", "schema": {"type": "string"}}},
        "responses": {"large": {"description": "never wanted"}},
        "schemas": {
            "balance": {
                "properties": {"amount": {"type": "string"}, "parent": {"$ref": "#/components/schemas/balance"}}
            },
            "$ref": {"description": "a part of that name"},
        },
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
    },
}


def test_the_slice_of_a_call() -> None:
    assert cut(DOCUMENT, "/balance") == {
        "openapi": "3.0.3",
        "info": {"title": "/balance", "version": "1"},
        "security": [{"key": []}],
        "paths": {
            "/v2/balance": {
                "parameters": [{"$ref": f"{PART}part2"}],
                "get": {
                    "responses": {
                        "200": {"content": {"application/json": {"schema": {"$ref": f"{PART}part0"}}}},
                        "401": {"$ref": f"{PART}part1"},
                    }
                },
            }
        },
        "components": {
            "schemas": {
                "part0": {"properties": {"amount": {"type": "string"}, "parent": {"$ref": f"{PART}part0"}}},
                "part1": {"description": "no"},
                "part2": {"name": "tenant", "in": "query", "schema": {"type": "string"}},
            },
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


@pytest.mark.parametrize(
    ("of_call", "of_path", "of_document", "path"),
    [
        ("https://one.example/a", "https://two.example/b", "https://three.example/c", "/a/balance"),
        (None, "https://two.example/b", "https://three.example/c", "/b/balance"),
        (None, None, "https://three.example", "/balance"),
        (None, None, None, "/balance"),
    ],
)
def test_a_call_lies_below_the_path_of_its_nearest_server(
    of_call: str | None, of_path: str | None, of_document: str | None, path: str
) -> None:
    document = copy.deepcopy(DOCUMENT)
    item = document["paths"]["/balance"]
    for place, url in ((item["get"], of_call), (item, of_path), (document, of_document)):
        place.pop("servers", None)
        if url is not None:
            place["servers"] = [{"url": url}]
    assert [*cut(document, "/balance")["paths"]] == [path]


def test_a_document_without_security_has_none_in_its_slice() -> None:
    document = {name: part for name, part in DOCUMENT.items() if name != "security"}
    document["components"] = {name: part for name, part in DOCUMENT["components"].items() if name != "securitySchemes"}
    sliced = cut(document, "/balance")
    assert "security" not in sliced
    assert [*sliced["components"]] == ["schemas"]


def test_a_part_that_is_not_there_is_named() -> None:
    document = copy.deepcopy(DOCUMENT)
    del document["components"]["parameters"]["tenant"]
    with pytest.raises(KeyError, match="tenant"):
        cut(document, "/balance")
