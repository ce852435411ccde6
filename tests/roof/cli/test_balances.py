"""`coffers balances`: formats, order, exit codes, streams."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # its types are a distribution of their own
import pytest

from .conftest import SECRET, Bank, Result, install, process, start

Cli = Callable[..., Result]
Write = Callable[..., Path]


def check_schema(document: Any) -> None:
    schema = json.loads((resources.files("coffers") / "schemas" / "balances-1.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(document)


def fill(bank: Bank) -> None:
    bank.rows(
        "shop",
        {"currency": "usdt", "unit": "asset", "network": "TRC20", "total": "10.0", "available": "10.0",
         "value": ["USD", "10.0"], "details": {"asset": "USDT_TRC20"}},
        {"currency": "USDT", "unit": "asset", "network": "ERC20", "total": "1e3", "derived": ["total"],
         "expires": "2027-01-31T23:59:59Z"},
        as_of="2026-11-21T04:00:00.250+01:00",
    )  # fmt: skip
    bank.rows("debt", {"currency": "EUR", "total": "-12.50", "pending": "123456789012345678901234567890.123456789"})
    bank.rows("empty")
    bank.refuse("payouts")


@pytest.mark.parametrize(
    ("currency", "fits"),
    [
        *(("USD", True), ("1-A_B.C", True), ("币安人生", True), ("грн", True), ("币" * 32, True), ("𠮷" * 32, True)),
        *(("", False), ("usd", False), ("币安life", False), ("币" * 33, False), ("US D", False), ("币\u3000安", False)),
        *(("币\u202e", False), ("\x9b币", False), ("币|", False), ("$", False)),
    ],
)
def test_the_schema_takes_codes_of_any_script_and_nothing_that_acts(
    cli: Cli, config: Write, bank: Bank, currency: str, fits: bool
) -> None:
    bank.rows("shop", {"currency": "USD", "total": "1"})
    document = json.loads(cli("balances", "--json", "--config", config("shop")).out)
    document["accounts"][0]["balances"][0]["currency"] = currency
    if fits:
        check_schema(document)
    else:
        with pytest.raises(jsonschema.ValidationError):
            check_schema(document)


def test_json_has_the_fixed_shape_in_the_order_of_the_config(cli: Cli, config: Write, bank: Bank) -> None:
    fill(bank)
    result = cli("balances", "--json", "--config", config("shop", "payouts", "debt", "empty"))
    assert result.code == 5
    document = json.loads(result.out)
    check_schema(document)
    assert list(document) == ["schema", "generated_at", "accounts"]
    assert [account["account"] for account in document["accounts"]] == ["shop", "payouts", "debt", "empty"]
    shop, payouts, debt, empty = document["accounts"]
    assert list(shop) == ["account", "provider", "status", "fetched_at", "as_of", "balances"]
    assert shop["as_of"] == "2026-11-21T03:00:00.25Z"
    assert list(shop["balances"][0].items()) == [
        ("currency", "USDT"), ("unit", "asset"), ("network", "TRC20"), ("wallet", None), ("total", "10.0"),
        ("available", "10.0"), ("pending", None), ("reserved", None), ("spendable", "10.0"),
        ("value", {"currency": "USD", "total": "10.0", "available": None}), ("details", {"asset": "USDT_TRC20"}),
        ("derived", []), ("expires_at", None),
    ]  # fmt: skip
    assert (shop["balances"][1]["derived"], shop["balances"][1]["expires_at"]) == (["total"], "2027-01-31T23:59:59Z")
    assert shop["balances"][1]["total"] == shop["balances"][1]["spendable"] == "1000"
    assert payouts["status"] == "error"
    assert "balances" not in payouts
    assert payouts["error"] == {
        "kind": "auth", "code": "no", "message": "permission denied", "retryable": False, "retry_after": None
    }  # fmt: skip
    assert debt["balances"][0]["total"] == "-12.50"
    assert debt["balances"][0]["pending"] == "123456789012345678901234567890.123456789"
    assert empty["balances"] == []
    assert "1 of 4 accounts could not be read" in result.err
    assert "payouts: auth: permission denied (code no)" in result.err
    assert SECRET not in result.out + result.err


def test_retry_after_is_rounded_up(cli: Cli, config: Write, bank: Bank) -> None:
    bank.refuse("shop", 429, "slow down", "slow")
    bank.headers["shop"] = {"Retry-After": "3600"}
    result = cli("balances", "--json", "--config", config("shop"))
    error = json.loads(result.out)["accounts"][0]["error"]
    assert (result.code, error["kind"], error["retry_after"], error["retryable"]) == (69, "rate_limited", 3600, True)


def test_a_schema_that_means_something() -> None:
    with pytest.raises(jsonschema.ValidationError):
        check_schema({"schema": "coffers.balances/1", "accounts": []})
    line: dict[str, Any] = {"schema": "coffers.balances/1", "account": "a", "provider": "p", "status": "ok",
            "fetched_at": "2026-11-21T03:00:00Z", "as_of": None, "balances": [], "new": 1}  # fmt: skip
    check_schema(line)
    for change in ({"status": "error"}, {"fetched_at": "2026-11-21 03:00"}, {"balances": [{"currency": "USD"}]}):
        with pytest.raises(jsonschema.ValidationError):
            check_schema(line | change)


def test_json_lines_come_one_by_one_as_accounts_complete(config: Write, bank: Bank) -> None:
    fill(bank)
    bank.waiting = {"shop"}
    with start("balances", "--jsonl", "--config", config("shop", "debt", "payouts")) as running:
        assert running.stdout is not None
        first = [json.loads(running.stdout.readline()) for _ in range(2)]
        assert {line["account"] for line in first} == {"debt", "payouts"}  # while the shop still keeps us waiting
        bank.release.set()
        last = json.loads(running.stdout.readline())
        assert running.wait(20) == 5
    assert last["account"] == "shop"
    for line in (*first, last):
        assert next(iter(line)) == "schema"
        check_schema(line)


def test_csv_has_a_row_for_every_account(cli: Cli, config: Write, bank: Bank) -> None:
    fill(bank)
    bank.rows("tricky", {"currency": "-X", "total": "-1", "wallet": '=1+1,"a"\nb', "network": "@n"})
    bank.refuse("rude", message="+49 said no")
    result = cli("balances", "--csv", "--config", config("shop", "payouts", "empty", "debt", "tricky", "rude"))
    assert result.code == 5
    assert result.out.count("\r\n") == result.out.count("\n") == 8
    rows = list(csv.DictReader(io.StringIO(result.out, newline="")))
    assert [row["account"] for row in rows] == ["shop", "shop", "payouts", "empty", "debt", "tricky", "rude"]
    assert [row["status"] for row in rows] == ["ok", "ok", "error", "ok", "ok", "ok", "error"]
    assert (rows[0]["value_currency"], rows[0]["value_total"], rows[0]["as_of"]) == (
        "USD", "10.0", "2026-11-21T03:00:00.25Z"
    )  # fmt: skip
    assert [(row["derived"], row["expires_at"]) for row in rows[:3]] == [
        *(("", ""), ("total", "2027-01-31T23:59:59Z"), ("", ""))
    ]
    assert (rows[2]["error_kind"], rows[2]["total"]) == ("auth", "")
    assert (rows[3]["currency"], rows[3]["total"], rows[3]["error_kind"]) == ("", "", "")
    assert rows[4]["total"] == rows[4]["spendable"] == "-12.50"
    assert (rows[5]["currency"], rows[5]["total"]) == ("'-X", "-1")
    assert (rows[5]["wallet"], rows[5]["network"]) == ('\'=1+1,"a" b', "'@n")
    assert rows[6]["error_message"] == "'+49 said no"


def test_named_accounts_only_and_in_the_order_of_the_config(cli: Cli, config: Write, bank: Bank) -> None:
    fill(bank)
    result = cli("balances", "debt", "shop", "debt", "--json", "--config", config("shop", "payouts", "debt"))
    assert result.code == 0
    assert [account["account"] for account in json.loads(result.out)["accounts"]] == ["shop", "debt"]
    assert sorted(bank.seen) == ["debt", "shop"]
    assert result.err == ""


def test_codes_when_not_all_is_read(cli: Cli, config: Write, bank: Bank) -> None:
    fill(bank)
    missing = ("missing", 'key = "env:NOBODY_SET_THIS"')
    assert cli("balances", "--config", config("shop")).code == 0
    assert cli("balances", "--config", config("payouts")).code == 69
    assert cli("balances", "--config", config("payouts", missing)).code == 69  # one was attempted
    assert cli("balances", "--config", config("shop", missing)).code == 5
    none = cli("balances", "--json", "--config", config(missing))
    assert none.code == 2
    assert json.loads(none.out)["accounts"][0]["error"]["kind"] == "config"
    assert "NOBODY_SET_THIS" in none.err


def test_a_missing_plugin_stops_only_its_account(cli: Cli, config: Write, bank: Bank) -> None:
    fill(bank)
    path = config("shop")
    path.write_text(path.read_text() + '\n[accounts.other]\nprovider = "nosuchbox"\nkey = "env:X"\n')
    result = cli("balances", "--json", "--config", path)
    assert result.code == 5
    assert json.loads(result.out)["accounts"][1]["error"]["kind"] == "plugin"
    assert "pip install coffers-nosuchbox" in result.err


def test_every_problem_of_a_file_is_a_line_and_nothing_is_read(cli: Cli, config: Write, bank: Bank) -> None:
    result = cli(
        "balances", "--json", "--config", config("shop", ("one", 'key = "literal-secret"'), ("two", "kez = 1"))
    )
    assert (result.code, result.out, bank.seen) == (2, "", [])
    lines = result.err.splitlines()
    assert len(lines) >= 3
    assert all(line.startswith("coffers: ") for line in lines)
    assert any("accounts.one.key" in line for line in lines)
    assert any("accounts.two.kez" in line for line in lines)
    assert "literal-secret" not in result.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["shpo"], "did you mean 'shop'"),
        (["--json", "--csv"], "--json and --csv cannot be given together"),
        (["--timeout", "0"], "above 0"),
        (["--timeout", "nan"], "above 0"),
        (["--timeout", "-1"], "above 0"),
        (["--timeout", "soon"], "above 0"),
        (["--key", "abc"], "No such option"),
    ],
)
def test_wrong_usage_is_2_with_an_empty_stdout(
    cli: Cli, config: Write, bank: Bank, arguments: list[str], said: str
) -> None:
    result = cli("balances", "--config", config("shop"), *arguments)
    assert (result.code, result.out, bank.seen) == (2, "", [])
    assert said in result.err


def test_no_accounts_and_no_file(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "empty.toml"
    empty.write_text("")
    monkeypatch.setenv("COFFERS_CONFIG", str(empty))
    result = cli("balances")
    assert (result.code, result.out) == (2, "")
    assert "has no accounts" in result.err
    monkeypatch.delenv("COFFERS_CONFIG")
    result = cli("balances")
    assert (result.code, result.out) == (2, "")
    assert "coffers init" in result.err


def test_the_timeout_goes_before_the_config(cli: Cli, config: Write, bank: Bank) -> None:
    fill(bank)
    bank.waiting = {"shop"}
    path = config(("shop", 'key = "env:TOY_KEY"\ntimeout = 60'))
    began = time.monotonic()
    result = cli("balances", "--json", "--timeout", "0.4", "--config", path)
    assert time.monotonic() - began < 15
    assert result.code == 69
    assert json.loads(result.out)["accounts"][0]["error"]["kind"] == "timeout"


def test_an_interrupt_ends_it_at_once(config: Write, bank: Bank) -> None:
    fill(bank)
    bank.waiting = {"shop"}
    with start("balances", "--json", "--config", config("shop")) as running:
        while not bank.seen:
            time.sleep(0.01)
        began = time.monotonic()
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=20)
        assert time.monotonic() - began < 8
    assert (running.returncode, out, err.strip()) == (130, "", "")


def test_an_interrupt_leaves_no_command_behind(tmp_path: Path, bank: Bank) -> None:
    log, script = tmp_path / "pid", tmp_path / "slow.py"
    script.write_text(
        f"import os, pathlib, time\npathlib.Path({str(log)!r}).write_text(f'{{os.getpid()}} ')\ntime.sleep(30)\n"
    )
    file = tmp_path / "slow.toml"
    command = f"cmd:{sys.executable} -S {script}"
    file.write_text(
        f'[accounts.a]\nprovider = "toybox"\npurse = "main"\ncount = 1\nkey = "{command}"\nbase_url = "{bank.url}/a"\n'
    )
    with start("balances", "--config", file) as running:
        while not (log.exists() and log.read_text().endswith(" ")):
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        assert running.wait(20) == 130
    pid = int(log.read_text())
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return  # dead; nobody has taken note of it yet
        time.sleep(0.01)
    pytest.fail("the command still runs")


@pytest.mark.parametrize("form", ["--json", "--jsonl", "--csv", None])
def test_a_closed_pipe_is_quiet(config: Write, bank: Bank, form: str | None) -> None:
    fill(bank)
    bank.waiting = {"shop"}
    with start("balances", *([form] if form else []), "--config", config("shop")) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        bank.release.set()
        assert running.stderr.read() == ""
        assert running.wait(20) == 141


def test_a_closed_stdout_is_no_fault(config: Write, bank: Bank) -> None:
    fill(bank)
    command = f"exec {sys.executable} -m coffers balances --json --config {config('shop')} >&-"
    ended = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, timeout=30)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        ("balances --json --config {}", 74, "coffers: the output cannot be written; is the disk full?\n"),
        ("balances --jsonl --config {}", 74, "coffers: the output cannot be written; is the disk full?\n"),
        ("balances --config {}", 74, "coffers: the output cannot be written; is the disk full?\n"),
        ("providers", 74, "coffers: the output cannot be written; is the disk full?\n"),
        ("--help", 74, "coffers: the output cannot be written; is the disk full?\n"),
        ("check --below 1 --config {}", 3, ""),
    ],
)
def test_a_full_disk_is_no_fault_of_ours(config: Write, bank: Bank, command: str, code: int, told: str) -> None:
    fill(bank)
    arguments = command.format(config("shop")).split()
    with Path("/dev/full").open("w") as full:
        result = process(*arguments, stdout=full)
    assert (result.code, result.err) == (code, told)


@pytest.mark.parametrize("command", ["balances --jsonl --config {}", "providers", "balances --config {}"])
def test_nothing_is_said_where_stdout_is_closed(config: Write, bank: Bank, command: str) -> None:
    fill(bank)
    line = f"exec {sys.executable} -m coffers {command.format(config('shop'))} >&-"
    ended = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False, timeout=30)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


NOISY = """
print("imported")
from coffers.plugin import Balance, NoSettings, Provider, Request, Secret, Snapshot, amount_from_text, hookimpl
import attrs

