"""What a config comes to, beyond its accounts: the warning that nobody would be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from coffers import Registry
from coffers_monitor.watching.plan import read_plan

RULE = '[[monitor.rules]]\nbelow = "50"\ncurrency = "EUR"\n'
CHANNEL = '[[monitor.notify]]\napprise = "env:CHAT_URL"\n'


@pytest.mark.usefixtures("acme_installed")
@pytest.mark.parametrize(
    ("config", "warned"),
    [
        ("", ()),
        (RULE + CHANNEL, ()),
        (RULE, ("there are rules and no channel, so nobody will be told; add one: [[monitor.notify]]",)),
        (CHANNEL, ("there are channels and no rule, so nothing will be told; add one: [[monitor.rules]]",)),
    ],
)
def test_what_would_tell_nobody_is_warned_of(tmp_path: Path, config: str, warned: tuple[str, ...]) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[accounts.shop]\nprovider = "acme"\nkey = "env:ACME_KEY"\n' + config)
    path.chmod(0o600)
    assert read_plan(path, Registry()).warnings == warned
