"""The config in words, the address, the digits: what the recorded cases cannot show one by one."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coffers_http_json
from coffers import Account, AuthError, Client, InvalidConfigError, Secret, load_config, parse_guarded
from coffers.plugin import Attempt, BadResponseError, ConfigError, Query, RejectedError, Response, Snapshot, exact
from coffers.sandbox import Sandbox
from coffers.testing.vectors import load_cases
from coffers_http_json import ByKey, Settings
from coffers_http_json.pointers import due, find, is_pointer, joined
from coffers_http_json.times import to_time

HERE = Path(__file__).parents[1]
CASES = {case.name: case for case in load_cases(HERE / "vectors")}
ONE: dict[str, Any] = {"url": "https://one.example/v1/balance", "total": "/balance", "currency": "USD"}


def parse(settings: Settings, body: str, status: int = 200) -> Snapshot:
    response = Response(status, (("Content-Type", "application/json"),), body.encode())
    answer = parse_guarded(coffers_http_json.coffers_parse, Query(settings), response)
    assert isinstance(answer, Snapshot)
    return answer


# --- the config, as the user meets it ------------------------------------------------------------------------------


def problems(folder: Path, **keys: Any) -> list[str]:
    lines = ["[accounts.a]", 'provider = "http-json"', 'key = "env:K"']
    lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    path = folder / "config.toml"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    path.chmod(0o600)
    try:
        load_config(path, lambda provider: coffers_http_json.coffers_provider())
    except InvalidConfigError as error:
        return [problem.partition("accounts.a")[2] for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"url": "http://one.example/"}, ".url: must be https"),
        ({"url": "https://me:pass@one.example/"}, ".url: must hold no user or fragment"),
        ({"url": "https://one.example/a/../b"}, ".url: its path must be percent-encoded"),
        ({"url": "https://one.example//b"}, ".url: its path must be percent-encoded"),
        ({"url": "https://one.example/%zz"}, ".url: its path must be percent-encoded"),
        ({"method": "PUT"}, ".method: must be one of GET, POST"),
        ({"accept": "a\nb"}, ".accept: must be plain ASCII on one line"),
        ({"total": "balance"}, ".total: must be a JSON pointer such as /data/amount, or # for the whole"),
        ({"total": "/a~2"}, ".total: must be a JSON pointer"),
        ({"total": "0#"}, ".total: must be a JSON pointer"),
        ({"wallet_at": "name"}, ".wallet_at: must be a JSON pointer such as /data/name, # for the whole row or 0#"),
        ({"total": None}, ".total: is missing; give a pointer to an amount: total, available, pending or reserved"),
        ({"currency": None}, '.currency: is missing; give a code such as "EUR", or currency_at'),
        ({"currency": "US DOLLAR"}, ".currency: must be a code such as EUR or USDT"),
        ({"currency_at": "/c"}, ".currency_at: cannot be given together with currency"),
        ({"wallet_at": "0#"}, ".rows: is missing; 0# is the name of a row"),
        ({"decimals": -1}, ".decimals: must be 0 to 30"),
        ({"decimals": 31}, ".decimals: must be 0 to 30"),
        ({"ok_at": "/ok"}, ".ok_is: is missing; ok_at means nothing without it"),
        ({"ok_is": "true"}, ".ok_at: is missing; ok_is means nothing without it"),
        ({"key_in": "cookie"}, ".key_in: must be one of bearer, header, query, form, json, basic"),
        ({"key_in": "query"}, ".key_name: is missing; key_in = 'query' needs the name"),
        ({"key_in": "header", "key_name": "a b"}, ".key_name: is no header that may hold a key"),
        ({"key_in": "header", "key_name": "Host"}, ".key_name: is no header that may hold a key"),
        ({"key_in": "header", "key_name": "X-Key", "key_prefix": "ключ"}, ".key_prefix: must be plain ASCII"),
        ({"key_name": "X-Key"}, ".key_name: means nothing where key_in is bearer"),
        ({"key_prefix": "Token "}, ".key_prefix: means nothing where key_in is bearer"),
        ({"user": "me"}, ".user: means nothing where key_in is bearer"),
        ({"key_in": "basic", "user": "a:b"}, ".user: must hold no colon"),
        ({"key_in": "form", "key_name": "k"}, ".method: must be POST where key_in is form"),
        ({"key_in": "json", "key_name": "k"}, ".method: must be POST where key_in is json"),
    ],
)
def test_a_fault_of_the_config_is_told_with_its_place(tmp_path: Path, keys: dict[str, Any], said: str) -> None:
    given = {key: value for key, value in (ONE | keys).items() if value is not None}
    [problem] = problems(tmp_path, **given)
    assert problem.startswith(said)


def test_the_address_and_an_amount_are_the_least(tmp_path: Path) -> None:
    assert problems(tmp_path, **ONE) == []
    assert problems(tmp_path, **{**ONE, "url": "http://127.0.0.1:9001/?a=b"}) == []
    [problem] = problems(tmp_path, total="/a", currency="EUR")
    assert problem == ".url: is missing; http-json needs it"


def test_every_recorded_case_has_a_config_without_fault(tmp_path: Path) -> None:
    assert len(CASES) > 70
    for case in CASES.values():
        assert problems(tmp_path, **case.json("query.json")["settings"]) == [], case.name


def test_the_readme_s_examples_are_recorded_cases_and_its_tables_name_every_key() -> None:
    readme = (HERE / "README.md").read_text("utf-8")
    examples = [
        table
        for block in re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
        for table in tomllib.loads(block)["accounts"].values()
    ]
    names = re.findall(r"^\*\*[^*]+\*\* \(`([a-z-]+)`\)", readme, re.MULTILINE)
    assert len(examples) == len(names) == 3
    for name, table in zip(names, examples, strict=True):
        own = {key: value for key, value in table.items() if key not in ("provider", "key")}
        assert own == CASES[name].json("query.json")["settings"]
    answers = re.findall(r"```json\n(.*?)\n```", readme, re.DOTALL)
    assert [CASES[name].files["response.http"].decode().partition("\n\n")[2] for name in names] == answers
    keys = {field.name for cls in (Settings, ByKey) for field in attrs.fields(cls)}
    rows = " ".join(line.split("|")[1] for line in readme.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`(\w+)`", rows)) == keys


# --- what is asked -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://h.example", "/"),
        ("https://h.example?a=b", "/?a=b"),
        ("https://h.example/v1/a%2Fb;c?x=%C3%BC+1&x=2&y=&z", "/v1/a%2Fb;c?x=%C3%BC%201&x=2&y=&z="),
        ("https://h.example/?a=b%26c%3Dd", "/?a=b%26c%3Dd"),
    ],
)
def test_the_address_is_asked_as_it_stands(url: str, target: str) -> None:
    request = coffers_http_json.coffers_request(Query(Settings(**(ONE | {"url": url}))))
    assert (request.method, request.target, request.headers, request.body) == ("GET", target, (), b"")


def test_a_key_with_a_colon_is_no_user_s_name() -> None:
    request = coffers_http_json.coffers_request(Query(Settings(**ONE, key_in="basic")))
    with pytest.raises(ConfigError, match="colon") as caught:
        coffers_http_json.coffers_sign(request, ByKey(key=Secret("canary:key"), key_in="basic"), Attempt(0, 0))
    assert "canary" not in str(caught.value)


# --- pointers ------------------------------------------------------------------------------------------------------


#: The document and the answers of RFC 6901, section 5.
RFC = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6, " ": 7, "m~n": 8}


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("#", RFC),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
        ("/foo/2", None),
        ("/foo/-", None),
        ("/foo/-/0", None),
        ("/foo/-1", None),
        ("/foo/00", None),
        ("/foo/bar", None),
        ("/foo/0/0", None),
        ("/foo/" + "9" * 5000, None),
        ("/a~1b/0", None),
        ("/nothing/at/all", None),
    ],
)
def test_a_pointer_leads_where_the_rfc_says_or_nowhere(pointer: str, found: Any) -> None:
    assert is_pointer(pointer)
    assert find(RFC, pointer) == found


def test_an_error_names_the_place_and_no_value() -> None:
    assert joined("/rows", "/*", "0#") == "/rows/*"
    assert joined("#", "#") == "#"
    with pytest.raises(BadResponseError) as caught:
        due({"canary": 1}, list[Any], joined("#", "/rows"))
    assert (caught.value.message, caught.value.field) == ("/rows: must be an array, is an object", "/rows")


# --- digits --------------------------------------------------------------------------------------------------------

AMOUNTS = st.decimals(-(10**30), 10**30, allow_nan=False, places=12).map(lambda amount: format(amount, "f"))


@given(AMOUNTS, st.booleans())
def test_every_digit_of_an_amount_is_kept(text: str, quoted: bool) -> None:
    [row] = parse(Settings(**ONE), f'{{"balance": {json.dumps(text) if quoted else text}}}').balances
    assert row.total is not None
    assert row.total.as_tuple() == Decimal(text).as_tuple()


@given(st.integers(-(10**40), 10**40), st.integers(0, 30), st.booleans())
def test_smaller_units_become_whole_ones_exactly(number: int, decimals: int, quoted: bool) -> None:
    body = f'{{"balance": {json.dumps(str(number)) if quoted else number}}}'
    [row] = parse(Settings(**ONE, decimals=decimals), body).balances
    assert row.total is not None
    with exact():
        assert row.total * 10**decimals == number
    assert row.total.as_tuple().exponent == -decimals


@pytest.mark.parametrize("number", ["0.5", "1250.0", '"1250.0"', "1e-1"])
def test_a_part_of_the_smallest_unit_is_refused(number: str) -> None:
    with pytest.raises(BadResponseError, match="/balance: must be a whole number"):
        parse(Settings(**ONE, decimals=2), f'{{"balance": {number}}}')


@given(st.permutations(["total", "available", "pending", "reserved"]), st.integers(1, 4))
def test_the_first_configured_amount_is_due_whatever_the_others(names: list[str], count: int) -> None:
    order = [name for name in ("total", "available", "pending", "reserved") if name in names[:count]]
    pointers = {name: f"/{name}" for name in order}
    settings = Settings(**{**ONE, "total": None, **pointers})
    [row] = parse(settings, json.dumps({order[0]: "1.50"})).balances
    assert {name: str(getattr(row, name)) for name in order} == dict.fromkeys(order, "None") | {order[0]: "1.50"}
    with pytest.raises(BadResponseError, match=f"^/{order[0]}: nothing is there"):
        parse(settings, json.dumps(dict.fromkeys(order[1:], "1.50") | {order[0]: None}))


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)), st.integers(-14, 14))  # noqa: DTZ001  hypothesis adds the zone
def test_a_time_is_the_same_in_every_form(time: datetime, hours: int) -> None:
    there = (time + timedelta(hours=hours)).replace(
        tzinfo=None
    ).isoformat() + f"{'-' if hours < 0 else '+'}{abs(hours):02}:00"
    assert to_time(there, "/t") == time
    ms = (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    rounded = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    assert to_time(ms, "/t") == rounded
    assert to_time(Decimal(ms) / 1000, "/t") == rounded


@pytest.mark.parametrize(
    "value", ["", "2023-11-14", "20231114T221320Z", "2023-11-14T22:13:20+99:00", 5, -1, 10**20, []]
)
def test_what_is_no_time_is_refused(value: Any) -> None:
    with pytest.raises(BadResponseError, match=r"^/t: must be a time"):
        to_time(value, "/t")


# --- the whole way, over real HTTP ---------------------------------------------------------------------------------


def test_the_account_s_own_address_is_asked() -> None:
    with Sandbox() as box, Client(timeout_s=5) as client:
        served = box["http-json"]
        made_up = served.account()
        fields: dict[str, Any] = dict(made_up.fields)
        account = Account("shop", "http-json", fields | {"url": f"{served.base_url}/v1/balances"})
        assert [(row.currency, str(row.total)) for row in client.read(account).balances] == [
            ("EUR", "120.50"),
            ("USD", "0.00"),
        ]
        assert client.read(account) == client.read(made_up)
        assert served.requests == 3
        own = dict(account.fields)
        for change, error in (
            ({"url": f"{served.base_url}/v1/other"}, RejectedError),
            ({"method": "POST"}, RejectedError),
            ({"key_in": "query", "key_name": "key"}, AuthError),
            ({"key": Secret("wrong")}, AuthError),
        ):
            with pytest.raises(error):
                client.read(Account("shop", "http-json", own | change))
