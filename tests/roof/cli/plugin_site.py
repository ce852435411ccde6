"""A folder of made-up plugins, installed as an installer would leave them, and the doctor asked about them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import Result

Cli = Callable[..., Result]

GOOD = '''"""The made-up provider `acme`."""
import attrs
from coffers.plugin import NoSettings, Provider, Request, SandboxProvider, Secret, Snapshot, hookimpl, reply_json

@attrs.frozen
class ByKey:
    key: Secret

@hookimpl
def coffers_provider():
    return Provider(id="acme", title="Acme", docs="https://acme.example/docs",
                    base_urls={"api": "https://api.acme.example"}, credentials=(ByKey,), permission="read only")

@hookimpl
def coffers_request(query):
    return Request("GET", "/balance")

@hookimpl
def coffers_sign(request, credentials, attempt):
    return request.seal(headers=[("X-Key", credentials.key.reveal())])

@hookimpl
def coffers_parse(response, query):
    return Snapshot([])

part = SandboxProvider(id="acme", fields={"key": "made-up-key"}, balances={"EUR": "1.50"},
                       answer=lambda call, account: reply_json({}))
'''
POINTS = "[coffers.providers]\nacme = coffers_acme\n"
WITH_PART = POINTS + "[coffers.sandboxes]\nacme = coffers_acme:part\n"
INIT = "coffers_acme/__init__.py"


class Site:
    """A folder of installed plugins, and the doctor asked about them."""

    def __init__(self, folder: Path, cli: Cli) -> None:
        self.folder = folder
        self._cli = cli

    def dist(self, name: str = "coffers-acme", version: str = "0.1", points: str = POINTS, headers: str = "") -> Path:
        """A distribution of these entry points; its modules are written apart."""
        info = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{headers}")
        (info / "entry_points.txt").write_text(points)
        return info

    def write(self, path: str, text: str) -> None:
        """A file of the site."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        importlib.invalidate_caches()

    def plugin(self, text: str = GOOD, points: str = POINTS, headers: str = "") -> None:
        """The distribution `coffers-acme` with one package, as `text` says."""
        self.dist(points=points, headers=headers)
        self.write(INIT, text)

    def changed(self, *changes: tuple[str, str]) -> None:
        """The good plugin with these changes."""
        text = GOOD
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.plugin(text)

    def doctor(self, name: str = "acme") -> Result:
        return self._cli("doctor", name)

    def bad(self, name: str = "acme") -> list[str]:
        """Each bad finding, `text -> remedy`; the exit code says the same."""
        result = self.doctor(name)
        lines = result.out.splitlines()
        found = [
            f"{line[8:]} {after.strip()}"
            for line, after in zip(lines, [*lines[1:], ""], strict=True)
            if "  BAD " in line
        ]
        assert result.code == (2 if found else 0), result
        return found

    def only(self, name: str = "acme") -> str:
        [found] = self.bad(name)
        return found


@pytest.fixture
def site(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    folder = tmp_path / "plugins"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield Site(folder, cli)
    for name in set(sys.modules) - before:
        if Path(str(getattr(sys.modules[name], "__file__", None) or "")).is_relative_to(tmp_path):
            del sys.modules[name]
