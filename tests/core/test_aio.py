"""What is the async client's own: what must not hold up the loop, many at once, and what is left behind."""

from __future__ import annotations

import asyncio
import itertools
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from coffers import Account, CoffersError, PluginError, Registry, Resolver, Secret, TimedOutError, flow
from coffers.aio import AsyncClient, AsyncHttpTransport
from coffers.aside import Aside
from coffers.plugin import Query, Response, SignedRequest, Snapshot
from coffers.testing.hostile import Behaviour, HostileServer, Visit, http_answer
from coffers.transport import Endpoint
from tests.core import toy
from tests.core.loopback import OK, serve
from tests.core.on_a_loop import KEY, Run, T, account, client, run_on_a_loop, sockets, until  # noqa: F401  the fixture is used by its name

# --- the loop is not held up ---------------------------------------------------------------------------------------


async def _beats_during(reading: Awaitable[T]) -> tuple[T, float]:
    """What came of it, and the longest time during it that the loop stood still."""
    longest, last = 0.0, time.monotonic()
    task = asyncio.ensure_future(reading)
    while not task.done():
        await asyncio.sleep(0.01)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    return await task, longest


def test_a_secret_s_command_runs_beside_the_loop(run: Run[None]) -> None:
    async def go() -> None:
        with serve() as server:
            command = f"cmd:{sys.executable} -S -c \"import time; time.sleep(2.5); print('made-up')\""
            async with client() as reader:
                of = Account("shop", "toy", {"key": command}, base_url=server.base_url)
                snapshot, stood_still = await _beats_during(reader.read(of))
                assert snapshot.balances
                assert stood_still < 2
            assert server.asked[0].headers["Authorization"] == "Bearer made-up"

    run(go())


def test_a_secret_s_command_is_killed_at_the_close(run: Run[None]) -> None:
    async def go() -> None:
        reader = client()
        of = Account("shop", "toy", {"key": f'cmd:{sys.executable} -S -c "import time; time.sleep(30)"'})
        reading = asyncio.create_task(reader.read(of))
        await asyncio.sleep(0.3)
        await reader.close()
        began = time.monotonic()
        with pytest.raises(CoffersError):
            await reading
        assert time.monotonic() - began < 5

    run(go())


def test_a_resolver_of_one_s_own_is_asked_beside_the_loop_and_left_at_the_deadline(run: Run[None]) -> None:
    done = threading.Event()

    class Vault(Resolver):
        def resolve(self, *arguments: Any, **more: Any) -> Any:
            done.wait(20)
            return super().resolve(*arguments, **more)

    async def go() -> None:
        async with client(resolver=Vault(), timeout_s=0.2) as reader:
            with pytest.raises(TimedOutError, match="still being looked up"):
                await reader.read(account("http://127.0.0.1:9"))
            done.set()

    run(go())


def _install(folder: Path, name: str, source: str) -> None:
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[coffers.providers]\n{name} = {name}_plugin\n")
    (folder / f"{name}_plugin.py").write_text(source)
    sys.modules.pop(f"{name}_plugin", None)  # of another loop's turn


