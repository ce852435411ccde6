"""`coffers try`: what it shows of a vector, and how it ends."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.roof.cli.conftest import Result, install

Cli = Callable[..., Result]

ROWS = {
    "rows": [{"currency": "USDT", "network": "TRC20", "total": "5.0", "available": "4"}],
    "as_of": "2022-01-13T12:10:07Z",
}


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A case of the toy with its inputs alone."""
    folder = tmp_path / "vectors/toybox/balances"
    folder.mkdir(parents=True)
    (folder / "query.json").write_text('{"settings": {"purse": "made-up", "count": 3}}')
    (folder / "credentials.json").write_text('{"key": "made-up-key"}')
    answer(folder, ROWS)
    return folder


def answer(folder: Path, value: object, status: int = 200) -> None:
    head = f"HTTP/1.1 {status} ?\nContent-Type: application/json\n\n"
    (folder / "response.http").write_text(head + json.dumps(value))


def test_each_value_on_the_way_is_shown_then_written_and_then_holds(cli: Cli, case: Path) -> None:
    result = cli("try", case)
    assert (result.code, result.err) == (0, "")
    assert (
        result.out
        == f"""\
request (request.http)
  | GET /balances HTTP/1.1
  | Host: {{api}}
  |
  |
  (there is no request.http to compare with)

sign (signed.http)
  | GET /balances HTTP/1.1
  | Host: {{api}}
  | X-Key: made-up-key
  |
  |
  (there is no signed.http to compare with)

response (response.http)
  | HTTP/1.1 200 ?
  | Content-Type: application/json
  |
  | {json.dumps(ROWS)}

parse (snapshot.json)
  | USDT TRC20  total 5.0  available 4
  | 1 balances, as of 2022-01-13T12:10:07Z
  (there is no snapshot.json to compare with)

"""
    )
    result = cli("try", case / "query.json", "--write")
    assert (result.code, result.out.splitlines()[-1]) == (0, f"written to {case}")
    result = cli("try", case / "response.http")
    assert result.code == 0
    assert [line for line in result.out.splitlines() if line.startswith("  = ")] == [
        "  = request.http",
        "  = signed.http",
        "  = snapshot.json",
    ]


def test_what_differs_is_shown_line_by_line(cli: Cli, case: Path) -> None:
    cli("try", case, "--write")
    (case / "credentials.json").write_text('{"key": "another-key"}')
    answer(case, {"message": "no\x1b[31m", "code": "no"}, 401)
    result = cli("try", case)
    assert result.code == 5
    assert "  differs from signed.http; - is the file, + the plugin:\n" in result.out
    assert "  -X-Key: made-up-key\n  +X-Key: another-key\n" in result.out
    assert "  | error auth (code no): no" in result.out
    assert '  +  "error.json": {\n' in result.out
    assert "\x1b" not in result.out
    assert "made-up-key" in (case / "signed.http").read_text()
    (case / "snapshot.json").unlink()
    (case / "error.json").write_text('{"kind": "rejected"}')
    assert '  -  "kind": "rejected"\n  +  "kind": "auth"\n' in cli("try", case).out
    answer(case, {"message": "slow"}, 503)
    assert "error unavailable: slow" in cli("try", case, "--write").out


TROUBLE = """
from coffers.plugin import AccessToken, Provider, Request, Secret, Snapshot, hookimpl
from coffers_toybox import ByKey, Settings

@hookimpl
def coffers_provider():
    return Provider(id="trouble", title="T", docs="https://t.example", base_urls={"api": "https://t.example"},
                    settings=Settings, credentials=(ByKey,), token_step="login")

@hookimpl
def coffers_request(query):
    return Request("GET", "/")

@hookimpl
def coffers_sign(request, credentials, attempt):
    print("this is no data")
    raise LookupError("a text of\\tthe plugin")

@hookimpl
def coffers_parse(response, query):
    while query.step == "endless":
        pass
    if query.step == "login":
        return AccessToken(Secret("made-up"), 60)
    return Snapshot(next=[query.then("page", {"n": "2"})])
"""


