"""The table: on a terminal of any width, and off a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Bank, Result

Cli = Callable[..., Result]
Write = Callable[..., Path]

LONG = "1234567890123456789012345678901234567890.1234567890"


def fill(bank: Bank) -> None:
    bank.rows(
        "a-rather-long-account-name",
        {"currency": "USDT", "network": "TRC20", "total": "10.000000", "available": "9.5", "value": ["USD", "10.01"]},
        {"currency": "BTC", "network": "[red]BTC[/red]", "total": "0.00000001", "reserved": "0.5"},
        as_of="2026-11-21T03:00:00+00:00",
    )
    bank.rows("empty")
    bank.refuse("payouts", message="[bold]permission[/bold] denied :warning: \x1b[31mred " + "word " * 20 + "end")


ACCOUNTS = ("a-rather-long-account-name", "empty", "payouts")


def drained(terminal: int, awaited: str = "", act: Callable[[], None] = lambda: None) -> str:
    """All that a terminal gets; `act` is called when `awaited` has been seen."""
    shown = bytearray()
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            part = b""
        if not part:
            return shown.decode().replace("\r\n", "\n")
        shown += part
        if awaited and awaited.encode() in shown:
            awaited = ""
            act()


def on_a_terminal(
    config: Path | None,
    columns: int,
    form: str | None = None,
    *,
    awaited: str = "",
    act: Callable[[], None] = lambda: None,
    **environment: str,
) -> str:
    """What a terminal of that width gets; without a config, of the list of providers. The rest as for `drained`."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    command = ["providers"] if config is None else ["balances", "--config", str(config)]
    arguments = [sys.executable, "-m", "coffers", *command, *([form] if form else [])]
    with subprocess.Popen(
        arguments, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=os.environ | {"TERM": "xterm"} | environment
    ) as running:
        os.close(theirs)
        shown = drained(ours, awaited, act)
        running.communicate(timeout=20)
    os.close(ours)
    return shown


def last_frame(shown: str) -> str:
    """The text that stays: what was drawn over is left out."""
    frame = re.split(r"\x1b\[[0-9]*A", shown)[-1]
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", frame)


def test_off_a_terminal_it_is_plain_and_whole(
    cli: Cli, config: Write, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(bank)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    result = cli("balances", "--config", config(*ACCOUNTS))
    assert result.code == 5
    head, first, second, third, fourth = result.out.splitlines()
    assert head.split() == [
        "Account", "Provider", "Currency", "Network", "Total", "Available", "Reserved", "Value", "As", "of", "Note"
    ]  # fmt: skip
    assert first.split()[:9] == [
        "a-rather-long-account-name", "toybox", "USDT", "TRC20", "10.000000", "9.5", "10.01", "USD", "2026-11-21"
    ]  # fmt: skip
    assert "[red]BTC[/red]" in second
    assert third.split() == ["empty", "toybox", "holds", "nothing"]
    assert fourth.endswith("auth: [bold]permission[/bold] denied :warning: [31mred " + "word " * 20 + "end")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", result.out + result.err)
    # Numbers stand flush right.
    assert first.index("10.000000") + len("10.000000") == second.index("0.00000001") + len("0.00000001")


def test_what_is_derived_and_what_expires_has_a_column(cli: Cli, config: Write, bank: Bank) -> None:
    bank.rows(
        "shop",
        {"currency": "USD", "total": "74.75", "reserved": "1.00", "derived": ["total", "reserved"]},
        {"currency": "USD", "total": "50.00", "expires": "2027-01-31T23:59:59Z"},
    )
    head, first, second = cli("balances", "--config", config("shop")).out.splitlines()
    assert head.split()[3:] == ["Total", "Available", "Reserved", "Derived", "Expires"]
    assert first.split()[3:] == ["74.75", "-", "1.00", "total", "reserved"]
    assert second.split()[3:] == ["50.00", "-", "2027-01-31", "23:59:59Z"]


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 120, 200])
def test_on_a_terminal_no_amount_and_no_word_is_cut(config: Write, bank: Bank, columns: int) -> None:
    fill(bank)
    frame = last_frame(on_a_terminal(config(*ACCOUNTS), columns))
    assert all(len(line) <= columns for line in frame.splitlines())
    for text in ("10.000000", "9.5", "10.01", "0.00000001", "0.5", "USDT", "BTC", "payouts"):
        assert text in frame
    words = re.sub(r"\s+", "", frame)
    assert words.count("word") == 20
    assert "[bold]permission[/bold]" in words
    assert "…" not in frame


