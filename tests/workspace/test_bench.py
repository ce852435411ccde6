"""The benchmark suite runs, and the documentation's page is what a run made. No test here looks at a clock."""

from __future__ import annotations

import ast
import json
import re
import sysconfig
import venv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bench import fan_out, one_read
from bench.environment import Environment, NotMeasuredError, name_of
from bench.figures import exponent, ratio, spread
from bench.goals import GOALS, Goal, lines
from bench.page import page
from bench.plugins import add_plugin
from bench.script import Peer, clients_of_providers, peers
from bench.server import amounts
from bench.serving import Server, Trust, served
from bench.worker import Worker
from docs.own_clients_page import page as own_clients_page
from docs.own_clients_page import results

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/explanation/performance.md"
RESULT: Mapping[str, Any] = json.loads((ROOT / "bench/result.json").read_text("utf-8"))

MEASURED = ("coffers", "urllib3")


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    return Trust.make(tmp_path_factory.mktemp("trust"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """One with what is installed where the tests run, and the provider `tally`."""
    made = Environment(tmp_path_factory.mktemp("environment"))
    venv.create(made.folder, symlinks=True)
    here = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    (made.site / "here.pth").write_text(here, "utf-8")
    add_plugin(made.site)
    return made


@pytest.fixture
def server(trust: Trust) -> Iterator[Server]:
    with served(trust) as running:
        yield running


def peer(name: str) -> Peer:
    [found] = [peer for peer in peers() if peer.name == name]
    return found


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("name", MEASURED)
def test_a_peer_reads_over_one_connection(name: str, scheme: str, server: Server, environment: Environment) -> None:
    with Worker(peer(name).script, environment, server, scheme, warm_up=2) as worker:
        took = worker.read(3)
    assert took.cpu_s > 0
    assert took.wall_s > 0
    assert took.rss_peak_mib >= took.rss_before_mib > 1
    assert (server.counts().requests, server.counts().connections) == (5, 1)


@pytest.mark.parametrize("name", MEASURED)
def test_a_peer_reads_many_accounts_side_by_side(name: str, trust: Trust, environment: Environment) -> None:
    with served(trust, latency_ms=20) as server, Worker(peer(name).script, environment, server, warm_up=1) as worker:
        took = worker.fan_out(12, 4)
        assert took.wall_s > 0.055  # three waits one after the other: the server does wait
        assert server.counts().requests == 13
        assert 2 <= server.counts().connections <= 5


def test_an_answer_grows_as_it_is_told(server: Server, environment: Environment) -> None:
    with Worker(peer("coffers").script, environment, server, prefix="/300", amounts=amounts(300), warm_up=1) as worker:
        assert worker.read(1).found is None


def test_a_peer_that_reads_something_else_is_not_measured(server: Server, environment: Environment) -> None:
    with pytest.raises(NotMeasuredError, match="amounts"):
        Worker(peer("coffers").script, environment, server, prefix="/3", warm_up=1)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("import no_such_library", "no_such_library could not be imported"),
        ("raise OSError('/a/path')", "it ended with OSError"),
        ("import os\nos._exit(3)", "it ended too early"),
    ],
)
def test_a_peer_that_fails_says_why_without_a_path(
    body: str, reason: str, server: Server, environment: Environment, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text(body, "utf-8")
    with pytest.raises(NotMeasuredError) as caught:
        Worker(broken, environment, server)
    assert str(caught.value) == reason


@pytest.fixture
def some_peers(environment: Environment, tmp_path: Path) -> dict[Peer, Environment]:
    """Two that can be measured, and one that cannot."""
    broken = tmp_path / "broken.py"
    broken.write_text("# /// script\n# dependencies = []\n# ///\nimport no_such_library\n", "utf-8")
    return dict.fromkeys([*map(peer, MEASURED), Peer.of(broken)], environment)


def test_reads_are_measured_and_who_fails_is_named(some_peers: dict[Peer, Environment], server: Server) -> None:
    figures, missing = one_read.measure(some_peers, server, "https", rounds=3, reads=2)
    assert missing == {"broken": "no_such_library could not be imported"}
    rows = {row["peer"]: row for row in figures["rows"]}
    assert rows.keys() == set(MEASURED)
    assert rows["urllib3"]["cpu_ratio"] == {"median": 1, "low": 1, "high": 1}
    assert rows["coffers"]["new_connections"] == 0
    assert 0 < rows["coffers"]["cpu_us"]["low"] <= rows["coffers"]["cpu_us"]["median"]


def test_nothing_is_measured_without_the_peer_that_ratios_are_to(
    some_peers: dict[Peer, Environment], server: Server
) -> None:
    without = {peer: environment for peer, environment in some_peers.items() if peer.name != "urllib3"}
    with pytest.raises(NotMeasuredError, match="urllib3"):
        one_read.measure(without, server, "http", rounds=1, reads=1)


def test_many_accounts_are_measured(some_peers: dict[Peer, Environment], trust: Trust) -> None:
    scene = fan_out.Far("near", 5, {"coffers": 4, "urllib3": 4, "broken": 4, "not-here": 4})
    figures, missing = fan_out.measure(some_peers, trust, scene, rounds=1, accounts=8)
    assert missing == {"broken": "no_such_library could not be imported"}
    assert {row["peer"]: row["at_once"] for row in figures["rows"]} == dict.fromkeys(MEASURED, 4)
    assert all(row["ideal_ratio"]["median"] > 1 for row in figures["rows"])


@pytest.mark.parametrize("found", [*peers(), *clients_of_providers()], ids=lambda found: found.name)
def test_a_peer_says_what_it_needs_and_reads(found: Peer) -> None:
    body = ast.parse(found.script.read_text("utf-8")).body
    defined = {node.name for node in body if hasattr(node, "name")}
    taken = {alias.name for node in body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert "reading" in defined | taken
    assert found.title
    assert all(json.loads(body) for body in found.answers.values())


def test_the_exponent_of_a_power_is_found() -> None:
    sizes = [1, 10, 100, 1000]
    assert exponent(sizes, [7.0] * 4) == 0
    assert exponent(sizes, [3.0 * size for size in sizes]) == 1
    assert exponent(sizes, [size**1.5 for size in sizes]) == 1.5


def test_a_ratio_is_of_each_round() -> None:
    assert ratio([1, 20, 3], [2, 40, 6]) == {"median": 0.5, "low": 0.5, "high": 0.5}
    assert spread([1, 2, 3, 4, 10], 1) == {"median": 3, "low": 2, "high": 4}
    assert spread([2], 0) == {"median": 2, "low": 2, "high": 2}


def test_a_goal_is_reached_missed_or_not_measured() -> None:
    goal = Goal("it", 2, lambda result: result["figure"])
    assert goal.told({"figure": 2.0}) == ("2", "reached")
    assert goal.told({"figure": 2.01}) == ("2.01", "missed")
    assert goal.told({}) == ("", "not measured")
    assert len(lines(RESULT)) == len(GOALS)


def test_the_page_is_what_the_result_makes() -> None:
    assert page(RESULT) == PAGE.read_text("utf-8")


def test_every_client_of_a_provider_has_a_line_on_its_page() -> None:
    found = results()
    assert {(one["client"], one["provider"]) for one in found} == {
        (name_of(client.dependencies[0]), client.provider) for client in clients_of_providers()
    }
    lines = own_clients_page(found).splitlines()
    for one in found:
        [line] = [
            line for line in lines if line.startswith(f"| {one['provider']} | {one['client']} {one['version']} |")
        ]
        for who in ("theirs", "ours"):
            told = one["not_measured"][who] if one[who] is None else f"{one[who]['cpu_ratio']['median']:g} ("
            assert told in line


def test_what_was_not_measured_is_told() -> None:
    measured = results()[0]
    line = own_clients_page([{**measured, "ours": None, "not_measured": {"ours": "it ended too early"}}])
    assert "| not measured: it ended too early |" in line


def test_every_chart_of_the_page_is_there() -> None:
    shown = set(re.findall(r"\]\((performance/[^)]+)\)", PAGE.read_text("utf-8")))
    kept = {str(file.relative_to(PAGE.parent)) for file in PAGE.with_suffix("").iterdir()}
    assert len(shown) > 5
    assert shown == kept


@pytest.mark.parametrize("result", [RESULT, *results()], ids=lambda result: result.get("client", "all"))
def test_a_result_names_no_place(result: Mapping[str, Any]) -> None:
    assert re.findall(r"(?:^|[\s\"'])/\w+/\w+|\\\\|file:|/home|/root|/tmp", json.dumps(result)) == []
