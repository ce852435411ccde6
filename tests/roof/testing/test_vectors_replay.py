"""Vectors: what a folder of files becomes, and what replaying it tells."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from coffers.plugin import AccessToken, Query, Response, Secret, Snapshot, status_error
from coffers.testing.vectors import Case, load_cases, read_response, replay, write_case
from tests.core import toy

OK = b'HTTP/1.1 200 OK\nContent-Type: application/json\n\n{"currency": "USD", "amount": "12.50"}'


def with_token(response: Response, query: Query[Any]) -> Snapshot | AccessToken:
    if response.status != 200:
        raise status_error(response)
    if query.step == "token":
        return AccessToken(Secret(response.text), 60)
    more = () if query.state else (query.then("balances", {"page": "2"}),)
    return Snapshot(toy.parse(response, query).balances, next=more)


PLUGIN = toy.plugin(parse=with_token, token_step="token")


@pytest.fixture
def case(tmp_path: Path) -> Case:
    folder = tmp_path / "vectors" / "toy" / "balances"
    folder.mkdir(parents=True)
    (folder / "credentials.json").write_text('{"key": "made-up-key"}')
    (folder / "attempt.json").write_text('{"time_ms": 5, "nonce": 7}')
    (folder / "response.http").write_bytes(OK)
    return reload(tmp_path)


def reload(tmp_path: Path) -> Case:
    [case] = load_cases(tmp_path / "vectors")
    return case


def test_a_case_is_written_once_and_then_holds(case: Case, tmp_path: Path) -> None:
    assert list(replay(case, PLUGIN)) == []  # nothing is expected yet
    write_case(case, PLUGIN)
    written = reload(tmp_path)
    assert {arrow.verb: arrow.holds for arrow in replay(written, PLUGIN)} == dict.fromkeys(
        ["request", "sign", "parse"], True
    )
    signed = written.files["signed.http"].decode()
    assert signed.startswith(
        "GET /balances HTTP/1.1\nHost: {api}\nAuthorization: Bearer made-up-key\nX-Time: 5\nX-Nonce: 7\n"
    )
    snapshot = json.loads(written.files["snapshot.json"])
    assert (snapshot["balances"][0]["total"], snapshot["next"]) == (
        "12.50",
        [{"step": "balances", "state": {"page": "2"}}],
    )


def test_a_wrong_verb_is_named(case: Case, tmp_path: Path) -> None:
    write_case(case, PLUGIN)
    (case.folder / "signed.http").write_bytes(b"GET /elsewhere HTTP/1.1\nHost: {api}\n\n")
    (case.folder / "snapshot.json").write_text('{"balances": [], "as_of": null}')
    assert [arrow.verb for arrow in replay(reload(tmp_path), PLUGIN) if not arrow.holds] == ["sign", "parse"]


def test_an_answer_of_another_sort_does_not_hold(case: Case, tmp_path: Path) -> None:
    (case.folder / "error.json").write_text('{"kind": "auth"}')
    [arrow] = replay(reload(tmp_path), PLUGIN)
    assert (arrow.file, arrow.holds) == ("error.json", False)
    (case.folder / "response.http").write_bytes(b"HTTP/1.1 401 Unauthorized\n\n")
    [arrow] = replay(reload(tmp_path), PLUGIN)
    assert arrow.holds


def test_a_token_is_a_result_too(case: Case, tmp_path: Path) -> None:
    (case.folder / "query.json").write_text('{"step": "token"}')
    (case.folder / "response.http").write_bytes(b"HTTP/1.1 200 OK\n\nmade-up-token")
    write_case(reload(tmp_path), PLUGIN)
    assert json.loads((case.folder / "token.json").read_text()) == {"value": "made-up-token", "lifetime_s": 60}
    assert all(arrow.holds for arrow in replay(reload(tmp_path), PLUGIN))


def test_no_line_of_the_plugin_is_written_into_a_case(case: Case, tmp_path: Path) -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        return Snapshot([], as_of=datetime.fromisoformat({"a": "b"}[response.text]))

    write_case(case, toy.plugin(parse=parse))
    assert json.loads((case.folder / "error.json").read_text()) == {"kind": "bad_response", "code": None}
    assert all(arrow.holds for arrow in replay(reload(tmp_path), toy.plugin(parse=parse)))


def test_credentials_that_complete_no_class_are_refused(case: Case, tmp_path: Path) -> None:
    (case.folder / "credentials.json").write_text('{"kye": "made-up-key"}')
    (case.folder / "signed.http").write_bytes(b"")
    with pytest.raises(ValueError, match=r"completes none of the credentials classes: ByKey has key$"):
        list(replay(reload(tmp_path), PLUGIN))


def test_a_provider_without_credentials_signs_with_none(case: Case, tmp_path: Path) -> None:
    plugin = toy.plugin(sign=lambda request, credentials, attempt: request.seal(), credentials=())
    (case.folder / "credentials.json").unlink()
    (case.folder / "signed.http").write_bytes(b"GET /balances HTTP/1.1\nHost: {api}\n\n")
    assert [(arrow.verb, arrow.holds) for arrow in replay(reload(tmp_path), plugin)] == [("sign", True)]


def test_a_case_may_show_the_request_alone(case: Case, tmp_path: Path) -> None:
    (case.folder / "credentials.json").unlink()
    (case.folder / "request.http").write_bytes(b"GET /balances HTTP/1.1\nHost: {api}\n\n")
    assert [(arrow.verb, arrow.holds) for arrow in replay(reload(tmp_path), PLUGIN)] == [("request", True)]


@pytest.mark.parametrize(
    "content", [b"HTTP/1.1 200 OK\n{}", b"HTTP/2 200 OK\n\n{}", b"HTTP/1.1 200 OK\nno colon\n\n{}"]
)
def test_a_file_that_is_no_answer_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"response\.http"):
        read_response(content)
