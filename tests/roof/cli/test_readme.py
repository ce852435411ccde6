"""The README shows what a person sees."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .conftest import TOY, Bank, install, process

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text("utf-8")

#: The README's made-up providers.
PROVIDERS = ("acme-chain", "acme-pay", "acme-sms", "acme-mail")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bank: Bank) -> Path:
    """The README's accounts, at providers that are installed for this test, and a bank that answers for them."""
    folder = tmp_path / "acme"
    for provider in PROVIDERS:
        module = f"coffers_{provider.replace('-', '_')}"
        points = f"[coffers.providers]\n{provider} = {module}\n"
        install(folder, f"coffers-{provider}", {module: TOY.replace('"toybox"', f'"{provider}"')}, points)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    bank.rows("codes", {"currency": "UAH", "total": "31.168300000000002"})
    bank.rows(
        "shop",
        {"currency": "USDT", "network": "TRC20", "total": "10.0", "available": "10.0", "value": ["USD", "10.0"]},
        {"currency": "USDT", "network": "ERC20", "total": "250.000001", "available": "0.5", "value": ["USD", "249.97"]},
        {"currency": "SHIB", "total": "21715327.987896618"},
    )
    payouts = [{"currency": "BRL", "total": "99002.23"}, {"currency": "EUR", "total": "0"}]
    bank.rows("payouts", *payouts, as_of="2026-11-21T03:00:00+00:00")
    bank.refuse("news")
    config = tmp_path / "config.toml"
    accounts = zip(("shop", "payouts", "codes", "news"), PROVIDERS, strict=True)
    config.write_text(
        "".join(
            f'[accounts.{account}]\nprovider = "{provider}"\npurse = "main"\ncount = 3\n'
            f'key = "env:TOY_KEY"\nbase_url = "{bank.url}/{account}"\n'
            for account, provider in accounts
        )
    )
    config.chmod(0o600)
    monkeypatch.setenv("COFFERS_CONFIG", str(config))
    return config


@pytest.mark.usefixtures("config")
def test_the_table_is_what_balances_prints() -> None:
    [shown] = re.findall(r"```text\n\$ coffers balances\n(.*?)```", README, re.DOTALL)
    code, out, err = process("balances")
    assert code == 5
    assert [line.rstrip() for line in (out + err).splitlines()] == shown.splitlines()


def test_ci_runs_the_second_command_exactly() -> None:
    commands = re.findall(r"^    (python3 -m pip install nox.*)$", README, re.MULTILINE)
    assert [command.split("&& ")[1] for command in commands] == ["nox -s demo", "nox"]
    assert (ROOT / ".ci/run").read_text("utf-8").splitlines()[-1] == commands[1]
