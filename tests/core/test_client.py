"""Both clients over real connections: one account, many, tokens, turns, ends."""

from __future__ import annotations

import itertools
import logging
import pickle
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import attrs
import pytest

from coffers import (
    Account,
    AuthError,
    Client,
    CoffersError,
    ConfigError,
    NetworkError,
    Outcome,
    PluginError,
    Registry,
    Resolved,
    Resolver,
    Secret,
    TimedOutError,
)
from coffers.client import Nonces
from coffers.plugin import AccessToken, ClockError, Query, Response, Snapshot, status_error
from tests.core import toy
from tests.core.faces import FACES, choose, make_client
from tests.core.loopback import OK, Asked, serve

KEY = "canary-key-0123456789"

face = pytest.fixture(autouse=True, params=FACES)(choose)


def client(*plugins: object, **more: Any) -> Client:
    return make_client(registry=Registry(plugins or [toy.plugin()], installed=False), **more)


def account(base_url: str, name: str = "shop", provider: str = "toy", **more: Any) -> Account:
    return Account(name, provider, {"key": Secret(KEY)}, base_url=base_url, **more)


def test_one_read_of_one_account() -> None:
    with serve() as server, client() as reader:
        snapshot = reader.read(account(server.base_url + "/prefix/"))
    assert [(row.currency, str(row.total)) for row in snapshot.balances] == [("USD", "12.50")]
    [asked] = server.asked
    assert (asked.method, asked.path) == ("GET", "/prefix/balances")
    assert asked.headers["Authorization"] == f"Bearer {KEY}"


def test_references_are_resolved_when_the_account_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_KEY", KEY)
    with serve() as server, client() as reader:
        reader.read(Account("shop", "toy", {"key": "env:TOY_KEY"}, base_url=server.base_url))
        monkeypatch.delenv("TOY_KEY")
        with pytest.raises(ConfigError) as caught:
            reader.read(Account("shop", "toy", {"key": "env:TOY_KEY"}, base_url=server.base_url))
    assert (caught.value.account, caught.value.provider, len(server.asked)) == ("shop", "toy", 1)


def test_an_error_carries_facts_and_no_secret_anywhere() -> None:
    def answer(asked: Asked) -> Response:
        return Response(400, (("X-Request-Id", "r-7"),), f"no such key {KEY}".encode())

    def parse(response: Response, query: Query[Any]) -> Snapshot:
        raise AuthError(response.text, code="k-1")

    with serve(answer) as server, client(toy.plugin(parse=parse)) as reader, pytest.raises(AuthError) as caught:
        reader.read(account(server.base_url))
    error = caught.value
    facts = (error.account, error.provider, error.code, error.request_id, error.attempts)
    assert facts == ("shop", "toy", "k-1", "r-7", 1)
    assert error.__cause__ is None
    assert error.__context__ is None
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    ours = [frame for frame in shown.stack if "test_client" not in frame.filename]
    assert ours
    assert KEY not in str([frame.locals for frame in ours]) + repr(error) + str(error)
    assert KEY.encode() not in pickle.dumps(error)
    assert pickle.loads(pickle.dumps(error)) == error


def test_debug_logs_hold_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def request(query: Query[Any]) -> Any:
        return toy.request(query).add(query=[("public", "yes")])

    def sign(request: Any, credentials: toy.ByKey, attempt: Any) -> Any:
        return request.seal(query=[("key", credentials.key.reveal())])

    with serve() as server, client(toy.plugin(request=request, sign=sign)) as reader:
        reader.read(account(server.base_url))
        with pytest.raises(NetworkError):
            reader.read(account("http://127.0.0.1:9"))
    assert "shop: GET api -> 200" in caplog.text
    assert "shop: GET api -> network" in caplog.text
    assert KEY not in caplog.text
    assert "public" not in caplog.text


def test_a_warning_of_the_settings_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    class Wary(Resolver):
        def resolve(self, *arguments: Any, **more: Any) -> Resolved:
            return attrs.evolve(super().resolve(*arguments, **more), warnings=("mended elsewhere",))

    with serve() as server, client(resolver=Wary()) as reader:
        for _ in range(2):
            reader.read(account(server.base_url))
    assert caplog.messages == ["shop: mended elsewhere"]


def test_the_deadline_holds_and_an_accounts_own_timeout_goes_first() -> None:
    with serve(delay_s=1.0) as server, client(timeout_s=0.2) as reader:
        for own, limit_s in ((None, 0.2), (0.4, 0.4)):
            started = time.monotonic()
            with pytest.raises(TimedOutError):
                reader.read(account(server.base_url, timeout_s=own))
            assert limit_s - 0.05 <= time.monotonic() - started <= limit_s + 0.3


