"""The files for whoever runs it: copied whole, hardened, with no secret and nothing open to the world."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from coffers_monitor.deploy import copy_files
from coffers_monitor.watching.command import command as watch
from coffers_monitor.web.command import command as serve

DEPLOY = Path(str(files("coffers_monitor.deploy")))
UNITS = ["coffers-watch.service", "coffers-serve.service"]
SYSTEMD = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(not SYSTEMD, reason="systemd units: apt-get install systemd")


def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text())
    return document


def test_every_file_is_copied_and_none_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    run = subprocess.run(
        [sys.executable, "-m", "coffers_monitor.deploy", str(folder)], capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines() == sorted(str(path) for path in folder.iterdir())
    assert {path.name for path in folder.iterdir()} == {
        "Containerfile", "compose.yml", "prometheus.yml", "prometheus-rules.yml", "grafana-dashboard.json",
        "grafana-datasource.yml", "grafana-dashboards.yml", *UNITS,
    }  # fmt: skip
    (folder / "compose.yml").write_text("mine")
    (folder / "prometheus.yml").unlink()
    with pytest.raises(FileExistsError, match="is there already; name another folder"):
        copy_files(folder)
    assert (folder / "compose.yml").read_text() == "mine"
    assert not (folder / "prometheus.yml").exists()


def started() -> list[list[str]]:
    """What units and compose file start: a command of ours, and its arguments."""
    lines = [
        re.search(r"^ExecStart=/opt/coffers/bin/coffers (.+)$", (DEPLOY / unit).read_text(), re.M) for unit in UNITS
    ]
    services = compose()["services"].values()
    return [*(line[1].split() for line in lines if line), *(one["command"] for one in services if "command" in one)]


def test_the_commands_that_are_started_take_their_options() -> None:
    assert sorted(name for name, *_ in started()) == ["serve", "serve", "watch", "watch"]
    for name, *arguments in started():
        {"serve": serve, "watch": watch}[name].make_context(name, arguments)


def test_a_service_reads_only_secrets_that_it_is_given() -> None:
    for name, service in compose()["services"].items():
        assert set(re.findall(r"/run/secrets/(\w+)", str(service))) <= set(service.get("secrets", ())), name


@needs_systemd
@pytest.mark.parametrize("name", UNITS)
def test_systemd_accepts_the_units_and_finds_them_hardened(tmp_path: Path, name: str) -> None:
    assert SYSTEMD
    unit = tmp_path / name
    text = (DEPLOY / name).read_text()
    assert "ExecStart=/opt/coffers/bin/coffers " in text
    unit.write_text(text.replace("/opt/coffers/bin/coffers", "/bin/true"))  # which is there
    verify = subprocess.run([SYSTEMD, "verify", str(unit)], capture_output=True, text=True, check=False)
    said = [line for line in verify.stderr.splitlines() if name in line]
    assert (verify.returncode, said) == (0, [])
    security = [SYSTEMD, "security", "--offline=true", "--threshold=15", str(unit)]  # of 100
    assert subprocess.run(security, capture_output=True, check=False).returncode == 0


def test_what_the_compose_file_names_is_there() -> None:
    document = compose()
    for service in document["services"].values():
        assert set(service.get("secrets", ())) <= set(document["secrets"])
        assert set(service["networks"]) <= set(document["networks"])
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("./") and source != "./config.toml":
                assert (DEPLOY / source).is_file()
            elif not source.startswith("."):
                assert source in document["volumes"]
    used = {secret for service in document["services"].values() for secret in service.get("secrets", ())}
    assert used == set(document["secrets"])


def test_nothing_of_it_runs_as_root_or_is_open_to_others() -> None:
    for name, service in compose()["services"].items():
        assert not re.match(r"0(:|$)|root", service["user"]), name
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert compose()["networks"]["inside"] == {"internal": True}
    containerfile = (DEPLOY / "Containerfile").read_text()
    assert "\nUSER 65532:65532\n" in containerfile
    assert containerfile.rindex("USER ") > containerfile.rindex("RUN ")


def test_secrets_are_files_and_never_values() -> None:
    for path in DEPLOY.iterdir():
        if path.is_file() and path.suffix not in (".py", ".pyc"):
            text = path.read_text("utf-8")
            assert not re.search(
                r"(?i)(password|token|secret)\S*\s*[=:]\s*[\"']?[A-Za-z0-9+][A-Za-z0-9+/]{15,}", text
            ), path.name
    for service in compose()["services"].values():
        for key, value in service.get("environment", {}).items():
            assert not re.search(r"PASSWORD|TOKEN|KEY", key) or str(value).startswith("/run/secrets/")
