"""What tests of whole commands share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The made-up provider and this extension, for processes started from here; no folder of the machine's owner."""
    info = tmp_path / "site/coffers_monitor-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: coffers-monitor\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[coffers.extensions]\nmonitor = coffers_monitor.extension\n")
    source = Path(__file__).parents[1] / "src"
    folders = (tmp_path / "site", source, ROOT / "tests/acme", ROOT / "core/src")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, folders)))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COFFERS_TEST_KEY", "canary-key-0123456789")
    for name in ("COFFERS_CONFIG", "COFFERS_NO_EXTENSIONS"):
        monkeypatch.delenv(name, raising=False)
