"""Recording: whatever an answer holds, nothing of the account is left in what is written; it is understood alike."""

from __future__ import annotations

import base64
import importlib
import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coffers import SANDBOX_GROUP, Account, CoffersError, FieldValue, PluginError, Registry, Resolver, Secret
from coffers.sandbox import Sandbox
from coffers.testing.recording import NotRecordedError, Recording, record, write
from coffers.testing.remains import Remains
from coffers.testing.vectors import Case, load_cases, replay
from tests.roof.testing.recording_toy import TOY

OPEN = '''
"""The made-up provider `openhouse`: it asks for no credentials."""
from coffers.plugin import Provider, Request, Snapshot, hookimpl

@hookimpl
def coffers_provider():
    return Provider(id="openhouse", title="O", docs="https://o.example", base_urls={"api": "https://o.example"})

@hookimpl
def coffers_request(query):
    return Request("GET", "/balances")

@hookimpl
def coffers_sign(request, credentials, attempt):
    return request.seal()

@hookimpl
def coffers_parse(response, query):
    return Snapshot()
'''
KEY, LOGIN, TOKEN = "sesame-k3y/with+signs", "ada.lovelace", "t0ken-of-the-day"
ROW = {"currency": "USD", "total": "12.50"}
Answer = tuple[int, list[tuple[str, str]], Any]