def test_a_retry_happens_over_the_same_client() -> None:
    answers = iter([Response(503), Response(503), OK])
    with serve(lambda asked: next(answers)) as server, client(random=lambda: 0.01) as reader:
        assert reader.read(account(server.base_url)).balances
    assert len(server.asked) == 3


def test_the_retry_budget_is_the_clients() -> None:
    with serve(lambda asked: Response(503)) as server, client(sleep=lambda seconds: None) as reader:
        outcomes = list(reader.read_many(account(server.base_url, f"a{number}") for number in range(30)))
    assert {outcome.error.kind for outcome in outcomes if outcome.error} == {"unavailable"}
    assert len(server.asked) == 30 + 10  # ten are free; a fifth of 40 is fewer


def test_a_clock_offset_is_kept_for_the_next_read_of_that_account() -> None:
    def answer(asked: Asked) -> Response:
        wrong = abs(int(asked.headers["X-Time"]) / 1000 - 1_700_000_000) > 60
        return Response(400, (("Date", "Tue, 14 Nov 2023 22:13:20 GMT"),)) if wrong else OK

    def parse(response: Response, query: Query[Any]) -> Snapshot:
        if response.status == 400:
            raise ClockError("request has expired")
        return toy.parse(response, query)

    with serve(answer) as server, client(toy.plugin(parse=parse), clock=lambda: 1_800_000_000.0) as reader:
        reader.read(account(server.base_url))
        assert len(server.asked) == 2
        reader.read(account(server.base_url))
        assert len(server.asked) == 3
        reader.read(account(server.base_url, "another"))
        assert len(server.asked) == 5


def test_closing_ends_a_read_under_way_at_once() -> None:
    with serve(delay_s=1.0) as server, client() as reader:
        [outcome] = _while_reading(reader, account(server.base_url), reader.close)
        assert isinstance(outcome, NetworkError)
        with pytest.raises(NetworkError, match="closed"):
            reader.read(account(server.base_url))


def test_closing_ends_a_pause_at_once() -> None:
    with serve(lambda asked: Response(503, (("Retry-After", "9"),))) as server, client() as reader:
        started = time.monotonic()
        [outcome] = _while_reading(reader, account(server.base_url), reader.close)
        assert isinstance(outcome, NetworkError)
        assert time.monotonic() - started < 7


def _while_reading(reader: Client, of: Account, act: Callable[[], None]) -> list[object]:
    outcomes: list[object] = []

    def read() -> None:
        try:
            outcomes.append(reader.read(of))
        except CoffersError as error:
            outcomes.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    time.sleep(0.2)
    act()
    thread.join()
    return outcomes


def test_a_resolver_that_was_given_outlives_the_client() -> None:
    script = "import time; print('made-up', flush=True); time.sleep(0.4)"
    of = Account("shop", "toy", {"key": f'cmd:{sys.executable} -S -c "{script}"'})
    resolver = Resolver()
    reader = client(resolver=resolver)
    manifest = reader.registry.load("toy").manifest
    with ThreadPoolExecutor() as threads:
        resolving = threads.submit(resolver.resolve, of, manifest)
        time.sleep(0.2)
        reader.close()
        assert resolving.result().secrets == (Secret("made-up"),)
    resolver.stop()  # its command has ended: there is nothing to kill
    assert resolver.resolve(of, manifest).secrets == (Secret("made-up"),)


# --- one at a time, and the nonce ----------------------------------------------------------------------------------


def test_reads_of_one_account_never_overlap_where_the_provider_says_so() -> None:
    nonces: list[int] = []

    def answer(asked: Asked) -> Response:
        nonces.append(int(asked.headers["X-Nonce"]))
        return OK

    with serve(answer, delay_s=0.01) as server, client(toy.plugin(one_at_a_time=True)) as reader:
        accounts = [account(server.base_url)] * 12
        assert all(outcome.snapshot for outcome in reader.read_many(accounts, per_host=12))
        assert server.most_at_once == 1
    assert nonces == sorted(set(nonces))


def test_waiting_for_ones_turn_counts_against_the_deadline() -> None:
    with serve(delay_s=1.2) as server, client(toy.plugin(one_at_a_time=True), timeout_s=2.0) as reader:
        outcomes = list(reader.read_many([account(server.base_url)] * 3))
    kinds = sorted(outcome.error.kind if outcome.error else "ok" for outcome in outcomes)
    assert kinds == ["ok", "timeout", "timeout"]


def test_waiting_for_ones_turn_ends_at_the_deadline() -> None:
    asked, done = threading.Event(), threading.Event()

    class Busy:
        def send(self, message: object, endpoint: object, deadline: float) -> Response:
            asked.set()
            done.wait(10)
            return OK

        def close(self) -> None: ...

    one = Account("shop", "toy", {"key": Secret(KEY)})
    with client(toy.plugin(one_at_a_time=True), transport=Busy(), timeout_s=0.05) as reader:
        first = threading.Thread(target=reader.read, args=(one,))
        first.start()
        assert asked.wait(10)
        with pytest.raises(TimedOutError, match="another read of this account"):
            reader.read(one)
        done.set()
        first.join(10)


