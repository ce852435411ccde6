"""Accounts that name their host themselves, read by the client over real connections."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from coffers import Account, Client, ConfigError, PluginError, Registry, Secret
from coffers.hosts import Hosts
from coffers.plugin import Query, Request
from tests.core import toy
from tests.core.faces import FACES, choose, make_client
from tests.core.loopback import serve

face = pytest.fixture(autouse=True, params=FACES)(choose)


@attrs.frozen
class Address:
    url: str


def by_address(**more: Any) -> Any:
    return toy.plugin(base_urls={}, settings=Address, url_field="url", **more)


def client() -> Client:
    return make_client(registry=Registry([by_address()], installed=False))


def account_at(url: str, **more: Any) -> Account:
    return Account("shop", "toy", {"key": Secret("made-up-key"), "url": url}, **more)


def test_an_account_s_own_address_says_which_host_is_asked_and_base_url_replaces_it() -> None:
    with serve() as server, client() as reader:
        assert reader.read(account_at(f"{server.base_url}/ignored?by=toy")).balances
        assert reader.read(account_at("https://api.toy.example/v1", base_url=f"{server.base_url}/proxy")).balances
    assert [asked.path for asked in server.asked] == ["/balances", "/proxy/balances"]


def test_an_address_behind_a_reference_is_checked_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_URL", "http://api.toy.example/v1")
    with client() as reader, pytest.raises(ConfigError, match="url: must be https") as caught:
        reader.read(account_at("env:TOY_URL"))
    assert (caught.value.field, caught.value.account, caught.value.provider) == ("url", "shop", "toy")


def test_with_an_address_of_the_account_s_there_is_one_host() -> None:
    def request(query: Query[Any]) -> Request:
        return Request("GET", "/", host="other")

    with (
        make_client(registry=Registry([by_address(request=request)], installed=False)) as reader,
        pytest.raises(PluginError, match="names a host"),
    ):
        reader.read(account_at("https://api.toy.example/v1"))


def test_accounts_at_one_address_share_its_host() -> None:
    manifest = Registry([by_address()], installed=False).load("toy").manifest
    for url, host in (
        ("https://API.toy.example:8443/v1?a=b", "api.toy.example:8443"),
        ("env:TOY_URL", "env:TOY_URL"),
        ("https://[", "https://["),
    ):
        assert Hosts(lambda provider_id, within_s: manifest, 0).host_of(account_at(url)) == host
