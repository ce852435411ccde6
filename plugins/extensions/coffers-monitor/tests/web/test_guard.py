"""Who sees anything: every refusal and every header, over real HTTP."""

from __future__ import annotations

import socket
import time

import attrs
import httpx
import pytest
from made_up_month import Month
from served_page import TOKEN, Serve

from coffers import Secret
from coffers_monitor.web.guard import COOKIE, Sessions, is_host_allowed

#: Everything that tells something of an account.
CLOSED = [
    "/", "/accounts/payouts", "/metrics", "/api/v1/balances", "/api/v1/accounts", "/api/v1/accounts/payouts",
    "/api/v1/accounts/payouts/history", "/api/v1/openapi.json",
]  # fmt: skip
OPEN = ["/login", "/healthz", "/static/page.css", "/static/refresh.js", "/static/icon.svg"]
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src "
    "'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-robots-tag": "noindex",
}
#: Words of the month, one of which would be in anything told of it.
TOLD = ("payouts", "acme", "41.87", "hosting", "10 accounts")


def tells(response: httpx.Response) -> bool:
    return any(word in response.text for word in TOLD)


def test_every_answer_has_every_header(page: httpx.Client) -> None:
    for path in (*CLOSED, *OPEN, "/nope", "/api/v1/nope", "/accounts/nope"):
        for answer in (page.get(path), page.get(path, headers={"Host": "evil.example"}), page.post(path)):
            assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
            assert "server" not in answer.headers
            assert not any(name.startswith("access-control") for name in answer.headers)


def test_without_a_token_set_everything_is_there(page: httpx.Client) -> None:
    assert {path: page.get(path).status_code for path in CLOSED} == dict.fromkeys(CLOSED, 200)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Cookie": f"{COOKIE}={TOKEN}"},
        {"Cookie": f"{COOKIE}=99999999999.{'0' * 64}"},
        {"Cookie": f"{COOKIE}=."},
        {"Cookie": "\x01;;=;"},
    ],
)
def test_without_the_token_nothing_is_told(locked: httpx.Client, headers: dict[str, str]) -> None:
    for path in CLOSED:
        answer = locked.get(path, headers=headers)
        assert not tells(answer)
        if path.startswith(("/api/", "/metrics")):
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == 'Bearer realm="coffers"'
            assert answer.json() == {"error": "send the token as: Authorization: Bearer TOKEN"}
        else:
            assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_nor_whether_an_account_exists(locked: httpx.Client) -> None:
    there, not_there = locked.get("/accounts/payouts"), locked.get("/accounts/nope")
    assert (there.status_code, there.text, there.headers["location"]) == (
        not_there.status_code,
        not_there.text,
        not_there.headers["location"],
    )
    there, not_there = locked.get("/api/v1/accounts/payouts"), locked.get("/api/v1/nope")
    assert (there.status_code, there.text) == (not_there.status_code, not_there.text)


def test_what_is_open_tells_nothing(locked: httpx.Client) -> None:
    for path in OPEN:
        answer = locked.get(path)
        assert answer.status_code == 200
        assert not tells(answer)