def test_other_providers_read_one_account_side_by_side() -> None:
    with serve(delay_s=0.1) as server, client() as reader:
        assert len(list(reader.read_many([account(server.base_url)] * 4))) == 4
    assert server.most_at_once == 4


def test_nonces_rise_strictly_from_many_threads_and_by_milliseconds() -> None:
    nonces = Nonces()
    assert [nonces(now) for now in (1000, 1000, 900, 2000)] == [1000, 1001, 1002, 2000]
    drawn: list[int] = []
    threads = [threading.Thread(target=lambda: drawn.extend(nonces(5000) for _ in range(500))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drawn)) == 4000


# --- tokens --------------------------------------------------------------------------------------------------------


class TokenServer:
    """Hands out numbered tokens; `accepted` says which one balances are told for."""

    def __init__(self, status: int = 200, takes_s: float = 0.05) -> None:
        self.fetched = 0
        self.accepted: str | None = None
        self.status = status
        self.takes_s = takes_s

    def __call__(self, asked: Asked) -> Response:
        if asked.path == "/token":
            time.sleep(self.takes_s)
            self.fetched += 1
            self.accepted = f"token-{self.fetched}"
            return Response(self.status, (), self.accepted.encode())
        return OK if asked.headers["Authorization"] == f"Bearer {self.accepted}" else Response(401)


def token_plugin(lifetime_s: int = 600) -> object:
    def parse(response: Response, query: Query[Any]) -> Snapshot | AccessToken:
        if response.status != 200:
            raise status_error(response)
        return AccessToken(Secret(response.text), lifetime_s) if query.step == "token" else toy.parse(response, query)

    return toy.plugin(parse=parse, token_step="token")


def test_one_fetch_serves_concurrent_readers_and_the_token_is_kept() -> None:
    tokens = TokenServer()
    with serve(tokens) as server, client(token_plugin()) as reader:
        accounts = [account(server.base_url)] * 16
        assert all(outcome.snapshot for outcome in reader.read_many(accounts, per_host=16))
        assert tokens.fetched == 1
        reader.read(account(server.base_url))
        assert tokens.fetched == 1


def test_a_revoked_token_is_replaced_once_for_all() -> None:
    tokens = TokenServer()
    with serve(tokens) as server, client(token_plugin()) as reader:
        reader.read(account(server.base_url))
        tokens.accepted = "revoked"
        accounts = [account(server.base_url)] * 8
        assert all(outcome.snapshot for outcome in reader.read_many(accounts, per_host=8))
    assert tokens.fetched == 2


def test_an_expired_token_is_not_used_again() -> None:
    tokens = TokenServer()
    moments = itertools.count(0.0, 0.001)
    late = [0.0]
    with serve(tokens) as server, client(token_plugin(60), monotonic=lambda: next(moments) + late[0]) as reader:
        reader.read(account(server.base_url))
        late[0] += 50
        reader.read(account(server.base_url))
        assert tokens.fetched == 1
        late[0] += 5  # within the last tenth
        reader.read(account(server.base_url))
    assert tokens.fetched == 2


def test_waiters_share_a_refusal() -> None:
    # Long enough for all to be waiting: who comes later asks for himself, and should.
    tokens = TokenServer(status=401, takes_s=1.5)
    with serve(tokens) as server, client(token_plugin()) as reader:
        outcomes = list(reader.read_many([account(server.base_url)] * 8, per_host=8))
        assert {outcome.error.kind for outcome in outcomes if outcome.error} == {"auth"}
        assert tokens.fetched == 1


def test_waiters_do_not_share_a_timeout() -> None:
    slow = threading.Event()

    def answer(asked: Asked) -> Response:
        if asked.path == "/token" and not slow.is_set():
            slow.set()
            time.sleep(0.6)
        return tokens(asked)

    tokens = TokenServer()
    with serve(answer) as server, client(token_plugin(), timeout_s=0.5) as reader:
        hasty = threading.Thread(target=lambda: list(reader.read_many([account(server.base_url)])))
        hasty.start()
        slow.wait(2)
        assert reader.read(account(server.base_url, timeout_s=3)).balances
        hasty.join()


# --- many ----------------------------------------------------------------------------------------------------------


