"""Every installed provider's sandbox account, read by the real client over real HTTP. Names no provider."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points
from typing import Any

import pytest

from coffers import SANDBOX_GROUP, AuthError, Balance, Client, CoffersError, Registry, load_config
from coffers.sandbox import Sandbox, ServedAccount

PROVIDERS = sorted({entry.name for entry in entry_points(group=SANDBOX_GROUP)})


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running
        assert running.errors == ()


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(timeout_s=5) as running:
        yield running


def _unseen(rows: Iterable[Balance], served: ServedAccount) -> dict[str, str]:
    """What the sandbox holds and no row tells, to the digit, as its total or as what is available."""
    left, unseen = list(rows), {}
    for code, amount in served.balances.items():
        row = next((row for row in left if str(amount) in (str(row.total), str(row.available))), None)
        left = [other for other in left if other is not row]
        if row is None:
            unseen[code] = str(amount)
    return unseen


def test_every_installed_provider_has_a_part_that_works(box: Sandbox) -> None:
    assert {name: error.message for name, error in box.broken.items()} == {}
    assert set(box.accounts) == {installed.id for installed in Registry().list()}
    assert PROVIDERS


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_opening_balances_are_read_to_the_digit(box: Sandbox, client: Client, provider: str) -> None:
    served = box[provider]
    rows = client.read(served.account()).balances
    assert _unseen(rows, served) == {}
    assert all(row.spendable is not None for row in rows)
    assert served.requests >= 1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_change_is_seen_by_the_next_read(box: Sandbox, client: Client, provider: str) -> None:
    served = box[provider]
    code, opening = next(iter(served.balances.items()))
    served.top_up(code, "1000.07" if opening.as_tuple().exponent else "1007")  # credits may be countable things
    assert _unseen(client.read(served.account()).balances, served) == {}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_revoked_key_is_refused_and_a_restored_one_works(box: Sandbox, client: Client, provider: str) -> None:
    served = box[provider]
    served.revoke_key()
    with pytest.raises(CoffersError) as caught:
        client.read(served.account())
    assert caught.value.kind in (AuthError.kind, "permission")
    served.restore_key()
    assert client.read(served.account()).balances


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("html", {}, "bad_response"),
        ("html", {"status": 403}, "unavailable"),
        ("server_error", {"status": 503}, "unavailable"),
        ("rate_limited", {"retry_after": 600}, "rate_limited"),
        ("truncated", {}, "network"),
        ("reset", {}, "network"),
        ("oversized", {}, "bad_response"),
        ("oversized", {"gzip": True}, "bad_response"),
        ("redirect", {}, "bad_response"),
        ("empty", {}, "bad_response"),
        ("hang", {}, "timeout"),
        ("dribbled", {"seconds": 0.2}, "timeout"),
    ],
)
def test_no_fault_gives_a_figure(box: Sandbox, provider: str, kind: str, options: dict[str, Any], told: str) -> None:
    box[provider].misbehave(kind, **options)
    timeout_s = 0.2 if told == "timeout" else 5
    with Client(timeout_s=timeout_s, sleep=lambda _: None) as client, pytest.raises(CoffersError) as caught:
        client.read(box[provider].account())
    assert caught.value.kind == told


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_skewed_clock_stops_nobody(box: Sandbox, client: Client, provider: str) -> None:
    """Who signs a time learns the provider's from the refusal; who signs none does not care."""
    served = box[provider]
    served.misbehave("clock_skew", seconds=7200)
    assert _unseen(client.read(served.account()).balances, served) == {}


@pytest.mark.parametrize("how", ["files", "variables"])
def test_the_ready_config_reads_them_all(
    box: Sandbox, client: Client, how: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("config")
    config = folder / "config.toml"
    config.write_text(box.config_toml(folder / "secrets" if how == "files" else None), encoding="utf-8")
    config.chmod(0o600)
    if how == "variables":
        for name, value in box.environment().items():
            monkeypatch.setenv(name, value)
    loaded = load_config(config, lambda provider: Registry().load(provider).manifest)
    assert [account.name for account in loaded.accounts] == list(box.accounts)
    for outcome in client.read_many(loaded.accounts):
        assert _unseen(outcome.unwrap().balances, box[outcome.account.name]) == {}
