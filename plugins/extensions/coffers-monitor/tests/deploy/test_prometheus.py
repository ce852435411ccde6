"""Rules, dashboard and metrics, held against Prometheus itself. Skipped with one line where it is not installed."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from made_up_month import NOW, made_up_month
from served_page import TOKEN, served

from coffers_monitor.metrics import Metrics

DEPLOY = Path(str(files("coffers_monitor.deploy")))
DASHBOARD = json.loads((DEPLOY / "grafana-dashboard.json").read_text("utf-8"))
RULES = DEPLOY / "prometheus-rules.yml"

PROMTOOL = shutil.which("promtool")
PROMETHEUS = shutil.which("prometheus")
needs_prometheus = pytest.mark.skipif(
    not (PROMTOOL and PROMETHEUS), reason="rules and dashboard in Prometheus: apt-get install prometheus"
)


def queries() -> list[str]:
    """Every query of the dashboard, as Grafana sends it with everything chosen."""
    found = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    for name in ("$provider", "$account"):
        found = [query.replace(name, ".*") for query in found]
    return [query.replace("$__rate_interval", "5m") for query in found]


def exposed() -> set[str]:
    """The names of all series there can be."""
    text = Metrics(made_up_month(), clock=lambda: NOW).text().decode()
    families = re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE)
    names = {name for name, _ in families}
    return names | {name + end for name, kind in families if kind == "summary" for end in ("_sum", "_count")}


def test_rules_and_dashboard_speak_of_metrics_that_are_there() -> None:
    rules = [rule["expr"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    variables = [one["definition"] for one in DASHBOARD["templating"]["list"] if "definition" in one]
    for text in (*queries(), *rules, *variables):
        named = set(re.findall(r"\bcoffers_[a-z_]+", text))
        assert named
        assert named <= exposed()


def test_every_panel_has_a_place_of_its_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def promtool(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    assert PROMTOOL
    return subprocess.run([PROMTOOL, *arguments], input=stdin, capture_output=True, check=False, timeout=120)


@needs_prometheus
def test_promtool_accepts_rules_their_tests_config_and_metrics() -> None:
    metrics = Metrics(made_up_month(), clock=lambda: NOW).text()
    for run in (
        promtool("check", "rules", "--lint-fatal", str(RULES)),
        promtool("test", "rules", str(Path(__file__).parent / "rules.test.yml")),
        promtool("check", "config", "--syntax-only", str(DEPLOY / "prometheus.yml")),
        promtool("check", "metrics", stdin=metrics),
    ):
        assert run.returncode == 0, run.stdout + run.stderr


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Prometheus, reading the month as it would read `coffers serve`; its address, and the page's."""
    assert PROMETHEUS
    with served(made_up_month(), token=TOKEN) as page, socket.create_server(("127.0.0.1", 0)) as spare:
        (tmp_path / "token").write_text(TOKEN)
        config = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [str(RULES)]
        job = config["scrape_configs"][0]
        job["authorization"]["credentials_file"] = str(tmp_path / "token")
        job["static_configs"][0]["targets"] = [page.removeprefix("http://")]
        (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
        port = spare.getsockname()[1]
        spare.close()
        command = [PROMETHEUS, f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data"]
        command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                yield f"http://127.0.0.1:{port}", page
            finally:
                server.kill()


def ask(client: httpx.Client, query: str) -> list[Any]:
    try:
        answer = client.get("/api/v1/query", params={"query": query})
    except httpx.TransportError:
        return []  # not up yet
    if answer.status_code == 503:
        return []
    assert answer.status_code == 200, (query, answer.text)
    result: list[Any] = answer.json()["data"]["result"]
    return result


@needs_prometheus
@pytest.mark.timeout(600)
def test_prometheus_reads_it_and_every_query_of_the_dashboard_finds_something(prometheus: tuple[str, str]) -> None:
    address, _ = prometheus
    with httpx.Client(base_url=address, timeout=60) as client:
        limit = time.monotonic() + 300
        # A rate needs two samples.
        while not any(float(one["value"][1]) >= 3 for one in ask(client, "count_over_time(coffers_build_info[5m])")):
            assert time.monotonic() < limit
            time.sleep(0.5)
        assert [one["value"][1] for one in ask(client, "up")] == ["1"]
        nothing = [query for query in queries() if not ask(client, query)]
        assert nothing == []
        (critical,) = ask(client, queries()[0])
        assert critical["value"][1] == "1"
        (first,) = ask(client, queries()[4])
        assert first["metric"]["account"] == "payouts"
        firing: set[tuple[str, str]] = set()
        while not {("CoffersAlert", "payouts"), ("CoffersPaused", "sms-west")} <= firing:
            assert time.monotonic() < limit
            firing = {(one["metric"]["alertname"], one["metric"].get("account", "")) for one in ask(client, "ALERTS")}
            time.sleep(0.5)
        assert ("CoffersDown", "") not in firing
