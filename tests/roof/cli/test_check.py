"""`coffers check`: states, thresholds, perfdata; and nothing but 0 to 3, told on stdout."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import SECRET, Bank, Result, process, start

Cli = Callable[..., Result]
Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("total", "code", "line"),
    [
        ("80", 0, "OK: shop 80 USD | 'shop/USD'=80;80:;50:\n"),
        ("79.99", 1, "WARNING: shop 79.99 USD is below 80 | 'shop/USD'=79.99;80:;50:\n"),
        ("50", 1, "WARNING: shop 50 USD is below 80 | 'shop/USD'=50;80:;50:\n"),
        ("50.00", 1, "WARNING: shop 50.00 USD is below 80 | 'shop/USD'=50.00;80:;50:\n"),
        ("49.999999999999999999999999999999", 2,
         "CRITICAL: shop 49.999999999999999999999999999999 USD is below 50"
         " | 'shop/USD'=49.999999999999999999999999999999;80:;50:\n"),
        ("-5", 2, "CRITICAL: shop -5 USD is below 50 | 'shop/USD'=-5;80:;50:\n"),
    ],
)  # fmt: skip
def test_states(cli: Cli, config: Write, bank: Bank, total: str, code: int, line: str) -> None:
    bank.rows("shop", {"currency": "USD", "total": total})
    result = cli("check", "--below", "50usd", "--warn", "80USD", "--config", config("shop"))
    assert result == (code, line, "")


def test_spendable_is_what_counts(cli: Cli, config: Write, bank: Bank) -> None:
    bank.rows("shop", {"currency": "USD", "total": "100", "available": "1"})
    assert cli("check", "--below", "50USD", "--config", config("shop")).code == 2
    bank.rows("shop", {"currency": "USD", "pending": "100"})
    result = cli("check", "--below", "50USD", "--config", config("shop"))
    assert result.code == 3
    assert result.out.startswith("UNKNOWN: shop: how much USD can be spent is not known | 'shop/USD'=U;;50:")


def test_what_is_not_known_is_never_ok(cli: Cli, config: Write, bank: Bank) -> None:
    bank.rows("good", {"currency": "USD", "total": "100"})
    bank.rows("empty")
    bank.refuse("bad", message="no | such\nkey")
    path = config("good", "empty", "bad")
    result = cli("check", "good", "empty", "--below", "50USD", "--config", path)
    assert (result.code, result.out) == (3, "UNKNOWN: empty holds nothing; good 100 USD | 'good/USD'=100;;50:\n")
    result = cli("check", "good", "bad", "--below", "50USD", "--config", path)
    assert (result.code, result.out) == (3, "UNKNOWN: bad auth: no / such key; good 100 USD | 'good/USD'=100;;50:\n")
    result = cli("check", "good", "--below", "5USD", "--below", "1EUR", "--config", path)
    assert (result.code, result.out) == (3, "UNKNOWN: nobody holds EUR; good 100 USD | 'good/USD'=100;;5:\n")
    result = cli("check", "bad", "--below", "5", "--config", path)
    assert (result.code, result.out) == (3, "UNKNOWN: bad auth: no / such key\n")


def test_critical_is_worse_than_unknown_and_unknown_than_warning(cli: Cli, config: Write, bank: Bank) -> None:
    bank.rows("low", {"currency": "USD", "total": "1"})
    bank.rows("soon", {"currency": "USD", "total": "60"})
    bank.refuse("bad")
    path = config("low", "soon", "bad")
    arguments = ["--below", "50USD", "--warn", "80USD", "--config", path]
    result = cli("check", *arguments)
    assert result.code == 2
    assert result.out.startswith(
        "CRITICAL: low 1 USD is below 50; bad auth: permission denied; soon 60 USD is below 80 |"
    )
    assert cli("check", "soon", "bad", *arguments).code == 3
    assert cli("check", "soon", *arguments).code == 1


def test_rows_of_one_currency_keep_labels_of_their_own(cli: Cli, config: Write, bank: Bank) -> None:
    bank.rows(
        "shop",
        {"currency": "USDT", "network": "TRC20", "total": "10"},
        {"currency": "USDT", "network": "E|R'C=20\n", "total": "20"},
        {"currency": "USDT", "network": "TRC20", "total": "30"},
        {"currency": "1INCH", "total": "0.5"},
    )
    result = cli("check", "--below", "1USDT", "--below", "0.5 1inch", "--config", config("shop"))
    assert result.code == 0
    assert result.out.count("\n") == 1
    text, perfdata = result.out.strip().split(" | ")
    assert "|" not in text
    assert perfdata == (
        "'shop/USDT/TRC20'=10;;1: 'shop/USDT/E/RC20'=20;;1: 'shop/USDT/TRC20#2'=30;;1: 'shop/1INCH'=0.5;;0.5:"
    )


@pytest.mark.parametrize("below", ["5币安", "5 币安"])
def test_a_currency_may_be_written_in_any_script(cli: Cli, config: Write, bank: Bank, below: str) -> None:
    bank.rows("shop", {"currency": "币安", "total": "4.99"}, {"currency": "USD", "total": "100"})
    result = cli("check", "--below", below, "--below", "1usd", "--config", config("shop"))
    assert result.code == 2
    line = "CRITICAL: shop 4.99 币安 is below 5; shop 100 USD | 'shop/币安'=4.99;;5: 'shop/USD'=100;;1:\n"
    assert result.out == line


def test_letters_of_a_threshold_are_those_of_a_balance(cli: Cli, config: Write, bank: Bank) -> None:
    """None of them is turned into another: a Kelvin sign is no K, and ß in capitals would be SS."""
    bank.rows("shop", {"currency": "\u212a", "total": "1"}, {"currency": "ß", "total": "1"})
    path = config("shop")
    assert cli("check", "--below", "1\u212a", "--below", "1ß", "--config", path).code == 0
    for other in ("1K", "1SS", "1k"):
        assert f"nobody holds {other[1:].upper()}" in cli("check", "--below", other, "--config", path).out


def test_a_bare_number_needs_one_currency(cli: Cli, config: Write, bank: Bank) -> None:
    bank.rows("usd", {"currency": "USD", "total": "100"})
    bank.rows("eur", {"currency": "EUR", "total": "100"})
    path = config("usd", "eur")
    assert cli("check", "usd", "--below", "50", "--config", path).code == 0
    assert cli("check", "usd", "--below", "101", "--config", path).code == 2
    result = cli("check", "--below", "50", "--config", path)
    assert result.code == 3
    assert "held: EUR, USD" in result.out
    result = cli("check", "--below", "50USD", "--config", path)
    assert (result.code, result.out.split(" | ")[0]) == (0, "OK: usd 100 USD; not compared: eur")
    assert cli("check", "usd", "--below", "50", "--warn", "40USD", "--config", path).code == 3
    assert cli("check", "usd", "--below", "50", "--below", "40USD", "--config", path).code == 3


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--below"],
        ["--below", "lots"],
        ["--below", "1e3USD"],
        ["--below", "1,5USD"],
        ["--below", "５USD"],
        ["--below", "5€"],
        ["--below", "5 €"],
        ["--below", "5²"],
        ["--below", "5 币 安"],
        ["--below", "5币\u202e安"],
        ["--below", "5" + "币" * 33],
        ["--below", "NaN"],
        ["--below", "9" * 51 + "USD"],
        ["--below", "5USD", "--below", "6usd"],
        ["--below", "50USD", "--warn", "40USD"],
        ["--below", "50", "--warn", "40"],
        ["--below", "5USD", "nobody"],
        ["--below", "5USD", "--timeout", "0"],
        ["--below", "5USD", "--nonsense"],
    ],
)
def test_wrong_usage_is_unknown_on_stdout(cli: Cli, config: Write, bank: Bank, arguments: list[str]) -> None:
    bank.rows("shop", {"currency": "USD", "total": "100"})
    result = cli("check", "--config", config("shop"), *arguments)
    assert result.code == 3
    assert result.out.startswith("UNKNOWN: ")
    assert result.out.count("\n") == 1
    assert result.err == ""


def test_a_threshold_may_be_negative_and_a_limit_of_credit_too(cli: Cli, config: Write, bank: Bank) -> None:
    bank.rows("shop", {"currency": "USD", "total": "-10"})
    assert cli("check", "--below", "-10USD", "--config", config("shop")).code == 0
    assert cli("check", "--below", "-9.99USD", "--config", config("shop")).code == 2


def test_problems_of_the_config_are_one_line(cli: Cli, config: Write) -> None:
    result = cli("check", "--below", "5USD", "--config", config(("a", "x = 1"), ("b", 'key = "literal"')))
    assert result.code == 3
    assert result.out.count("\n") == 1
    assert "accounts.a.x" in result.out
    assert "accounts.b.key" in result.out
    assert cli("check", "--below", "5USD", "--config", "/nonexistent/config.toml").code == 3


def test_a_fault_of_ours_is_unknown_too(cli: Cli, config: Write, bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    bank.rows("shop", {"currency": "USD", "total": "1"})
    monkeypatch.setattr("coffers.cli.commands.check.judge", lambda *_: dict[str, str]()["sesame"])
    result = cli("check", "--below", "5USD", "--config", config("shop"))
    assert result.code == 3
    assert "KeyError at" in result.out
    assert "sesame" not in result.out


def test_the_time_bounds_the_whole_command(cli: Cli, config: Write, bank: Bank) -> None:
    names = [f"slow{number}" for number in range(9)]  # more than one host takes at a time
    for name in names:
        bank.rows(name, {"currency": "USD", "total": "1"})
    bank.waiting = set(names)
    began = time.monotonic()
    result = cli("check", "--below", "5USD", "--timeout", "0.5", "--config", config(*names))
    assert time.monotonic() - began < 10
    assert result.code == 3
    assert result.out.count("timeout") == len(names)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this platform has no such timer")
def test_a_read_that_ignores_its_deadline_is_not_waited_for(config: Write, tmp_path: Path) -> None:
    hook = tmp_path / "hook"
    hook.mkdir()
    # A key store that waits for a person: nothing tells it of the deadline.
    (hook / "keyring.py").write_text("import time\ndef get_password(*_):\n    time.sleep(20)\n")
    environment = dict(os.environ, PYTHONPATH=f"{hook}{os.pathsep}{os.environ['PYTHONPATH']}")
    path = config(("shop", 'key = "keyring:service/user"'))
    began = time.monotonic()
    result = process("check", "--below", "5USD", "--timeout", "0.5", "--config", path, env=environment)
    assert time.monotonic() - began < 15
    assert (result.code, result.err) == (3, "")
    assert result.out.startswith("UNKNOWN: ")


def test_an_interrupt_is_unknown(config: Write, bank: Bank) -> None:
    bank.rows("shop", {"currency": "USD", "total": "1"})
    bank.waiting = {"shop"}
    with start("check", "--below", "5USD", "--config", config("shop")) as running:
        while not bank.seen:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=20)
    assert (running.returncode, out, err.strip()) == (3, "UNKNOWN: interrupted\n", "")


def test_without_the_extra_it_is_unknown_too(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise ModuleNotFoundError(\"No module named 'click'\", name='click')\n")
    environment = dict(os.environ, PYTHONPATH=str(tmp_path))
    result = process("check", "--below", "5USD", env=environment)
    assert result == (3, 'UNKNOWN: the command line needs more packages: pip install "coffers[cli]"\n', "")


def test_no_secret_is_told(cli: Cli, config: Write, bank: Bank) -> None:
    bank.refuse("shop", message=f"no such key: {SECRET}")
    result = cli("check", "-v", "--below", "5USD", "--config", config("shop"))
    assert SECRET not in result.out + result.err
    assert "***" in result.out
