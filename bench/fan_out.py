"""Many accounts at once, far away: each peer that can, in turns, every turn in a process of its own."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from bench.environment import Environment, NotMeasuredError
from bench.figures import ratio, spread
from bench.one_read import ANCHOR
from bench.script import Peer
from bench.serving import Server, Trust, served
from bench.worker import Took, Worker


@attrs.frozen
class Far:
    """What is read, and how.

    Attributes:
        id: its name in the result.
        latency_ms: how long each answer waits.
        at_once: the peers, by name, and how many accounts each reads at once.
        scheme: http or https.
    """

    id: str
    latency_ms: float
    at_once: Mapping[str, int]
    scheme: str = "http"


THREADS = {"coffers": 256, "urllib3": 256, "requests": 256}
LOOPS = {"coffers-aio": 1000, "coffers-aio-uvloop": 1000, "aiohttp": 1000, "aiohttp-uvloop": 1000}

#: Far, near (there a processor has more to do in the same time), and far with the handshakes of TLS.
SCENES = (
    Far("200-ms", 200, THREADS | LOOPS),
    Far("50-ms", 50, THREADS),
    Far("200-ms-tls", 200, {"coffers": 256, "urllib3": 256, "coffers-aio": 1000, "aiohttp": 1000}, "https"),
)


def measure(
    peers: Mapping[Peer, Environment], trust: Trust, scene: Far, *, rounds: int, accounts: int
) -> tuple[dict[str, Any], dict[str, str]]:
    """Every peer of `scene`: the figures; and which peers have none, with the reason.

    Raises:
        NotMeasuredError: the peer that the ratios are to could not be measured.
    """
    missing: dict[str, str] = {}
    took: dict[str, list[Took]] = {}
    here = {peer.name: peer for peer in peers}
    waiting = [name for name in scene.at_once if name in here]
    with served(trust, scene.latency_ms) as server:
        for _ in range(rounds):
            for name in random.sample(waiting, len(waiting)):
                peer = here[name]
                try:
                    found = _turn(peer, peers[peer], server, scene, accounts)
                except NotMeasuredError as reason:
                    missing[name] = str(reason)
                    waiting.remove(name)
                    took.pop(name, None)
                else:
                    took.setdefault(name, []).append(found)
    if ANCHOR not in took:
        raise NotMeasuredError(f"{ANCHOR}: {missing.get(ANCHOR, 'it has no environment')}")
    rows = [
        _row(name, turns, took[ANCHOR], scene.latency_ms / 1000 * accounts / scene.at_once[name], accounts)
        | {"at_once": scene.at_once[name]}
        for name, turns in took.items()
    ]
    rows.sort(key=lambda row: row["cpu_s_per_1000"]["median"])
    facts = {"latency_ms": scene.latency_ms, "scheme": scene.scheme, "accounts": accounts, "rounds": rounds}
    return facts | {"rows": rows}, missing


def _turn(peer: Peer, environment: Environment, server: Server, scene: Far, accounts: int) -> Took:
    with Worker(peer.script, environment, server, scene.scheme, warm_up=1) as worker:
        return worker.fan_out(accounts, scene.at_once[peer.name])


def _row(name: str, turns: Sequence[Took], anchor: Sequence[Took], ideal_s: float, accounts: int) -> dict[str, Any]:
    return {
        "peer": name,
        "wall_s": spread([one.wall_s for one in turns], 2),
        "ideal_ratio": spread([one.wall_s / ideal_s for one in turns], 2),
        "cpu_s_per_1000": spread([1000 * one.cpu_s / accounts for one in turns], 3),
        "cpu_ratio": ratio([one.cpu_s for one in turns], [one.cpu_s for one in anchor]),
        "rss_growth_mib": spread([one.rss_peak_mib - one.rss_before_mib for one in turns], 1),
        "rss_peak_mib": spread([one.rss_peak_mib for one in turns], 1),
    }