class Scribe:
    """The server; `answers` by page, beside that of the token step."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.token: Answer = (200, [], {"token": TOKEN, "expires_in": 60})
        self.url = ""


@pytest.fixture(scope="module")
def scribe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scribe]:
    """The plugin, installed in a folder, and a server that answers for it."""
    folder = tmp_path_factory.mktemp("site")
    info = folder / "coffers_scribe-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: coffers-scribe\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[coffers.providers]\nscribe = coffers_scribe\nopenhouse = coffers_openhouse\n"
    )
    (folder / "coffers_openhouse.py").write_text(OPEN)
    (folder / "coffers_scribe.py").write_text(TOY)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    scribe = Scribe()

    class Desk(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = self.path.partition("page=")[2].partition("&")[0]
            status, headers, value = scribe.token if self.path.startswith("/login") else scribe.answers[page]
            body = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            for name, text in headers:
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    scribe.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield scribe
    server.shutdown()
    thread.join()
    server.server_close()
    sys.path.remove(str(folder))
    for name in ("coffers_scribe", "coffers_openhouse"):
        sys.modules.pop(name, None)


Reader = Callable[..., Recording]


@pytest.fixture
def read(scribe: Scribe, tmp_path: Path) -> Reader:
    """Record an account of the toy that answers like this."""

    def call(
        *pages: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = (), **fields: FieldValue
    ) -> Recording:
        return recorded(scribe, tmp_path, list(pages), status, headers, fields)

    return call


def recorded(
    scribe: Scribe, to: Path, pages: list[Any], status: int, headers: tuple[tuple[str, str], ...], fields: Any
) -> Recording:
    scribe.answers = {
        page.pop("__page__", "") if isinstance(page, dict) else "": (status, list(headers), page) for page in pages
    }
    given: dict[str, FieldValue] = (
        {"key": Secret(KEY), "login": LOGIN} if not fields.keys() & {"pepper", "oath"} else {}
    )
    account = Account("shop", "scribe", {**given, **fields}, base_url=scribe.url, timeout_s=5)
    return record(account, to, "case", registry=Registry(), resolver=Resolver())


def texts_of(recording: Recording) -> Iterator[str]:
    """Every file, as it is and with the usual encodings undone."""
    for case in recording.cases:
        for content in case.files.values():
            text = content.decode("utf-8", "replace")
            yield from (text, unquote(text), json.dumps(text), text.encode().decode("unicode_escape", "replace"))
            for token in text.replace('"', " ").replace("/", " ").split():
                for decode in (base64.b64decode, bytes.fromhex):
                    try:
                        yield decode(token).decode("utf-8", "replace")
                    except ValueError:
                        continue


# --- the proof -------------------------------------------------------------------------------------------------------

letters = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZабвгдежзиклмнопрстäöüé", min_size=6, max_size=12)
names = letters.map("Zq{}".format)  # else hypothesis finds words of our own files, which are in them by right
cards = st.text("123456789", min_size=12, max_size=19)
emails = st.builds("{}@{}.example".format, st.text("abcdefghijkl", min_size=6), st.text("mnopqrstuv", min_size=6))
tokens = st.binary(min_size=12, max_size=24).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
canaries = names | cards | emails | tokens | st.sampled_from([KEY, LOGIN, TOKEN])
encodings: st.SearchStrategy[Callable[[str], str]] = st.sampled_from([
    str,
    quote,
    lambda text: base64.b64encode(text.encode()).decode(),
    lambda text: text.encode().hex(),
    lambda text: json.dumps({"inner": [text]}),
    lambda text: f"Dear {text}, you have 5 messages from {text}",
    lambda text: f"https://pay.example/{quote(text)}?u={quote(text, safe='')}",
])  # fmt: skip


@st.composite
def answers(draw: st.DrawFn) -> tuple[set[str], Any, list[tuple[str, str]]]:
    """Canaries, an answer that holds them in its names and values, in any form, and headers that do."""
    drawn = draw(st.lists(canaries, min_size=1, max_size=5, unique_by=str.casefold))
    forms = st.builds(lambda encode, text: encode(text), encodings, st.sampled_from(drawn))
    values = st.recursive(
        forms | st.none() | st.booleans() | st.integers(-99, 99),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(forms, inner, max_size=3),
        max_leaves=8,
    )
    headers = [(name, quote(draw(st.sampled_from(drawn)))) for name in ("X-Customer", "Set-Cookie", "X-Key", "ETag")]
    headers.append(("Content-Type", f"application/json; user={quote(drawn[0])}"))
    return set(drawn), draw(values), headers


@given(answer=answers(), status=st.sampled_from([200, 200, 401, 503]))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_no_canary_survives(scribe: Scribe, tmp_path: Path, answer: Any, status: int) -> None:
    canaries, extra, headers = answer
    body = {"rows": [ROW], "as_of": "2024-05-06T07:08:09Z", "message": str(extra), "code": "denied", "extra": extra}
    if status == 503:
        headers = [*headers, ("Retry-After", "600")]
    recording = recorded(scribe, tmp_path, [body], status, tuple(headers), {"purse": sorted(canaries)[0], "shop": 4711})
    files = "\n".join(texts_of(recording)).casefold()
    for canary in (*canaries, KEY, LOGIN, TOKEN):
        assert canary.casefold() not in files
    assert "12.50" not in files
    plugin = importlib.import_module("coffers_scribe")
    for case in recording.cases:
        assert all(arrow.holds for arrow in replay(case, plugin))
    assert recording.outcome == {200: "snapshot", 401: "auth", 503: "auth"}[status]


def test_text_that_is_no_json_is_scrubbed_as_well(read: Reader) -> None:
    page = f"<html><p title='{LOGIN}'>Dear {LOGIN}, {KEY} is not welcome</p></html>".encode()
    recording = read(page, headers=(("Content-Type", "text/html"),), status=502)
    assert recording.outcome == "unavailable"
    [_, case] = recording.cases
    assert case.files["response.http"].startswith(b"HTTP/1.1 502 Bad Gateway\n")
    assert b"\nContent-Type: text/html\n\n" in case.files["response.http"]
    assert b"<html><p title='" in case.files["response.http"]
    assert not [text for text in texts_of(recording) if LOGIN in text or "Dear" in text or "welcome" in text]


# --- what is written -------------------------------------------------------------------------------------------------


def test_a_read_of_several_steps_becomes_a_case_for_each(read: Reader, tmp_path: Path) -> None:
    first = {
        "rows": [ROW, {"currency": "BTC", "total": "0.0500", "network": "TRC20", "usd": "1.5"}],
        "next_page": "cursor-of-ada",
    }
    second = {"__page__": "cursor-of-ada", "rows": [{"currency": "EUR", "total": "0"}]}
    recording = read(first, second, purse="purse of ada", number=12345, region="south", only="USD")
    write(recording)
    cases = load_cases(tmp_path)
    assert [case.name for case in cases] == ["case", "case-2", "case-3"]
    assert [case.json("query.json").get("step", "balances") for case in cases] == ["login", "balances", "balances"]
    token, page, last = cases
    value = token.json("token.json")["value"]
    assert (len(value), value != TOKEN) == (len(TOKEN), True)
    assert "token" not in token.json("attempt.json")
    assert page.json("attempt.json") == {
        "time_ms": 1642075807000, "nonce": 1642075807000, "token": {"value": value, "lifetime_s": 60},
    }  # fmt: skip
    asked = page.json("query.json")["settings"]
    assert (asked["region"], asked["only"]) == ("south", "USD")
    assert (len(asked["purse"]), len(str(asked["number"]))) == (12, 5)
    assert "ada" not in asked["purse"]
    assert page.json("snapshot.json")["next"] == [{"step": "balances", "state": last.json("query.json")["state"]}]
    assert "cursor-of-ada" not in "\n".join(texts_of(recording))
    plugin = importlib.import_module("coffers_scribe")
    for case in cases:
        arrows = list(replay(case, plugin))
        assert [arrow.verb for arrow in arrows] == ["request", "sign", "parse"]
        assert all(arrow.holds for arrow in arrows)
    with pytest.raises(FileExistsError) as caught:
        write(recording)
    assert caught.value.filename == str(cases[0].folder)


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_of_a_read_that_cannot_be_written_whole_nothing_is_left(
    read: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    recording = read({"rows": [ROW]})
    last = recording.cases[-1].folder / "snapshot.json"
    write_bytes = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path == last:
            raise fault
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(type(fault)):
        write(recording)
    assert [path for path in tmp_path.rglob("*") if path.name.startswith("case")] == []


def test_of_a_number_among_the_settings_only_a_small_one_stays(read: Reader) -> None:
    numbers = [read({"rows": [ROW]}, number=number).cases[-1].json("query.json") for number in (42, 742)]
    assert numbers[0]["settings"]["number"] == 42
    assert numbers[1]["settings"]["number"] in set(range(100, 1000)) - {742}


def test_made_up_credentials_fit_the_class(read: Reader) -> None:
    [_, case] = read({"rows": [ROW]}, kind="old", shop=471100).cases
    made = case.json("credentials.json")
    assert made == {"kind": "old", "key": "made-up-key", "login": "made-up-login", "shop": made["shop"]}
    [_, case] = read({"rows": []}, pepper=Secret("00ff00ff00ff00ff")).cases
    assert case.json("credentials.json")["pepper"] != "00ff00ff00ff00ff"
    bytes.fromhex(case.json("credentials.json")["pepper"])


def test_credentials_that_cannot_be_made_up_are_taken_from_earlier_vectors_or_left_to_the_author(read: Reader) -> None:
    recording = read({"rows": [ROW]}, oath=Secret("queen and country"))
    assert (
        recording.notes[1] == "case-2: no made-up credentials fit; write credentials.json, then `coffers try --write`"
    )
    assert "credentials.json" not in recording.cases[1].files
    assert "snapshot.json" in recording.cases[1].files
    module = importlib.import_module("coffers_scribe")
    earlier = Path(str(module.__file__)).parent / "vectors/scribe/earlier"
    other = earlier.parent / "before"
    earlier.mkdir(parents=True)
    other.mkdir()
    (other / "credentials.json").write_text('{"pepper": "00"}')
    (earlier / "credentials.json").write_text('{"oath": "quite made up"}')
    try:
        recording = read({"rows": [ROW]}, oath=Secret("queen and country"))
    finally:
        shutil.rmtree(earlier.parents[1])
    assert (recording.notes, recording.cases[1].json("credentials.json")) == ((), {"oath": "quite made up"})


def test_a_provider_that_asks_for_no_credentials(scribe: Scribe, tmp_path: Path) -> None:
    scribe.answers = {"": (200, [], {"owner": "Ada"})}
    account = Account("open", "openhouse", {}, base_url=scribe.url)
    [case] = record(account, tmp_path, "case", registry=Registry(), resolver=Resolver()).cases
    assert sorted(case.files) == [
        "attempt.json", "query.json", "request.http", "response.http", "signed.http", "snapshot.json",
    ]  # fmt: skip
    assert "token" not in case.json("attempt.json")


def test_a_plugin_that_is_not_pure_is_told(read: Reader) -> None:
    with pytest.raises(NotRecordedError) as caught:
        read({"rows": [ROW], "impure": True}, {"__page__": "x", "rows": []})
    assert caught.value.lines == ("coffers_parse leads to another step each time it is asked; it must be pure",)


def test_a_status_nobody_knows_is_written_too(read: Reader) -> None:
    [_, case] = read({"message": "no"}, status=599).cases
    assert case.files["response.http"].startswith(b"HTTP/1.1 599 ?\n")


# --- what is not written ---------------------------------------------------------------------------------------------


def test_an_answer_that_must_add_up_is_not_written(read: Reader) -> None:
    with pytest.raises(NotRecordedError) as caught:
        read({"rows": [ROW, {"currency": "USD", "total": "9999999.99"}], "sum": "10000012.49"})
    assert caught.value.lines == ("2 balances became 0",)


def test_an_amount_where_a_verdict_is_due_does_not_stay(read: Reader) -> None:
    [_, case] = read({"rows": [], "count": 1, "result": 250}).cases
    assert b"250" not in case.files["response.http"]


def test_settings_that_cannot_be_made_up_are_told(read: Reader) -> None:
    with pytest.raises(NotRecordedError) as caught:
        read({"rows": [ROW]}, only="queen of hearts")
    assert caught.value.lines == ("made-up settings are refused by the plugin (ValueError); write query.json by hand",)


def test_without_an_answer_there_is_nothing_to_record(scribe: Scribe, read: Reader, tmp_path: Path) -> None:
    with pytest.raises(CoffersError) as caught:
        read({"rows": [ROW]}, status=302)
    assert caught.value.kind == "bad_response"
    account = Account("shop", "nobody", {})
    with pytest.raises(PluginError):
        record(account, tmp_path, "case", registry=Registry(), resolver=Resolver())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", [
    "{}", '"{}"', "x {} y",
])  # fmt: skip
@pytest.mark.parametrize("encode", [
    str, str.upper, quote, lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    lambda text: base64.b64encode(f"user:{text}".encode()).decode(), lambda text: text.encode().hex(),
    lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    lambda text: "".join(f"&#{ord(char)};" for char in text),
], ids=["plain", "upper", "url", "percent", "base64", "hex", "json", "html"])  # fmt: skip
@pytest.mark.parametrize("private", [True, False])
def test_the_last_guard_finds_what_is_left(
    form: str, encode: Callable[[str], str], private: bool, tmp_path: Path
) -> None:
    """It looks at the files alone, whatever the scrubbing believes to have done."""
    word = "Lovelace" if private else "lovelace"
    remains = Remains([word, "ada", "main"] if private else [], [] if private else [word, "of"], {"main"})
    case = Case(
        tmp_path / "case", {"response.http": form.format(encode(word)).encode(), "query.json": b"of ada; domain"}
    )
    assert [reason.split(" would")[0] for reason in remains.found(case)] == ["case/response.http"]
    assert word not in str(remains.found(case))


def test_the_last_guard_lets_the_files_own_words_be(tmp_path: Path) -> None:
    remains = Remains(["main"], ["wallet", "rows", "hopper"], {"rows"})
    case = Case(
        tmp_path / "case",
        {"response.http": b"wallet rows", "snapshot.json": b"wallet rows", "error.json": b"Hopper main"},
    )
    assert remains.found(case) == [
        "case/response.http would hold 1 words of the real answer",
        "case/error.json would hold a secret or an identifier of the account",
        "case/error.json would hold 1 words of the real answer",
    ]


# --- every installed provider ----------------------------------------------------------------------------------------

PROVIDERS = sorted({entry.name for entry in entry_points(group=SANDBOX_GROUP)})


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.mark.parametrize("revoked", [False, True])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_installed_provider_can_be_recorded(box: Sandbox, provider: str, revoked: bool, tmp_path: Path) -> None:
    served = box[provider]
    served.change(revoked=revoked)
    write(record(served.account(), tmp_path, "case", registry=Registry(), resolver=Resolver()))
    cases = load_cases(tmp_path)
    files = b"\n".join(content for case in cases for content in case.files.values()).decode()
    assert not [secret for secret in served.secret_fields().values() if secret in files]
    assert not [amount for amount in map(str, served.balances.values()) if len(amount) > 6 and amount in files]
    assert ("error.json" in cases[-1].files) == revoked
    if not revoked:
        assert len(cases[-1].json("snapshot.json")["balances"]) >= 1
    [value] = {entry.value for entry in entry_points(group="coffers.providers", name=provider)}
    for case in cases:
        assert "signed.http" in case.files
        assert all(arrow.holds for arrow in replay(case, importlib.import_module(value)))