@attrs.frozen
class ByKey:
    key: Secret

@hookimpl
def coffers_provider():
    return Provider(id="noisy", title="Noisy", docs="https://noisy.example", base_urls={"api": "https://noisy.example"},
                    settings=NoSettings, credentials=(ByKey,))

@hookimpl
def coffers_request(query):
    return Request("GET", "/")

@hookimpl
def coffers_sign(request, credentials, attempt):
    return request.seal()

@hookimpl
def coffers_parse(response, query):
    print("parsed")
    return Snapshot([Balance("EUR", total=amount_from_text("1.10"))])
"""


@pytest.mark.parametrize(
    ("command", "noise"),
    [
        ("balances --json --config {}", "imported\nparsed\n"),
        ("balances --jsonl --config {}", "imported\nparsed\n"),
        ("balances --csv --config {}", "imported\nparsed\n"),
        ("check --below 1 --config {}", "imported\nparsed\n"),
        ("providers noisy --json", "imported\n"),
        ("providers --check --json", "imported\n"),
        ("doctor --config {}", "imported\n"),
    ],
)
def test_what_a_plugin_prints_is_no_data(
    bank: Bank, toy_folder: Path, tmp_path: Path, command: str, noise: str
) -> None:
    install(tmp_path, "coffers-noisy", {"coffers_noisy": NOISY}, "[coffers.providers]\nnoisy = coffers_noisy\n")
    bank.rows("loud")
    file = tmp_path / "noisy.toml"
    file.write_text(f'[accounts.loud]\nprovider = "noisy"\nkey = "env:TOY_KEY"\nbase_url = "{bank.url}/loud"\n')
    path = os.pathsep.join([str(tmp_path), str(toy_folder)])
    result = process(*command.format(file).split(), env=os.environ | {"PYTHONPATH": path})
    assert (result.code, result.err) == (0, noise)
    assert "imported" not in result.out
    assert "parsed" not in result.out
    if "--json" in command.split():
        json.loads(result.out)


def test_a_fault_of_ours_tells_class_and_place_and_nothing_else(
    cli: Cli, config: Write, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(bank)
    monkeypatch.setattr("coffers.cli.show.print_json", lambda _: dict[str, str]()["sesame"])
    result = cli("balances", "--json", "--config", config("shop"))
    assert (result.code, result.out) == (1, "")
    assert "KeyError at" in result.err
    assert "cli/show.py:" in result.err
    assert "sesame" not in result.err


def test_verbose_tells_requests_and_no_secret(cli: Cli, config: Write, bank: Bank) -> None:
    fill(bank)
    path = config("shop")
    for arguments in (["-v", "balances"], ["balances", "-v"]):
        result = cli(*arguments, "--json", "--config", path)
        assert "debug: shop: GET api -> 200" in result.err
        assert SECRET not in result.err
        json.loads(result.out)
    assert cli("balances", "--json", "--config", path).err == ""


def test_a_secret_that_the_provider_echoes_is_shown_nowhere(cli: Cli, config: Write, bank: Bank) -> None:
    bank.refuse("shop", message=f"the key {SECRET} is unknown", code=SECRET)
    path = config("shop")
    for form in ("--json", "--jsonl", "--csv", "-v"):
        result = cli("balances", form, "--config", path)
        assert SECRET not in result.out + result.err
        assert "***" in result.out


def test_text_that_the_encoding_cannot_say_is_no_fault(config: Write, bank: Bank) -> None:
    bank.rows("shop", {"currency": "USD", "total": "1", "wallet": "гаманець"})
    environment = dict(os.environ, PYTHONIOENCODING="ascii")
    for form in ("--json", "--csv", None):
        result = process("balances", *([form] if form else []), "--config", config("shop"), env=environment)
        assert (result.code, result.err) == (0, "")
    result = process("balances", "--json", "--config", config("shop"), env=dict(os.environ, PYTHONUTF8="1"))
    assert "гаманець" in result.out


def test_a_config_that_others_may_write_is_refused(cli: Cli, config: Write) -> None:
    path = config("shop")
    path.chmod(path.stat().st_mode | stat.S_IWOTH)
    assert cli("balances", "--config", path).code == 2
