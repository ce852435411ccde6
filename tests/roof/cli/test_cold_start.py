"""What a command costs before it does anything: modules imported, files of authorities read, connections opened.

Counts, which a busy machine cannot move. Beyond them lies `bench`, which measures time.
"""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from coffers import Account, Client
from coffers.extensions import installed
from coffers.testing.hostile import HostileServer, answer, http_answer

from .conftest import Result, install

#: A provider as most are: one key, one answer that is structured.
METER = """
import attrs
from coffers.plugin import Amount, Balance, NoSettings, Provider, Request, Secret, Snapshot, bearer, hookimpl, read_json

@attrs.frozen
class ByKey:
    key: Secret

@attrs.frozen
class Answer:
    balance: Amount
    currency: str

@hookimpl
def coffers_provider():
    return Provider(id="meter", title="Meter", docs="https://meter.example/docs",
                    base_urls={"api": "https://api.meter.example"}, credentials=(ByKey,))

@hookimpl
def coffers_request(query):
    return Request("GET", "/balance")

@hookimpl
def coffers_sign(request, credentials, attempt):
    return request.seal(headers=[bearer(credentials.key)])

@hookimpl
def coffers_parse(response, query):
    answer = read_json(response, Answer)
    return Snapshot([Balance(answer.currency, total=answer.balance)])
"""

#: What no command needs that reads over HTTP and answers in JSON: another way to do what is done without it, or what
#: serves a case that did not come up.
NEVER = frozenset(
    {"urllib3", "http.client", "email", "asyncio", "concurrent.futures", "importlib.metadata", "importlib.resources"}
    | {"zipfile", "tempfile", "shutil", "subprocess", "csv", "difflib", "html", "http", "platformdirs", "rich"}
    | {
        "coffers.extensions.hookspecs",
        "coffers.extensions.loading",
        "coffers.observing",
        "coffers.sandboxing",
        "coffers.settings.commands",
        "coffers.settings.places",
        "coffers.cli.table",
        "coffers_toybox",
    }
)


@pytest.fixture
def meter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toy_folder: Path) -> Callable[..., Path]:
    """Installs the provider; writes a config with an account at each of some addresses."""
    install(
        tmp_path / "site", "coffers-meter", {"coffers_meter": METER}, "[coffers.providers]\nmeter = coffers_meter\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path / "site"), str(toy_folder))))

    def write(*urls: str, more: str = "") -> Path:
        path = tmp_path / "config.toml"
        head = 'provider = "meter"\nkey = "env:TOY_KEY"\n'
        path.write_text("\n".join(f'[accounts.a{n}]\n{head}base_url = "{url}"\n{more}' for n, url in enumerate(urls)))
        path.chmod(0o600)
        return path

    return write


def imported(code: str, *arguments: object) -> tuple[set[str], str]:
    """The modules that a fresh Python holds at its end after `code`; and what it prints."""
    # Coverage measures child processes, and would be counted.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    telling = "import atexit, sys\natexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    command = [sys.executable, "-c", telling + code, *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environ)
    return set(run.stderr.split()), run.stdout


def imported_by(*arguments: object) -> tuple[set[str], str]:
    """Those that a command adds to Python's own, begun as the installed script begins it; and what it prints."""
    modules, out = imported("from coffers.__main__ import main\nsys.exit(main())", *arguments)
    return modules - imported("pass")[0], out


def test_the_version_costs_three_modules() -> None:
    modules, out = imported_by("--version")
    assert modules - {"gc"} == {"coffers", "coffers.__main__", "coffers._version"}
    assert out.startswith("coffers ")


def test_the_overview_costs_click_and_a_few_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    if not installed():  # else its extensions would be counted, too
        monkeypatch.delenv("COFFERS_NO_EXTENSIONS")
    modules, out = imported_by("--help")
    assert "balances" in out
    assert not modules & {"attr", "pluggy", "logging", "decimal", "pathlib", "urllib.parse", "coffers.errors"}
    assert {name for name in modules if name.startswith("coffers")} == {
        "coffers", "coffers.__main__", "coffers._version", "coffers.cli", "coffers.cli.app", "coffers.cli.endings",
        "coffers.cli.options", "coffers.entries", "coffers.extensions",
    }  # fmt: skip
    assert len(modules) <= 90, len(modules)


def test_a_read_costs_its_own_libraries_and_none_for_http(
    meter: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not installed():
        monkeypatch.delenv("COFFERS_NO_EXTENSIONS")
    with HostileServer(answer(http_answer())) as server:
        modules, out = imported_by("balances", "--json", "--config", meter(server.base_url))
    assert '"total": "1000.00"' in out
    assert not modules & NEVER
    assert "coffers_meter" in modules
    assert len(modules) <= 220, len(modules)


def test_importing_the_front_costs_two_modules() -> None:
    assert imported("import coffers")[0] - imported("pass")[0] == {"coffers", "coffers._version"}


def test_a_thread_that_python_waits_for_is_waited_for() -> None:
    code = """
import sys, threading, time
from coffers.__main__ import main
def late():
    while threading.main_thread().is_alive():
        time.sleep(0.01)
    print("late", flush=True)
threading.Thread(target=late).start()
sys.exit(main())
"""
    run = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.endswith("late\n")


def test_one_connection_serves_all_reads_of_a_host(meter: Callable[..., Path]) -> None:
    with HostileServer(answer(http_answer())) as server, Client() as client:
        meter()
        account = Account("a", "meter", {"key": "env:TOY_KEY"}, base_url=server.base_url)
        for _ in range(20):
            client.read(account)
        assert (len(server.requests), server.connections) == (20, 1)


def test_a_file_of_authorities_is_read_once_in_a_process(
    meter: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Callable[..., Result]
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    read: list[str] = []
    for name in ("load_verify_locations", "load_default_certs"):
        really: Any = getattr(ssl.SSLContext, name)

        def counted(self: ssl.SSLContext, *places: Any, name: str = name, really: Any = really, **more: Any) -> None:
            read.append(name)
            really(self, *places, **more)

        monkeypatch.setattr(ssl.SSLContext, name, counted)
    served = answer(http_answer())
    with HostileServer(served, tls=context) as one, HostileServer(served, tls=context) as two:
        urls = (one.base_url, two.base_url, one.base_url + "/x", two.base_url + "/y")
        result = cli("balances", "--json", "--config", meter(*urls, more='ca_file = "authority.pem"\n'))
        assert result.code == 0, result.err
        assert 1 <= one.connections <= 2
        assert 1 <= two.connections <= 2
    assert read == ["load_verify_locations"]