@pytest.mark.parametrize(
    "path", ["/static/../accounts/payouts", "/static/%2e%2e/metrics", "/static//etc/passwd", "/login/../metrics"]
)
def test_no_way_around_leads_in(locked: httpx.Client, path: str) -> None:
    host, port = locked.base_url.host, locked.base_url.port
    assert port is not None
    with socket.create_connection((host, port), timeout=60) as raw:  # a client would tidy the path up
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b"")).decode()
    assert int(answer.split()[1]) in (303, 401, 404)
    assert not any(word in answer for word in (*TOLD, "root:"))


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "PUT", "TRACE", "PROPFIND"])
def test_no_odd_request_is_told_anything(locked: httpx.Client, method: str) -> None:
    host, port = locked.base_url.host, locked.base_url.port
    assert port is not None
    lines = (
        f"HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: 127.0.0.1\r\nX-Original-URL: /login\r\n"
        "X-HTTP-Method-Override: GET\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    for path in (
        "/", "//", "/./metrics", "//metrics", "/metrics/", "/metrics;x", "/metrics%00", "/%6detrics", "/%2fmetrics",
        "/metrics?x=/static/", "/login/", "/login;/../metrics", "/login?next=/metrics", "/healthz/../metrics",
        "/static/%00", "/static/..%5capi.py", "/static/%2e%2e/api.py", "/static/../templates/all.html", "/api/",
        "/api/v1/openapi.json", "/openapi.json", "/docs", "http://x/metrics", "/accounts//payouts", "/favicon.ico",
    ):  # fmt: skip
        with socket.create_connection((host, port), timeout=60) as raw:
            raw.sendall(f"{method} {path} {lines}".encode())
            answer = b"".join(iter(lambda: raw.recv(65536), b"")).decode()
        assert int(answer.split()[1]) in ((200,) if path.startswith("/login?") else ()) + (303, 400, 401, 404, 405)
        assert not any(word in answer for word in (*TOLD, "coffers_balance", "openapi", "jinja", "root:"))
        if " 400 " not in answer[:20]:  # that the server says itself, before anything of ours
            assert "content-security-policy: default-src 'none'" in answer
            assert "cache-control: no-store" in answer