def test_a_slow_import_holds_up_its_own_accounts_alone(
    run: Run[None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path, "sleepy", "import time\ntime.sleep(3)\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    async def go() -> None:
        with serve() as server:
            async with AsyncClient(registry=Registry([toy.plugin()], load_within_s=1), timeout_s=5) as reader:
                accounts = [Account(f"s{number}", "sleepy") for number in range(6)]
                accounts += [account(server.base_url, f"t{number}") for number in range(5)]
                order: list[str] = []
                errors: list[str] = []
                async for outcome in reader.read_many(accounts):
                    order.append(outcome.account.name[0])
                    errors += [outcome.error.message] if outcome.error else []
        assert order == ["t"] * 5 + ["s"] * 6
        assert all("importing it takes longer than 1 s" in error for error in errors)

    run(go())


def test_who_has_no_time_to_wait_for_another_s_import_is_told_so(
    run: Run[None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path, "dozing", "import time\ntime.sleep(1.5)\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    async def go() -> None:
        async with AsyncClient(registry=Registry()) as reader:
            patient = asyncio.create_task(reader.read(Account("a", "dozing", timeout_s=2)))
            await asyncio.sleep(0)
            with pytest.raises(TimedOutError, match="still being imported"):
                await reader.read(Account("b", "dozing", timeout_s=0.1))
            with pytest.raises(PluginError, match="broken"):
                await patient

    run(go())


def test_a_plugin_is_imported_once_and_its_first_host_is_where_its_accounts_wait(
    run: Run[None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "import sys\nfrom tests.core import toy\nplugin = toy.plugin('quick')\nsys.modules[__name__] = plugin\n"
    _install(tmp_path, "quick", source)
    monkeypatch.syspath_prepend(str(tmp_path))
    at_once = most = 0

    class Counting:
        async def send(self, message: Any, endpoint: Any, deadline: float) -> Response:
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0.01)
            at_once -= 1
            return OK

        async def close(self) -> None: ...

    async def go() -> None:
        async with AsyncClient(registry=Registry(), transport=Counting()) as reader:
            accounts = [Account(f"q{number}", "quick", {"key": Secret(KEY)}) for number in range(12)]
            assert [outcome.error async for outcome in reader.read_many(accounts)] == [None] * 12

    run(go())
    assert most == 4


def test_a_verb_that_does_not_end_is_ended_and_the_others_go_on(
    run: Run[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "LEAST_VERB_S", 0.1)
    monkeypatch.setattr("coffers.aio._VERB_S", 0.3)

    def forever(response: Response, query: Query[Any]) -> Snapshot:
        while True:
            pass

    async def go() -> None:
        with serve() as server:
            async with client(toy.plugin(), toy.plugin("stuck", parse=forever)) as reader:
                accounts = [account(server.base_url, "a", "stuck"), *(account(server.base_url, n) for n in "bcde")]
                errors = {outcome.account.name: outcome.error async for outcome in reader.read_many(accounts)}
        assert isinstance(errors.pop("a"), PluginError)
        assert list(errors.values()) == [None] * 4

    run(go())


# --- many ----------------------------------------------------------------------------------------------------------


def test_two_thousand_accounts_five_hundred_at_once_and_every_socket_is_closed(run: Run[None]) -> None:
    async def go() -> None:
        state = {"at_once": 0, "most": 0}

        async def serve_one(incoming: asyncio.StreamReader, outgoing: asyncio.StreamWriter) -> None:
            state["at_once"] += 1
            state["most"] = max(state["most"], state["at_once"])
            while await incoming.readline():
                while await incoming.readline() not in (b"\r\n", b""):
                    pass
                await asyncio.sleep(0.02)
                outgoing.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(OK.body) + OK.body)
            outgoing.close()
            state["at_once"] -= 1

        before = sockets()
        server = await asyncio.start_server(serve_one, "127.0.0.1", 0, backlog=1024)
        base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with client() as reader:
            accounts = (account(base_url, f"a{number}") for number in range(2000))
            read = 0
            async for outcome in reader.read_many(accounts, concurrency=500, per_host=500):
                read += len(outcome.unwrap().balances)
        assert read == 2000
        assert state["most"] <= 500
        await until(lambda: not state["at_once"])
        server.close()
        await server.wait_closed()
        await until(lambda: sockets() <= before)

    run(go())


def test_accounts_may_come_from_an_async_iterable_and_are_taken_lazily(run: Run[None]) -> None:
    taken = 0

    async def endless(base_url: str) -> AsyncIterator[Account]:
        nonlocal taken
        for taken in itertools.count(1):
            await asyncio.sleep(0)
            yield account(base_url, f"a{taken}")

    async def go() -> None:
        with serve() as server:
            async with client() as reader, aclosing(endless(server.base_url)) as accounts:
                read = 0
                async with aclosing(reader.read_many(accounts, concurrency=4)) as outcomes:
                    async for outcome in outcomes:
                        assert outcome.unwrap().balances
                        read += 1
                        if read == 40:
                            break
        assert taken <= read + 4 + 4 + 1

    run(go())


def test_an_async_iterable_that_ends(run: Run[None]) -> None:
    async def three(base_url: str) -> AsyncIterator[Account]:
        for number in range(3):
            yield account(base_url, f"a{number}")

    async def go() -> None:
        with serve() as server:
            async with client() as reader:
                names = {outcome.account.name async for outcome in reader.read_many(three(server.base_url))}
        assert names == {"a0", "a1", "a2"}

    run(go())


def test_an_iterable_that_fails_is_raised_after_what_it_gave(run: Run[None]) -> None:
    def broken(base_url: str) -> Iterator[Account]:
        yield account(base_url)
        raise ZeroDivisionError

    async def go() -> None:
        with serve() as server:
            async with client() as reader:
                outcomes = reader.read_many(broken(server.base_url))
                assert (await anext(outcomes)).snapshot
                with pytest.raises(ZeroDivisionError):
                    await anext(outcomes)

    run(go())


def test_nothing_is_begun_while_nobody_takes_what_has_ended(run: Run[None]) -> None:
    async def go() -> None:
        with serve() as server:
            async with client() as reader:
                accounts = (account(server.base_url, f"a{number}") for number in range(100))
                async with aclosing(reader.read_many(accounts, concurrency=3)) as outcomes:
                    await anext(outcomes)
                    await asyncio.sleep(0.3)
                    assert len(server.asked) <= 4

    run(go())


# --- odds and ends -------------------------------------------------------------------------------------------------


def test_a_client_belongs_to_one_loop() -> None:
    with serve() as server:
        reader = client()

        async def once() -> None:
            await reader.read(account(server.base_url))

        async def close_after() -> None:
            await once()
            await reader.close()

        asyncio.run(close_after())
        with pytest.raises(RuntimeError, match="another event loop"):
            asyncio.run(once())


def test_a_thread_beside_a_loop_that_is_closed_ends_quietly(run: Run[None]) -> None:
    done = threading.Event()
    threads: list[threading.Thread] = []

    def slow() -> None:
        threads.append(threading.current_thread())
        done.wait(10)

    async def go() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(Aside().call(slow), 0.1)

    asyncio.run(go())
    done.set()
    [thread] = threads
    thread.join(10)
    assert not thread.is_alive()


def test_few_idle_threads_are_kept_beside_a_loop_and_none_in_the_end(run: Run[None]) -> None:
    async def go() -> None:
        aside = Aside()
        threads = await asyncio.gather(*(aside.call(_after_a_while) for _ in range(40)))
        await until(lambda: sum(thread.is_alive() for thread in threads) == 16)
        assert await aside.call(threading.current_thread) in threads
        aside.dismiss()
        await until(lambda: not any(thread.is_alive() for thread in threads))

    run(go())


def _after_a_while() -> threading.Thread:
    time.sleep(0.2)
    return threading.current_thread()


def test_importing_coffers_imports_no_asyncio() -> None:
    script = "import sys, coffers; coffers.Account; print('asyncio' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_an_answer_before_the_message_has_gone_out_is_no_reason_to_keep_the_connection(run: Run[None]) -> None:
    def answer_at_once(visit: Visit) -> None:
        visit.socket.recv(16)
        visit.send(http_answer("200 OK", b"{}"))
        visit.hang()

    async def go() -> None:
        with HostileServer(Behaviour("hasty", "answers what it has not read", answer_at_once, "connection")) as server:
            transport = AsyncHttpTransport()
            for _ in range(2):
                message = SignedRequest("POST", "api", "/", (), bytes(16 * 1024 * 1024))
                response = await transport.send(message, Endpoint(server.base_url), time.monotonic() + 5)
                assert response.status == 200
            assert server.connections == 2
            await transport.close()

    run(go())


def test_a_connection_that_was_reset_before_the_loop_had_time_to_see_it_is_not_used(run: Run[None]) -> None:
    def answer_and_break(visit: Visit) -> None:
        visit.send(http_answer("200 OK", b"{}"))
        time.sleep(0.1)
        visit.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        visit.socket.close()

    async def go() -> None:
        message = SignedRequest("GET", "api", "/", (), b"")
        with HostileServer(Behaviour("breaks", "answers and breaks", answer_and_break)) as server:
            transport = AsyncHttpTransport()
            for _ in range(2):
                await transport.send(message, Endpoint(server.base_url), time.monotonic() + 5)
                time.sleep(0.3)
            assert server.connections == 2
            await transport.close()

    run(go())


def test_a_connection_that_speaks_without_being_asked_is_closed(run: Run[None]) -> None:
    def chatter(visit: Visit) -> None:
        visit.send(http_answer("200 OK", b"{}"))
        time.sleep(0.1)
        visit.send(http_answer("200 OK", b"{}"))

    async def go() -> None:
        message = SignedRequest("GET", "api", "/", (), b"")
        with HostileServer(Behaviour("chatter", "answers twice", chatter)) as server:
            transport = AsyncHttpTransport()
            for rest_s in (0.3, 0.0):  # the loop sees it; the loop has had no time to see it
                await transport.send(message, Endpoint(server.base_url), time.monotonic() + 5)
                await asyncio.sleep(rest_s)
                time.sleep(0.3)
            await transport.send(message, Endpoint(server.base_url), time.monotonic() + 5)
            assert server.connections == 3
            await transport.close()

    run(go())