def test_a_long_wallet_folds_before_the_columns_are_given_up(config: Write, bank: Bank) -> None:
    rows = [{"currency": "USD", "wallet": "a promotion with a long name", "total": "50.00", "available": "10.00"}]
    bank.rows("shop", *rows, {"currency": "EUR", "wallet": "main", "total": "1234567.89"})
    frame = last_frame(on_a_terminal(config("shop"), 55))
    assert [line.split() for line in frame.splitlines() if line] == [
        *(["Currency", "Wallet", "Total", "Available"], ["shop", "toybox"]),
        *(
            ["USD", "a", "promotion", "with", "a", "50.00", "10.00"],
            ["long", "name"],
            ["EUR", "main", "1234567.89", "-"],
        ),
    ]


@pytest.mark.parametrize("columns", [40, 80])
def test_an_amount_longer_than_a_line_keeps_every_digit(config: Write, bank: Bank, columns: int) -> None:
    bank.rows("shop", {"currency": "WEI", "total": LONG})
    frame = last_frame(on_a_terminal(config("shop"), columns))
    assert LONG in re.sub(r"\s+", "", frame)


def test_no_color_is_respected(config: Write, bank: Bank) -> None:
    fill(bank)
    path = config(*ACCOUNTS)
    colour = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
    assert colour.search(on_a_terminal(path, 120))
    assert not colour.search(on_a_terminal(path, 120, NO_COLOR="1"))


def test_it_fills_as_accounts_complete(config: Write, bank: Bank) -> None:
    fill(bank)
    bank.waiting = {"empty"}
    shown = on_a_terminal(config(*ACCOUNTS), 200, awaited="2 of 3 accounts read", act=bank.release.set)
    assert bank.release.is_set()
    assert "reading …" in shown
    assert "accounts read" not in last_frame(shown)


@pytest.mark.parametrize("form", ["--json", "--jsonl", "--csv", None])
def test_progress_is_on_stderr_and_the_data_where_it_belongs(config: Write, bank: Bank, form: str | None) -> None:
    fill(bank)
    bank.waiting = {"empty"}
    ours, theirs = pty.openpty()
    arguments = [sys.executable, "-m", "coffers", "balances", "--config", str(config(*ACCOUNTS))]
    with subprocess.Popen(
        [*arguments, *([form] if form else [])],
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        env=os.environ | {"TERM": "xterm"},
    ) as running:
        os.close(theirs)
        assert running.stdout is not None
        told = drained(ours, "2 of 3 accounts read", bank.release.set)
        data = running.stdout.read()
    os.close(ours)
    assert bank.release.is_set()
    assert "USDT" not in told
    assert data.count("TRC20") == 1
    assert "\x1b" not in data


def test_an_interrupt_gives_the_terminal_back(config: Write, bank: Bank) -> None:
    fill(bank)
    bank.waiting = {"empty"}
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "coffers", "balances", "--config", str(config(*ACCOUNTS))],
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm"},
    ) as running:
        os.close(theirs)
        shown = b""
        while b"2 of 3 accounts read" not in shown:
            shown += os.read(ours, 65536)
        running.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert running.wait(20) == 130
        assert time.monotonic() - began < 8
        shown += os.read(ours, 1_000_000)
    os.close(ours)
    assert shown.rindex(b"\x1b[?25h") > shown.rindex(b"\x1b[?25l")  # the cursor is seen again
    assert b"Traceback" not in shown


def test_the_data_is_whole_where_both_streams_are_one_terminal(config: Write, bank: Bank) -> None:
    fill(bank)
    path = config(*ACCOUNTS)
    for form in ("--jsonl", "--json"):
        shown = last_frame(on_a_terminal(path, 5000, form=form))
        assert shown.count('"network": "TRC20"') == 1
        assert "accounts read" not in shown


def test_the_list_of_providers_on_a_terminal() -> None:
    shown = last_frame(on_a_terminal(None, 100))
    assert "coffers-toybox" in shown
    assert "───" in shown


def test_a_check_of_the_providers_on_a_terminal_has_a_line_for_each_fact() -> None:
    lines = [line.rstrip() for line in last_frame(on_a_terminal(None, 60, "--check")).splitlines()]
    there = lines[next(number for number, line in enumerate(lines) if line.startswith("toybox")) :]
    facts = [" ".join(line.split()) for line in there[:7]]
    assert facts[:3] == ["toybox 2.1 coffers-toybox", "Hosts https://api.toybox.example", facts[2]]
    assert facts[2].startswith("Fields purse, ")
    assert facts[4:] == ["Permission a toy key", "Not covered lost toys", "State ok"]
    assert all(len(line) <= 60 for line in lines)


def test_more_accounts_than_lines_are_counted_and_then_shown_whole(config: Write, bank: Bank) -> None:
    names = [f"shop{number:02}" for number in range(60)]
    for name in names:
        bank.rows(name, {"currency": "USD", "total": "1.50"})
    bank.waiting = {"shop59"}
    shown = on_a_terminal(config(*names), 100, awaited="59 of 60 accounts read", act=bank.release.set)
    assert bank.release.is_set()
    assert "reading" not in shown
    assert all(shown.count(name) == 1 for name in names)
