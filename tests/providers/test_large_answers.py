"""The largest answers the transport lets through cost no provider more than a moment, right or wrong.

A server must not be able to hold a read beyond its deadline by what it sends. Names no provider: the shapes are those
of the recorded answers, blown up.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from coffers import CoffersError, Registry, parse_guarded
from coffers.plugin import Response
from coffers.testing.vectors import Case, load_cases, read_response
from tests.workspace.test_floors import ROOT

REGISTRY = Registry()
CASES = [
    case
    for folder in sorted(ROOT.glob("plugins/providers/*/vectors"))
    for case in load_cases(folder)
    if "snapshot.json" in case.files and "response.http" in case.files
]
LARGEST = 1024 * 1024
#: Seconds of this process; the machine's other work does not count. It takes 0.2 s; measuring coverage slows it down.
LIMIT_S = 1.0


def blown_up(value: Any) -> Iterator[Any]:
    """The answer with one array or object after another made as large as it may be, of right and of wrong parts."""
    if isinstance(value, list):
        for item in (*value[:1], 1, {}, [], ""):
            count = min(9_999, LARGEST // (len(json.dumps(item)) + 2))
            yield [item] * count
            yield [*[item] * (count - 1), None]
        yield [1] * 300_000
    if isinstance(value, dict):
        for item in (*list(value.values())[:1], "1", 1, "", {}, []):
            yield {f"A{number}": item for number in range(9_999)} | value
        yield {f"A{number}": "1" for number in range(80_000)} | value
        for name, inner in value.items():
            yield from ({**value, name: larger} for larger in blown_up(inner))


def bodies(case: Case) -> Iterator[bytes]:
    body = read_response(case.files["response.http"]).body
    try:
        answer = json.loads(body)
    except ValueError:
        yield from (body * (LARGEST // len(body)), body[:1] * LARGEST, b"a:" * (LARGEST // 2), b"\n" * LARGEST)
        yield from (body.strip() + b" a:1" * 15_000, body + b"a:1\n" * 15_000, body + b"," * 60_000)
    else:
        yield from (json.dumps(larger).encode()[:LARGEST] for larger in blown_up(answer))
        yield from (
            b"[" * LARGEST,
            b'{"a":' * (LARGEST // 5),
            b'"' * LARGEST,
            b"1" * LARGEST,
            b"[1.1," * (LARGEST // 5),
        )


@pytest.mark.parametrize("case", CASES[::4], ids=lambda case: f"{case.provider_id}-{case.name}")
def test_no_answer_takes_longer_than_a_moment(case: Case) -> None:
    provider = REGISTRY.load(case.provider_id)
    query = case.query(provider.manifest)
    for body in bodies(case):
        started = time.process_time()
        try:
            answer = parse_guarded(provider.parse, query, Response(200, (), body))
        except CoffersError as error:
            assert error.kind != "plugin"  # noqa: PT017  an answer is one outcome, an error the other
        else:
            assert answer is not None
        took = time.process_time() - started
        assert took < LIMIT_S, f"{took:.2f} s for {len(body)} bytes: {body[:60]!r}"