@pytest.fixture
def trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Path) -> Path:
    """A plugin that raises when it signs, and a case of it."""
    install(tmp_path / "site", "coffers-trouble", {"coffers_trouble": TROUBLE},
            "[coffers.providers]\ntrouble = coffers_trouble\n")  # fmt: skip
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return case.rename(case.parent.parent / "trouble")


def test_a_verb_that_raises_is_named_with_its_place(cli: Cli, trouble: Path) -> None:
    result = cli("try", trouble.parent / "trouble", "--write")
    assert result.code == 2  # the folder above is named "vectors"
    folder = trouble.parent / "trouble" / "balances"
    folder.mkdir()
    for file in list(trouble.iterdir()):
        if file.is_file():
            file.rename(folder / file.name)
    result = cli("try", folder, "--write")
    assert (result.code, result.err) == (5, "this is no data\n")
    assert re.search(
        r"^sign: raised LookupError: a text of\\tthe plugin at \S+/coffers_trouble.py:\d+$", result.out, re.M
    )
    assert '  | next: page {"n": "2"}\n' in result.out
    assert "as of no time told" in result.out
    assert not (folder / "signed.http").exists()
    (folder / "query.json").write_text('{"settings": {"purse": "p", "count": 1}, "step": "login"}')
    (folder / "credentials.json").unlink()
    result = cli("try", folder)
    assert (result.code, "  | token made-up, for 60 s\n" in result.out) == (0, True)


def test_a_verb_that_never_ends_is_ended(cli: Cli, trouble: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coffers.testing.vectors._PARSE_WITHIN_S", 0.2)
    folder = trouble.parent / "trouble" / "case"
    folder.mkdir()
    (trouble / "response.http").rename(folder / "response.http")
    (folder / "query.json").write_text('{"settings": {"purse": "p", "count": 1}, "step": "endless"}')
    result = cli("try", folder)
    assert (result.code, result.err) == (0, "")
    assert "| error plugin: coffers_parse did not end within 0.2 s" in result.out


def test_a_file_that_cannot_be_read_is_named(cli: Cli, case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_bytes = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.suffix == ".json":
            raise PermissionError(13, "Permission denied", str(path))
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    result = cli("try", case)
    assert (result.code, result.out) == (2, "")
    assert result.err == f"coffers: {case.resolve() / 'credentials.json'} cannot be read: Permission denied\n"


def test_credentials_that_fit_no_class_name_the_keys_that_are_due(cli: Cli, case: Path) -> None:
    (case / "credentials.json").write_text('{"kye": "made-up-key"}')
    result = cli("try", case)
    assert (result.code, result.err) == (5, "")
    said = r"^sign: raised ValueError: credentials.json completes none of the credentials classes: \w+ has \w+"
    assert re.search(said, result.out, re.M)
    assert "canonical" not in result.out


def test_what_is_no_case_is_told(cli: Cli, case: Path, tmp_path: Path) -> None:
    assert cli("try", tmp_path / "nowhere").code == 2
    result = cli("try", tmp_path)
    assert (result.code, result.out) == (2, "")
    assert "nothing to replay" in result.err
    (case / "query.json").write_text("[]")
    (case / "attempt.json").write_text("{")
    result = cli("try", case)
    assert (result.code, result.out) == (2, "")
    assert "query.json: must hold an object" in result.err
    assert "attempt.json: not JSON" in result.err
    missing = case.rename(case.parent.parent / "balances")
    (missing / "query.json").write_text("{}")
    (missing / "attempt.json").unlink()
    result = cli("try", missing)
    assert (result.code, result.out) == (2, "")
    assert "no plugin provides 'vectors'" in result.err


def test_a_folder_that_cannot_be_written_is_told(cli: Cli, case: Path) -> None:
    (case / "request.http").mkdir()
    result = cli("try", case, "--write")
    assert result.code == 2
    assert f"{case} cannot be written" in result.err
