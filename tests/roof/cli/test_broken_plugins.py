"""A plugin broken in every way that comes to mind, beside a healthy one, through the real command line."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from .conftest import Bank, Result, install, process

GOOD = """
import attrs
from coffers.plugin import Balance, Provider, Request, Secret, Snapshot, hookimpl

@attrs.frozen
class Key:
    key: Secret

@hookimpl
def coffers_provider():
    return Provider(id="acme", title="Acme", docs="https://acme.example/docs",
                    base_urls={"api": "https://api.acme.example"}, credentials=(Key,))

@hookimpl
def coffers_request(query):
    return Request("GET", "/balances")

@hookimpl
def coffers_sign(request, credentials, attempt):
    return request.seal(headers=[("X-Key", credentials.key.reveal())])

@hookimpl
def coffers_parse(response, query):
    return Snapshot([Balance("EUR", total=1)])
"""
REQUEST, SIGN = """Request("GET", "/balances")""", """request.seal(headers=[("X-Key", credentials.key.reveal())])"""
PARSE, MANIFEST = """Snapshot([Balance("EUR", total=1)])""", """return Provider("""
IMPORT = "import attrs\n"


class Breakage(NamedTuple):
    """How the good plugin is broken, and what is said about it."""

    before: str
    after: str
    reason: str


NOTHING = dict.fromkeys(("available", "pending", "reserved", "network", "wallet", "value")) | {
    "unit": "money",
    "details": {},
    "derived": [],
    "expires_at": None,
}
BREAKAGES = {
    "ImportError": Breakage(IMPORT, "import no_such_module\n", "ModuleNotFoundError: No module named"),
    "SyntaxError": Breakage(IMPORT, "def broken(:\n", "SyntaxError"),
    "SystemExit at import": Breakage(IMPORT, IMPORT + "raise SystemExit(7)\n", "is broken: SystemExit: 7"),
    "wrong contract": Breakage("credentials=(Key,)", "credentials=(Key,), contract=99", "hook contract 99"),
    "another id": Breakage('id="acme"', 'id="other"', "its manifest's id is 'other'"),
    "missing hook": Breakage("def coffers_sign", "def left_out", "left_out"),
    "request answers nonsense": Breakage(REQUEST, "None", "coffers_request must answer a Request"),
    "sign answers nonsense": Breakage(SIGN, "b'bytes'", "coffers_sign must answer"),
    "parse answers nonsense": Breakage(PARSE, "{}", "coffers_parse must answer a Snapshot"),
    "manifest is nonsense": Breakage(MANIFEST, "return dict(", "must answer a Provider, not dict"),
    "request raises": Breakage(REQUEST, "1 / 0", "coffers_request raised ZeroDivisionError"),
    "sign raises": Breakage(SIGN, "1 / 0", "coffers_sign raised ZeroDivisionError"),
    "parse raises": Breakage(PARSE, "1 / 0", "ZeroDivisionError"),
    "manifest raises": Breakage(MANIFEST, "1 / 0\n    return Provider(", "ZeroDivisionError"),
    "request leaves": Breakage(REQUEST, "exit(3)", "coffers_request raised SystemExit"),
    "sign leaves": Breakage(SIGN, "exit(3)", "coffers_sign raised SystemExit"),
    "parse leaves": Breakage(PARSE, "exit(3)", "coffers_parse raised SystemExit"),
    "manifest leaves": Breakage(MANIFEST, "exit(3)\n    return Provider(", "coffers_provider raised SystemExit"),
    "endless loop in request": Breakage(REQUEST, "[0 for _ in iter(int, 1)]", "coffers_request did not end within"),
    "endless loop in sign": Breakage(SIGN, "[0 for _ in iter(int, 1) if _]", "coffers_sign did not end within"),
    "endless loop in parse": Breakage(PARSE, "[0 for _ in iter(int, 1) if _]", "coffers_parse did not end within"),
    "endless loop in the manifest": Breakage(
        MANIFEST, "[0 for _ in iter(int, 1) if _]\n    return Provider(", "importing it takes longer than 3 s"
    ),
    "long sleep in parse": Breakage(PARSE, "__import__('time').sleep(60)", "coffers_parse did not end within its time"),
    "slow import": Breakage(IMPORT, "import attrs, time\ntime.sleep(60)\n", "importing it takes longer than 3 s"),
    "endless import": Breakage(IMPORT, IMPORT + "while True: pass\n", "importing it takes longer than 3 s"),
    "too many rows": Breakage(
        PARSE,
        "Snapshot([Balance('EUR', total=__import__('decimal').Decimal(1))] * 20_000)",
        "more than 10000 balances",
    ),
    "huge texts": Breakage(
        PARSE,
        "Snapshot([Balance('EUR', total=__import__('decimal').Decimal(1), wallet='x' * 2_000_000)])",
        "more than 1048576 characters",
    ),
    "prints": Breakage(PARSE, "print('made up') or exit(3)", "coffers_parse raised SystemExit"),
}


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def put(source: str) -> None:
        install(
            tmp_path / "site", "coffers-acme", {"coffers_acme": source}, "[coffers.providers]\nacme = coffers_acme\n"
        )
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([os.environ["PYTHONPATH"], str(tmp_path / "site")]))

    return put


@pytest.fixture
def both(config: Callable[..., Path], bank: Bank) -> Path:
    """A config with an account of the toy and one of acme."""
    bank.rows("shop", {"currency": "USD", "total": "10.50"})
    bank.rows("broken")
    path = config("shop")
    lines = f'[accounts.broken]\nprovider = "acme"\nbase_url = "{bank.url}/broken"\nkey = "env:TOY_KEY"\n'
    path.write_text(lines + path.read_text())
    return path


@pytest.mark.parametrize("breakage", BREAKAGES.values(), ids=list(BREAKAGES))
def test_the_other_account_is_read_the_reason_is_shown_and_the_run_ends(
    acme: Callable[[str], None], both: Path, breakage: Breakage
) -> None:
    assert breakage.before in GOOD
    acme(GOOD.replace(breakage.before, breakage.after, 1))
    started = time.monotonic()
    # Long enough for the healthy account beside a loop that eats its share of a busy machine, under coverage.
    result = process("balances", "--json", "--timeout", "3", "--config", both)
    assert time.monotonic() - started < 25
    beside_a_healthy_one(result, breakage.reason)


def beside_a_healthy_one(result: Result, reason: str) -> None:
    """The broken account has its reason, the other is read as if nothing were."""
    assert result.code == 5, result
    found = {entry["account"]: entry for entry in json.loads(result.out)["accounts"]}
    assert reason in found["broken"]["error"]["message"]
    assert reason in result.err
    # What `parse` raises may be the answer's fault; everything else is the plugin's.
    of_the_answer = reason in ("ZeroDivisionError", "more than 10000 balances")
    assert found["broken"]["error"]["kind"] in ("plugin", *(["bad_response"] if of_the_answer else []))
    assert found["shop"].pop("fetched_at")
    assert found["shop"] == {
        "account": "shop",
        "provider": "toybox",
        "status": "ok",
        "as_of": None,
        "balances": [{**NOTHING, "currency": "USD", "total": "10.50", "spendable": "10.50"}],
    }


def test_two_that_claim_one_name(tmp_path: Path, acme: Callable[[str], None], both: Path) -> None:
    install(tmp_path / "site", "coffers-rival", {}, "[coffers.providers]\nacme = coffers_rival\n")
    acme(GOOD)
    result = process("balances", "--json", "--timeout", "3", "--config", both)
    beside_a_healthy_one(result, "'acme' is claimed by coffers-acme and coffers-rival")


@pytest.mark.parametrize("command", [["providers", "--check"], ["doctor"], ["demo", "--json"]])
def test_every_command_ends_beside_an_import_that_hangs(
    cli: Callable[..., Result], tmp_path: Path, both: Path, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coffers.registry.LOAD_WITHIN_S", 0.3)
    monkeypatch.setattr("coffers.sandbox.parts._IMPORT_WITHIN_S", 0.3)
    name = f"coffers_hangs_{command[0]}"
    points = f"[coffers.providers]\nacme = {name}\n[coffers.sandboxes]\nacme = {name}:part\n"
    install(tmp_path / "site", "coffers-acme", {name: "import time\ntime.sleep(20)\n"}, points)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    started = time.monotonic()
    result = cli(*command, *(["--config", both] if command == ["doctor"] else []))
    assert time.monotonic() - started < 12
    assert "takes longer than 0.3 s" in result.out + result.err
    assert "toybox" in result.out
