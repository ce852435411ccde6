"""One read after the other over a kept connection: every peer, in turns, in an order shuffled each round."""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from bench.environment import Environment, NotMeasuredError
from bench.figures import ratio, spread
from bench.script import Peer
from bench.server import AMOUNTS
from bench.serving import Server
from bench.worker import Took, Worker

#: The peer that every ratio is to.
ANCHOR = "urllib3"


def measure(
    peers: Mapping[Peer, Environment], server: Server, scheme: str, *, rounds: int, reads: int
) -> tuple[dict[str, Any], dict[str, str]]:
    """Every peer over `scheme`: the figures; and which peers have none, with the reason.

    Args:
        peers: who reads, each in its environment.
        server: what they read.
        scheme: http or https.
        rounds: how often each has its turn.
        reads: how many it makes in a turn.

    Raises:
        NotMeasuredError: the peer that the ratios are to could not be measured.
    """
    missing: dict[str, str] = {}
    took: dict[str, list[Took]] = {}
    connections: dict[str, int] = {}
    with ExitStack() as stack:
        workers: dict[str, Worker] = {}
        for peer, environment in peers.items():
            amounts = None if peer.provider else AMOUNTS  # else its provider's own
            try:
                worker = Worker(peer.script, environment, server, scheme, amounts=amounts, provider=peer.provider)
            except NotMeasuredError as reason:
                missing[peer.name] = str(reason)
            else:
                workers[peer.name] = stack.enter_context(worker)
        for _ in range(rounds):
            for name in random.sample(list(workers), len(workers)):
                before = server.counts()
                try:
                    took.setdefault(name, []).append(workers[name].read(reads))
                except NotMeasuredError as reason:
                    missing[name] = str(reason)
                    del workers[name], took[name]
                    continue
                seen = server.counts()
                connections[name] = connections.get(name, 0) + seen.connections - before.connections
                requests = seen.requests - before.requests
                if requests != reads:
                    missing[name] = f"{requests} requests for {reads} reads"
                    del workers[name], took[name]
    if ANCHOR not in took:
        raise NotMeasuredError(f"{ANCHOR}: {missing.get(ANCHOR, 'it has no environment')}")
    anchor = took[ANCHOR]
    rows = [
        {
            "peer": name,
            "cpu_us": spread([1e6 * one.cpu_s / reads for one in turns], 0),
            "cpu_ratio": ratio([one.cpu_s for one in turns], [one.cpu_s for one in anchor]),
            "wall_us": spread([1e6 * one.wall_s / reads for one in turns], 0),
            "wall_ratio": ratio([one.wall_s for one in turns], [one.wall_s for one in anchor]),
            "rss_peak_mib": round(max(one.rss_peak_mib for one in turns), 1),
            "new_connections": connections[name],
        }
        for name, turns in took.items()
    ]
    rows.sort(key=lambda row: row["cpu_ratio"]["median"])  # type: ignore[index]  # a dict of what JSON knows
    return {"rounds": rounds, "reads": reads, "rows": rows}, missing
