"""A run: makes the environments, starts servers, measures one thing after the other."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from bench import cold_start, fan_out, growth, one_read, own_clients
from bench.environment import Environment, NotMeasuredError, name_of
from bench.machine import describe
from bench.plugins import add_plugin
from bench.script import Peer, clients_of_providers, peers
from bench.serving import Server, Trust, served


@attrs.frozen
class Plan:
    """How much is measured.

    Attributes:
        rounds: of one read after the other.
        reads: of each peer in each of these rounds.
        starts: rounds of whole commands.
        fan_out_rounds: of many accounts at once.
        fan_out_accounts: how many.
        growth_rounds: of each size.
        most_accounts: the largest number of accounts.
    """

    rounds: int
    reads: int
    starts: int
    fan_out_rounds: int
    fan_out_accounts: int
    growth_rounds: int
    most_accounts: int


FULL = Plan(
    rounds=31,
    reads=200,
    starts=31,
    fan_out_rounds=5,
    fan_out_accounts=10_000,
    growth_rounds=5,
    most_accounts=100_000,
)
QUICK = Plan(
    rounds=5,
    reads=100,
    starts=5,
    fan_out_rounds=1,
    fan_out_accounts=1_000,
    growth_rounds=1,
    most_accounts=10_000,
)


def say(text: str) -> None:
    """A line for whoever waits."""
    print(text, file=sys.stderr, flush=True)


class Run:
    """One run.

    Args:
        plan: how much.
        wheels: the folder with our own wheels.
        environments: the folder for environments; those that are there are used again.
        folder: for everything that the run throws away.
    """

    def __init__(self, plan: Plan, wheels: Path, environments: Path, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        self._wheels = wheels
        self._environments = environments.resolve()
        self.machine = describe()
        self.trust = Trust.make(folder)
        self.missing: dict[str, dict[str, str]] = {}
        self.every: dict[Peer, Environment] = {}
        for peer in peers():
            try:
                self.every[peer] = self.environment(peer.name, *peer.dependencies)
            except NotMeasuredError as reason:
                self.missing.setdefault("environments", {})[peer.name] = str(reason)
            else:
                if "coffers" in map(name_of, peer.dependencies):
                    add_plugin(self.every[peer].site)

    def environment(self, name: str, *requirements: str) -> Environment:
        """One of that name."""
        say(f"environment of {name}")
        return Environment.make(self._environments / name, requirements, self._wheels)

    @contextmanager
    def server(self, asking: Iterable[Peer]) -> Iterator[Server]:
        """The server without latency, with what they need of it who ask."""
        answers = self.folder / "answers.json"
        bodies = {path: body for peer in asking for path, body in peer.answers.items()}
        answers.write_text(json.dumps(bodies), "utf-8")
        with served(self.trust, answers=answers) as server:
            yield server

    def _peer(self, name: str) -> tuple[Peer, Environment]:
        for peer, environment in self.every.items():
            if peer.name == name:
                return peer, environment
        raise NotMeasuredError(f"{name} has no environment")

    def noted(self, where: str, found: tuple[dict[str, Any], dict[str, str]]) -> dict[str, Any]:
        """The figures; who has none is noted."""
        figures, missing = found
        if missing:
            self.missing[where] = missing
        return figures

    def one_read(self) -> dict[str, Any]:
        """Reads one after the other."""
        found = {}
        with self.server(self.every) as server:
            for scheme in ("http", "https"):
                say(f"one read, {scheme}")
                took = one_read.measure(self.every, server, scheme, rounds=self.plan.rounds, reads=self.plan.reads)
                found[scheme] = self.noted(f"one read, {scheme}", took)
        return found

    def own_clients(self) -> dict[Path, dict[str, Any]]:
        """Providers' own clients, one read after the other."""
        clients = clients_of_providers()
        anchor = self._peer(one_read.ANCHOR)
        with self.server(clients) as server:
            say("providers' own clients")
            return own_clients.measure(
                clients,
                anchor,
                lambda peer: self.environment(peer.name.replace(" ", "-"), *peer.dependencies),
                server,
                rounds=self.plan.rounds,
                reads=self.plan.reads,
            )

    def fan_out(self) -> dict[str, Any]:
        """Many accounts at once."""
        found = {}
        for scene in fan_out.SCENES:
            say(f"many accounts, {scene.id}")
            counts = {"rounds": self.plan.fan_out_rounds, "accounts": self.plan.fan_out_accounts}
            took = fan_out.measure(self.every, self.trust, scene, **counts)
            found[scene.id] = self.noted(f"many accounts, {scene.id}", took)
        return found

    def cold_start(self) -> dict[str, Any]:
        """Whole commands."""
        ours = self.environment("cold-start", "coffers[cli]")
        cold_start.add_plugins(ours)
        _, urllib3 = self._peer(one_read.ANCHOR)
        say("cold start")
        with self.server(self.every) as server:
            return cold_start.measure(ours, urllib3, server, self.folder, rounds=self.plan.starts)

    def growth(self) -> dict[str, Any]:
        """What a read costs as things grow."""
        _, ours = self._peer("coffers")
        bare = self.environment("growth", "coffers[cli]")
        rounds = self.plan.growth_rounds
        sizes = [size for size in growth.ACCOUNTS if size <= self.plan.most_accounts]
        with self.server(self.every) as server:
            say("growth")
            return {
                "accounts": growth.accounts(ours, server, sizes, rounds=rounds),
                "providers": growth.providers(bare, server, growth.PROVIDERS, self.folder, rounds=rounds),
                "starts": growth.starts(bare, server, growth.PROVIDERS, self.folder, rounds=3 * rounds),
                "balances": growth.balances(ours, server, growth.BALANCES, rounds=rounds),
            }

    def result(self, *, quick: bool) -> dict[str, Any]:
        """Everything."""
        measured = {
            "one_read": self.one_read(),
            "fan_out": self.fan_out(),
            "cold_start": self.cold_start(),
            "growth": self.growth(),
        }
        return {
            "quick": quick,
            "machine": self.machine,
            "peers": {peer.name: self._facts(peer) for peer in self.every},
            **measured,
            "not_measured": self.missing,
        }

    def _facts(self, peer: Peer) -> dict[str, Any]:
        versions = self.every[peer].versions()
        about = name_of(peer.dependencies[0]) if peer.dependencies else ""
        return {"title": peer.title, "version": versions.get(about, ""), "installed": versions}
