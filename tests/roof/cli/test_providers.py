"""`coffers providers`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Result, install

Cli = Callable[..., Result]
Write = Callable[..., Path]


@pytest.mark.usefixtures("broken")
def test_the_bare_list_is_metadata_alone(cli: Cli) -> None:
    result = cli("providers")
    assert (result.code, result.err) == (0, "")
    lines = {line.split()[0]: line for line in result.out.splitlines()}
    assert lines["toybox"].split() == ["toybox", "2.1", "coffers-toybox"]
    assert lines["bang"].split() == ["bang", "2.1", "coffers-bang"]
    assert "coffers-one and coffers-two" in lines["clash"]
    listed = json.loads(cli("providers", "--json").out)
    assert {"id": "toybox", "version": "2.1", "dist": "coffers-toybox", "rivals": []} in listed["providers"]


@pytest.mark.usefixtures("broken")
def test_a_check_of_all_names_the_broken_ones_with_the_reason(cli: Cli) -> None:
    result = cli("providers", "--check")
    assert result.code == 2
    lines = {line.split()[0]: line for line in result.out.splitlines() if line.strip()}
    assert lines["toybox"].endswith("ok")
    assert "https://api.toybox.example" in lines["toybox"]
    assert "bang at import" in lines["bang"]
    assert "uninstall all but one" in lines["clash"]
    told = {entry["id"]: entry for entry in json.loads(cli("providers", "--check", "--json").out)["providers"]}
    assert told["toybox"]["error"] is None
    assert "bang" in told["bang"]["error"]


def test_all_about_one(cli: Cli) -> None:
    result = cli("providers", "toybox")
    assert result.code == 0
    for text in (
        "https://api.toybox.example",
        "a toy key",
        "lost toys",
        "https://toybox.example/docs",
        "coffers-toybox 2.1",
        "Toy [bold]Box[/bold] :smile:",
        "key, or login and password",
        "where it is kept",
    ):
        assert text in result.out
    rows = {line.split()[0]: line.split()[1:3] for line in result.out.split("Config keys:")[1].strip().splitlines()}
    assert rows["key"] == ["yes", "no"]  # not needed where login and password are given
    assert rows["purse"] == ["no", "yes"]
    facts = json.loads(cli("providers", "toybox", "--json").out)
    region = next(field for field in facts["fields"] if field["name"] == "region")
    assert (region["choices"], region["default"], region["secret"]) == (["north", "south"], "north", False)


def test_an_unknown_one_says_what_to_install(cli: Cli) -> None:
    result = cli("providers", "toybix")
    assert (result.code, result.out) == (2, "")
    assert "pip install coffers-toybix" in result.err
    assert "did you mean 'toybox'" in result.err


ADDRESS = """
import attrs
from coffers.plugin import *

@attrs.frozen
class Settings:
    url: str

@hookimpl
def coffers_provider():
    return Provider(id="byurl", title="By URL", docs="https://byurl.example", settings=Settings, url_field="url")

@hookimpl
def coffers_request(query):
    return Request("GET", "/")

@hookimpl
def coffers_sign(request, credentials, attempt):
    return request.seal()

@hookimpl
def coffers_parse(response, query):
    return Snapshot()
"""


def test_one_without_a_host_says_that_the_account_names_it(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "coffers-byurl", {"coffers_byurl": ADDRESS}, "[coffers.providers]\nbyurl = coffers_byurl\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "Host:         the account's `url`\n" in cli("providers", "byurl").out
    facts = json.loads(cli("providers", "byurl", "--json").out)
    assert (facts["hosts"], facts["url_field"]) == ({}, "url")
    [line] = [line for line in cli("providers", "--check").out.splitlines() if line.startswith("byurl")]
    assert "the account's `url`" in line
    assert json.loads(cli("providers", "toybox", "--json").out)["url_field"] is None


def test_where_a_positive_figure_is_owed_it_says_so(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owed = ADDRESS.replace("byurl", "owing").replace('url_field="url"', 'url_field="url", polarity="owed"')
    install(tmp_path, "coffers-owing", {"coffers_owing": owed}, "[coffers.providers]\nowing = coffers_owing\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "Sign:         a positive figure of this provider is owed; " in cli("providers", "owing").out
    assert json.loads(cli("providers", "owing", "--json").out)["polarity"] == "owed"
    assert json.loads(cli("providers", "toybox", "--json").out)["polarity"] == "held"
    assert "Sign:" not in cli("providers", "toybox").out


def test_how_often_a_provider_may_be_asked_is_shown(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = ADDRESS.replace("byurl", "slow").replace('url_field="url"', 'url_field="url", min_interval_s=90')
    install(tmp_path, "coffers-slow", {"coffers_slow": slow}, "[coffers.providers]\nslow = coffers_slow\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "Ask:          an account no more often than once in 90 s" in cli("providers", "slow").out
    assert json.loads(cli("providers", "slow", "--json").out)["min_interval_s"] == 90
    assert "Ask:" not in cli("providers", "toybox").out
