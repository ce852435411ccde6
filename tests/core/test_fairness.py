"""Whose turn it is: never too many of one host, nobody forgotten, hosts in rotation."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from coffers import Account
from coffers.fairness import FairQueue, Lanes


def test_hosts_take_turns() -> None:
    turns = FairQueue(2)
    for name, host in (("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b")):
        turns.put(host, Account(name, "toy"))
    taken = [turn[1].name for _ in range(4) if (turn := turns.take())]
    assert taken == ["a1", "b1", "a2"]
    turns.done("a")
    turn = turns.take()
    assert turn is not None
    assert turn[1].name == "a3"
    assert (len(turns), turns.out) == (0, 3)


steps = st.tuples(st.sampled_from(["put", "take", "done"]), st.sampled_from("abc"))


@given(st.integers(1, 4), st.lists(steps, max_size=200))
def test_any_history_keeps_the_limit_and_loses_nobody(per_host: int, history: list[tuple[str, str]]) -> None:
    turns = FairQueue(per_host)
    waiting: Counter[str] = Counter()
    out: Counter[str] = Counter()
    for number, (what, host) in enumerate(history):
        if what == "put":
            turns.put(host, Account(f"n{number}", "toy"))
            waiting[host] += 1
        elif what == "take":
            free = [name for name in waiting if waiting[name] and out[name] < per_host]
            turn = turns.take()
            assert (turn is None) == (not free)
            if turn:
                assert turn[0] in free
                waiting[turn[0]] -= 1
                out[turn[0]] += 1
        elif out[host]:
            turns.done(host)
            out[host] -= 1
        assert (len(turns), turns.out) == (waiting.total(), out.total())


def test_who_comes_to_a_full_host_waits_until_a_place_is_free() -> None:
    turns = FairQueue(1)
    turns.put("a", Account("a1", "toy"))
    assert turns.take() is not None
    turns.put("a", Account("a2", "toy"))
    assert turns.take() is None
    turns.done("a")
    turn = turns.take()
    assert turn is not None
    assert turn[1].name == "a2"


@given(st.integers(1, 4), st.integers(1, 6), st.lists(steps, max_size=200))
def test_any_history_keeps_a_host_in_one_batch_and_loses_nobody(
    share: int, size: int, history: list[tuple[str, str]]
) -> None:
    lanes = Lanes(share)
    waiting: dict[str, list[str]] = {host: [] for host in "abc"}
    batches: list[frozenset[str]] = []
    for number, (what, host) in enumerate(history):
        out = frozenset[str]().union(*batches)
        if what == "put":
            lanes.put(host, Account(f"{host}{number}", "toy"))
            waiting[host].append(f"{host}{number}")
        elif what == "take":
            could = sum(min(len(line), share) for host, line in waiting.items() if host not in out)
            assert lanes.ready == could
            accounts, hosts = lanes.take(size)
            assert len(accounts) == min(size, could)
            assert not hosts & out
            assert {account.name[0] for account in accounts} == hosts
            for host in hosts:
                mine = [account.name for account in accounts if account.name[0] == host]
                assert mine == waiting[host][: len(mine)]
                assert len(mine) <= share
                del waiting[host][: len(mine)]
            batches.append(hosts)
        elif batches:
            lanes.done(batches.pop(0))
        assert len(lanes) == sum(map(len, waiting.values()))
