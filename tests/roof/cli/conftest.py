"""A made-up provider, installed as a real distribution in a folder, and a server on loopback that answers for it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from coffers.cli import run

TOY = '''
"""The made-up provider `toybox`; its sandbox part is below."""
from datetime import datetime
from typing import Literal

import attrs
from coffers.plugin import (
    AuthError, Balance, Provider, RateLimitedError, Request, SandboxProvider, Secret, Snapshot, Valuation,
    amount_from_text, hookimpl, parse_json, refusal, reply_json,
)

@attrs.frozen
class Settings:
    purse: str = attrs.field(metadata={"help": "which purse"})
    count: int = attrs.field()
    region: Literal["north", "south"] = attrs.field(default="north", metadata={"help": "where it is\\nkept"})
    note: str | None = attrs.field(default=None, metadata={"example": "a \\"note\\""})

@attrs.frozen
class ByKey:
    key: Secret

@attrs.frozen
class ByLogin:
    login: str
    password: Secret

@hookimpl
def coffers_provider():
    return Provider(id="toybox", title="Toy [bold]Box[/bold] :smile:", docs="https://toybox.example/docs",
                    base_urls={"api": "https://api.toybox.example"}, settings=Settings, credentials=(ByKey, ByLogin),
                    permission="a toy key", not_covered="lost toys")

@hookimpl
def coffers_request(query):
    return Request("GET", "/balances")

@hookimpl
def coffers_sign(request, credentials, attempt):
    secret = credentials.key if isinstance(credentials, ByKey) else credentials.password
    return request.seal(headers=[("X-Key", secret.reveal())])

def _amount(row, name):
    return None if row.get(name) is None else amount_from_text(row[name])

@hookimpl
def coffers_parse(response, query):
    answer = parse_json(response.body)
    if response.status != 200:
        raise refusal(response, answer["message"], answer.get("code"), {"no": AuthError, "slow": RateLimitedError})
    rows = []
    for row in answer["rows"]:
        amounts = {name: _amount(row, name) for name in ("total", "available", "pending", "reserved")}
        value = row.get("value")
        rows.append(Balance(
            row["currency"], **amounts,
            network=row.get("network"), wallet=row.get("wallet"), unit=row.get("unit", "money"),
            valuation=None if value is None else Valuation(value[0], total=amount_from_text(value[1])),
            details=row.get("details", {}), derived=row.get("derived", ()),
            expires_at=None if "expires" not in row else datetime.fromisoformat(row["expires"])))
    as_of = answer.get("as_of")
    return Snapshot(rows, None if as_of is None else datetime.fromisoformat(as_of))

def _answer(call, account):
    if account.revoked or call.header("X-Key") != account.fields["key"]:
        return reply_json({"message": "who are you", "code": "no"}, status=401)
    return reply_json({"rows": [{"currency": code, "total": str(amount)} for code, amount in account.balances.items()]})

part = SandboxProvider(id="toybox", fields={"key": "toy-made-up-key", "purse": "main", "count": "3"},
                       balances={"EUR": "12.3400"}, answer=_answer)
'''
SECRET = "sesame-k3y/with+signs"


def install(folder: Path, dist: str, modules: dict[str, str], entry_points: str, version: str = "2.1") -> None:
    """Put a distribution in `folder`, as an installer would leave it."""
    info = folder / f"{dist.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(entry_points)
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    points = "[coffers.providers]\ntoybox = coffers_toybox\n[coffers.sandboxes]\ntoybox = coffers_toybox:part\n"
    install(folder, "coffers-toybox", {"coffers_toybox": TOY}, points)
    return folder


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, toy_folder: Path, tmp_path: Path) -> None:
    """The toy installed, here and in processes started from here; no config and no extension of the machine's owner."""
    monkeypatch.syspath_prepend(str(toy_folder))
    monkeypatch.setenv("PYTHONPATH", str(toy_folder))
    monkeypatch.setenv("TOY_KEY", SECRET)
    monkeypatch.setenv("COFFERS_NO_EXTENSIONS", "1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    for name in ("COFFERS_CONFIG", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


class Result(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run the command line in this process."""

    def call(*arguments: object) -> Result:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments]).code
        return Result(code, *capfd.readouterr())

    return call


def start(*arguments: object, **more: Any) -> subprocess.Popen[str]:
    """Start the command line as a process of its own."""
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | more
    return subprocess.Popen([sys.executable, "-m", "coffers", *map(str, arguments)], **options)


def process(*arguments: object, **more: Any) -> Result:
    """Run the command line as a process of its own, to its end."""
    with start(*arguments, **more) as running:
        out, err = running.communicate(timeout=30)
    return Result(running.returncode, out or "", err or "")


class Bank:
    """A server; `answers` holds (status, JSON value) by account, `hold` keeps accounts waiting."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.waiting: set[str] = set()
        self.release = threading.Event()
        self.seen: list[str] = []
        self.url = ""

    def rows(self, account: str, *rows: dict[str, Any], **more: Any) -> None:
        self.answers[account] = (200, {"rows": list(rows)} | more)

    def refuse(self, account: str, status: int = 401, message: str = "permission denied", code: str = "no") -> None:
        self.answers[account] = (status, {"message": message, "code": code})


@pytest.fixture
def bank() -> Iterator[Bank]:
    bank = Bank()

    class Counter(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.split("/")[1]
            bank.seen.append(name)
            if name in bank.waiting:
                bank.release.wait(20)
            status, value = bank.answers[name]
            body = json.dumps(value).encode()
            try:
                self.send_response(status)
                for header, text in bank.headers.get(name, {}).items():
                    self.send_header(header, text)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                self.close_connection = True  # the client left

        def log_message(self, *_: Any) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Counter)
    server.daemon_threads = True
    bank.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield bank
    bank.release.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def config(tmp_path: Path, bank: Bank) -> Callable[..., Path]:
    """Write a config with these accounts of the toy; an account is a name, or a name and the lines it has besides."""

    def write(*accounts: str | tuple[str, str]) -> Path:
        path = tmp_path / "config.toml"
        tables: list[str] = []
        for account in accounts:
            name, lines = account if isinstance(account, tuple) else (account, 'key = "env:TOY_KEY"')
            head = f'[accounts.{name}]\nprovider = "toybox"\npurse = "main"\ncount = 3\n'
            tables.append(f'{head}base_url = "{bank.url}/{name}"\n{lines}\n')
        path.write_text("\n".join(tables))
        path.chmod(0o600)
        return path

    return write


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that fails at import, and two that claim one name."""
    folder = tmp_path / "more"
    install(folder, "coffers-bang", {"coffers_bang": "raise RuntimeError('bang at import')"},
            "[coffers.providers]\nbang = coffers_bang\n")  # fmt: skip
    for rival in ("one", "two"):
        install(folder, f"coffers-{rival}", {}, "[coffers.providers]\nclash = coffers_toybox\n")
    monkeypatch.syspath_prepend(str(folder))


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Leave what is installed as it is, but for every provider and the named distributions."""

    def leave(*dists: str) -> None:
        left = tmp_path / "bare"
        left.mkdir()
        kept = [str(left)]
        for folder in sys.path:
            infos = list(Path(folder).glob("*.dist-info"))
            if not infos:
                kept.append(folder)
                continue
            points = {info: info / "entry_points.txt" for info in infos}
            gone = {info for info, file in points.items() if file.exists() and "[coffers." in file.read_text("utf-8")}
            gone |= {info for info in infos if info.name.split("-")[0] in dists}
            for entry in set(Path(folder).iterdir()) - gone:
                if not (left / entry.name).exists():
                    (left / entry.name).symlink_to(entry)
        monkeypatch.setattr(sys, "path", kept)

    return leave