def test_the_token_opens_everything(locked: httpx.Client) -> None:
    for path in CLOSED:
        assert locked.get(path, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
        assert locked.get(path, headers={"Authorization": f"bearer  {TOKEN}"}).status_code == 200


def test_a_browser_logs_in_and_out(locked: httpx.Client) -> None:
    wrong = locked.post("/login", data={"token": "not the token"})
    assert wrong.status_code == 401
    assert "That is not the token." in wrong.text
    assert "not the token" not in wrong.text.replace("That is not the token.", "")
    assert "set-cookie" not in wrong.headers

    right = locked.post("/login", data={"token": f" {TOKEN} "})
    assert (right.status_code, right.headers["location"]) == (303, "/")
    name, *flags = right.headers["set-cookie"].split("; ")
    assert name.startswith(f"{COOKIE}=")
    assert set(flags) == {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=604800"}
    assert TOKEN not in right.headers["set-cookie"]
    page = locked.get("/")
    assert page.status_code == 200
    assert tells(page)
    assert "Log out" in page.text

    out = locked.post("/logout")
    assert "Max-Age=0" in out.headers["set-cookie"]
    locked.cookies.clear()
    assert locked.get("/").status_code == 303


def test_behind_a_proxy_with_tls_the_cookie_stays_with_tls(locked: httpx.Client) -> None:
    answer = locked.post("/login", data={"token": TOKEN}, headers={"X-Forwarded-Proto": "https"})
    assert "; Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize("body", [b"token=" + b"x" * 9000, b"\xff\xfe", b"&" * 100, b"token", b""])
def test_a_login_of_another_kind_is_refused(locked: httpx.Client, body: bytes) -> None:
    answer = locked.post("/login", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == (413 if len(body) > 8192 else 401)
    assert "set-cookie" not in answer.headers


def test_where_nobody_needs_to_log_in_nobody_is_asked_to(page: httpx.Client) -> None:
    assert page.get("/login").headers["location"] == "/"
    assert page.post("/login", data={"token": "x"}).headers["location"] == "/"
    assert "Log out" not in page.get("/").text


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def lets_in(sessions: Sessions, cookie: str) -> bool:
    from starlette.datastructures import Headers

    return sessions.lets_in(Headers({"cookie": cookie.partition(";")[0]}))


def test_a_login_ends_after_a_week_and_with_a_new_token() -> None:
    clock = Clock()
    sessions = Sessions(Secret(TOKEN), clock)
    cookie = sessions.cookie(secure=True)
    clock.now += 7 * 86400 - 1
    assert lets_in(sessions, cookie)
    assert not lets_in(Sessions(Secret(TOKEN + "!"), clock), cookie)
    clock.now += 1
    assert not lets_in(sessions, cookie)


def test_nobody_writes_himself_a_longer_login() -> None:
    clock = Clock()
    sessions = Sessions(Secret(TOKEN), clock)
    end, _, signature = sessions.cookie(secure=False).partition(";")[0].partition("=")[2].partition(".")
    for forged in (
        f"{int(end) + 1}.{signature}",
        f"{end}.{signature[:-1]}",
        f"{end}",
        f"{end}.",
        f"+{end}.{signature}",
    ):
        assert not lets_in(sessions, f"{COOKIE}={forged}")
    assert lets_in(sessions, f"{COOKIE}={end}.{signature}")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.0.0.1:8321", "localhost", "LOCALHOST:1", "localhost.", "[::1]:80", "10.1.2.3",
        "page.example:80",
    ],
)  # fmt: skip
def test_addresses_localhost_and_names_given_are_answered(host: str) -> None:
    assert is_host_allowed(host, {"page.example"})


@pytest.mark.parametrize(
    "host",
    [
        "", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "page.example.evil.example", "a b",
        "user@localhost", "localhost:", "localhost:x", "[evil]", "127.0.0.1, localhost", "2130706433", "0x7f.1",
    ],
)  # fmt: skip
def test_other_names_are_not(host: str) -> None:
    assert not is_host_allowed(host, {"page.example"})


def test_a_page_that_leads_its_own_name_here_reads_nothing(page: httpx.Client) -> None:
    for path in (*CLOSED, *OPEN):
        answer = page.get(path, headers={"Host": "evil.example"})
        assert answer.status_code == 421
        assert not tells(answer)
        assert "evil" not in answer.text


def test_a_name_that_was_given_is_answered(serve: Serve, month: Month) -> None:
    url = serve(month, names=("Money.Example",))
    assert httpx.get(url, headers={"Host": "money.example:9"}, timeout=60).status_code == 200


def test_another_site_cannot_log_anybody_in(locked: httpx.Client) -> None:
    for site in ("cross-site", "same-site"):
        answer = locked.post("/login", data={"token": TOKEN}, headers={"Sec-Fetch-Site": site})
        assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


def test_nothing_can_be_changed(page: httpx.Client) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        for path in CLOSED:
            answer = page.request(method, path)
            assert answer.status_code == 405
            assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
            assert not tells(answer)


def test_what_was_asked_is_on_no_error_page(page: httpx.Client) -> None:
    for path in ("/%3Cscript%3E", "/accounts/%3Cscript%3E", "/api/v1/accounts/%3Cscript%3E", "/static/%3Cscript%3E"):
        answer = page.get(path)
        assert answer.status_code == 404
        assert "script>" not in answer.text.replace("</script>", "")
        assert "%3C" not in answer.text


@attrs.define
class Broken(Month):
    """A view whose database is gone, and whose driver says too much."""

    def alerts(self) -> list[object]:  # type: ignore[override]
        raise RuntimeError("postgresql://user:hunter2@db/coffers is away")


@pytest.mark.parametrize("path", ["/", "/api/v1/balances", "/metrics", "/accounts/payouts"])
def test_a_fault_of_ours_tells_nothing(serve: Serve, path: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = httpx.get(serve(Broken()) + path, timeout=60)
    assert answer.status_code == 500
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert not any(word in answer.text for word in ("hunter2", "RuntimeError", "Traceback", "postgresql"))
    limit = time.monotonic() + 60
    while "RuntimeError" not in caplog.text and time.monotonic() < limit:  # it is logged after the answer has gone out
        time.sleep(0.01)
    assert "RuntimeError" in caplog.text
    assert "hunter2" not in caplog.text


def test_head_is_answered_as_get_is_without_a_body(page: httpx.Client) -> None:
    answer = page.head("/")
    assert (answer.status_code, answer.content) == (200, b"")