def test_each_account_has_an_outcome_and_one_failing_stops_no_other() -> None:
    def answer(asked: Asked) -> Response:
        return Response(401) if asked.path.startswith("/bad") else OK

    with serve(answer) as server, client() as reader:
        accounts = [
            account(server.base_url, "good"),
            account(server.base_url + "/bad", "bad"),
            account(server.base_url, "missing", provider="nowhere"),
            Account("unset", "toy", {"key": "env:COFFERS_TEST_UNSET"}, base_url=server.base_url),
        ]
        outcomes = {outcome.account.name: outcome for outcome in reader.read_many(accounts)}
    assert {name: outcome.error.kind if outcome.error else "ok" for name, outcome in outcomes.items()} == {
        "good": "ok",
        "bad": "auth",
        "missing": "plugin",
        "unset": "config",
    }
    assert outcomes["good"].unwrap().balances[0].total == Decimal("12.50")
    with pytest.raises(PluginError):
        outcomes["missing"].unwrap()
    assert all(outcome.fetched_at.tzinfo for outcome in outcomes.values())


def test_outcomes_come_as_they_complete() -> None:
    def answer(asked: Asked) -> Response:
        time.sleep(0.5 if asked.path.startswith("/slow") else 0.0)
        return OK

    with serve(answer) as server, client() as reader:
        accounts = [account(server.base_url + "/slow", "slow"), account(server.base_url, "quick")]
        assert [outcome.account.name for outcome in reader.read_many(accounts)] == ["quick", "slow"]


def test_at_most_four_at_a_time_per_host_by_default() -> None:
    with serve(delay_s=0.02) as server, client() as reader:
        accounts = [account(server.base_url, f"a{number}") for number in range(20)]
        assert len(list(reader.read_many(accounts))) == 20
    assert server.most_at_once == 4


def test_one_slow_host_delays_no_other() -> None:
    with serve(delay_s=5.0) as slow, serve() as quick, client() as reader:
        accounts = [account(slow.base_url, f"slow{number}") for number in range(40)]
        accounts += [account(quick.base_url, f"quick{number}") for number in range(20)]
        started = time.monotonic()
        names: list[str] = []
        for outcome in reader.read_many(accounts, workers=8):
            names.append(outcome.account.name)
            if sum(name.startswith("quick") for name in names) == 20:
                break
        assert time.monotonic() - started < 5
        assert len(names) == 20


def test_accounts_are_taken_lazily_and_an_early_end_abandons_the_rest() -> None:
    taken: list[int] = []

    def endless(base_url: str) -> Iterator[Account]:
        for number in itertools.count():
            taken.append(number)
            yield account(base_url, f"a{number}")

    with serve() as server, client() as reader:
        for seen, _ in enumerate(reader.read_many(endless(server.base_url))):
            if seen == 50:
                break
    assert len(taken) <= 10_000 + 60
    assert len(server.asked) < 100


def test_a_bound_on_the_whole_ends_what_is_unread() -> None:
    with serve(delay_s=1.0) as server, client() as reader:
        started = time.monotonic()
        accounts = [account(server.base_url, f"a{number}") for number in range(12)]
        outcomes = list(reader.read_many(accounts, within_s=1.7))
        assert time.monotonic() - started < 5
    kinds = [outcome.error.kind if outcome.error else "ok" for outcome in outcomes]
    assert (len(kinds), kinds.count("ok"), kinds.count("timeout")) == (12, 4, 8)


@pytest.mark.parametrize("bad", [{"workers": 0}, {"per_host": 0}])
def test_nonsense_bounds_are_refused_at_the_call(bad: dict[str, int]) -> None:
    with client() as reader, pytest.raises(ValueError, match="at least 1"):
        reader.read_many([], **bad)


def test_nothing_to_read_is_no_outcome() -> None:
    with client() as reader:
        assert list(reader.read_many([])) == []


def test_a_fault_of_ours_is_raised_where_the_caller_sees_it() -> None:
    class Broken:
        def send(self, message: object, endpoint: object, deadline: float) -> Response:
            raise ZeroDivisionError

        def close(self) -> None: ...

    with client(transport=Broken()) as reader, pytest.raises(ZeroDivisionError):
        list(reader.read_many([account("http://127.0.0.1:9")]))


def test_an_account_of_a_missing_provider_has_a_place_of_its_own() -> None:
    with client() as reader:
        [outcome] = reader.read_many([Account("shop", "nowhere", {"key": Secret(KEY)})])
    assert isinstance(outcome.error, PluginError)


def test_the_place_of_an_account_without_base_url_is_its_providers_first_host() -> None:
    hosts: list[str] = []

    class Recording:
        def send(self, message: Any, endpoint: Any, deadline: float) -> Response:
            hosts.append(endpoint.base_url)
            return OK

        def close(self) -> None: ...

    with client(transport=Recording()) as reader:
        [outcome] = reader.read_many([Account("shop", "toy", {"key": Secret(KEY)})])
    assert isinstance(outcome, Outcome)
    assert hosts == ["https://api.toy.example"]
