"""Measures: providers' own clients, and coffers through the provider's plugin, reading the same answer.

Each client's script lies in the plugin's folder, and there goes its result: nothing outside that folder names either.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench import one_read
from bench.environment import Environment, NotMeasuredError, name_of
from bench.script import HERE, Peer
from bench.serving import Server


def through_plugin(client: Peer) -> Peer:
    """What reads the same with coffers."""
    dist = client.script.parents[1].name
    return Peer(
        name=f"{dist} beside {client.name}",
        script=HERE / "scripts/through_plugin.py",
        title=f"coffers with {dist}",
        dependencies=("coffers", dist),
        answers={},
        provider=client.provider,
    )


def measure(
    clients: list[Peer],
    anchor: tuple[Peer, Environment],
    environment: Callable[[Peer], Environment],
    server: Server,
    *,
    rounds: int,
    reads: int,
) -> dict[Path, dict[str, Any]]:
    """A result for each client, by the file that it belongs into.

    Args:
        clients: whose.
        anchor: the peer that ratios are to, with its environment.
        environment: makes one for a peer, or raises NotMeasuredError.
        server: what they read; it knows the clients' answers.
        rounds: how often each has its turn.
        reads: how many it makes in a turn.
    """
    every = {anchor[0]: anchor[1]}
    missing: dict[str, str] = {}
    for peer in [peer for client in clients for peer in (client, through_plugin(client))]:
        try:
            every[peer] = environment(peer)
        except NotMeasuredError as reason:
            missing[peer.name] = str(reason)
    figures, more = one_read.measure(every, server, "http", rounds=rounds, reads=reads)
    missing |= more
    rows = {row["peer"]: row for row in figures["rows"]}
    results = {}
    for client in clients:
        ours = through_plugin(client)
        versions = every[client].versions() if client in every else {}
        results[client.script.with_suffix(".json")] = {
            "client": name_of(client.dependencies[0]),
            "version": versions.get(name_of(client.dependencies[0]), ""),
            "title": client.title,
            "provider": client.provider,
            "rounds": rounds,
            "reads": reads,
            "theirs": rows.get(client.name),
            "ours": rows.get(ours.name),
            "not_measured": {
                who: missing[peer.name] for who, peer in (("theirs", client), ("ours", ours)) if peer.name in missing
            },
        }
    return results


def publish(results: Mapping[Path, Mapping[str, Any]], about: Mapping[str, Any]) -> None:
    """Write each result beside its script, with what it was measured on."""
    for file, result in results.items():
        file.write_text(json.dumps({**about, **result}, indent=1) + "\n", "utf-8")
