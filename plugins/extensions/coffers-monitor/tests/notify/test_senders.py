"""Each sender against a real receiver: what arrives, what is said where it does not, and that no secret is said."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest

from coffers import Secret
from coffers_monitor.notify import Channel, DeliveryError, Outgoing, Sender, sender_of
from coffers_monitor.notify.by_webhook import signature
from coffers_monitor.rules import Level

from .receivers import mail_server, refusing_port, web_server

CANARY = "c4n4ry-7f3Kq9+xZ/27"
QUOTED = "c4n4ry-7f3Kq9%2BxZ%2F27"
MESSAGE = Outgoing(
    id="m1",
    title="CRITICAL shop USD",
    text="42.50 USD left\n<b>&amp;*_",
    level=Level.CRITICAL,
    document=b'{"a":"\xc3\xa9"}',
)
#: Generous, for a busy machine: starting the process that imports Apprise takes a second.
WITHIN_S = 60.0


def by_apprise(url: str, monkeypatch: pytest.MonkeyPatch) -> Sender:
    monkeypatch.setenv("CHAT_URL", url)
    return sender_of(Channel(name="chat", kind="apprise", address="env:CHAT_URL"), None)


def by_webhook(url: str, monkeypatch: pytest.MonkeyPatch, key: str = CANARY) -> Sender:
    monkeypatch.setenv("HOOK_KEY", key)
    return sender_of(Channel(name="hook", kind="webhook", address=url, secret="env:HOOK_KEY"), None)


@pytest.fixture
def silent(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Callable[[BaseException | None], None]:
    """Checks that nobody said the secret: no log at any level, no stream, no error or its traceback."""
    caplog.set_level(logging.DEBUG, logger="")

    def check(error: BaseException | None) -> None:
        out, err = capfd.readouterr()
        said = [out, err, caplog.text, *(repr(record.__dict__) for record in caplog.records)]
        if error is not None:
            said += traceback.format_exception(error)
            said.append(repr(error))
        for text in said:
            assert CANARY not in text
            assert QUOTED not in text
            assert base64.b64encode(CANARY.encode()).decode() not in text

    return check


def failure(sender: Sender, within_s: float = WITHIN_S) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        sender.send(MESSAGE, within_s=within_s)
    return caught.value


# --- mail through Apprise ------------------------------------------------------------------------------------------


def mail_url(port: int) -> str:
    return f"mailto://ops:{QUOTED}@127.0.0.1:{port}/?from=coffers@example.com&to=ops@example.com&mode=insecure"


def test_mail(monkeypatch: pytest.MonkeyPatch, silent: Callable[..., None]) -> None:
    with mail_server() as mail:
        by_apprise(mail_url(mail.port), monkeypatch).send(MESSAGE, within_s=WITHIN_S)
    assert mail.logins == [f"\0ops\0{CANARY}"]  # the secret went where it belongs
    [letter] = mail.letters
    assert (letter["subject"], letter["to"]) == ("CRITICAL shop USD", "ops@example.com")
    body = letter.get_body(("plain", "html"))
    assert body is not None
    assert "42.50 USD left" in body.get_content()
    silent(None)


def test_mail_with_a_wrong_password(monkeypatch: pytest.MonkeyPatch, silent: Callable[..., None]) -> None:
    with mail_server() as mail:
        mail.refuses_login = True
        error = failure(by_apprise(mail_url(mail.port), monkeypatch))
    assert mail.logins
    assert not mail.letters
    assert error.reason == "its server refused it with status 535"
    silent(error)


def test_mail_to_nobody(monkeypatch: pytest.MonkeyPatch, silent: Callable[..., None]) -> None:
    with mail_server() as mail:
        mail.refuses_mail = True
        error = failure(by_apprise(mail_url(mail.port), monkeypatch))
    assert not mail.letters
    assert error.attempted
    silent(error)


def test_mail_to_a_server_that_hangs(monkeypatch: pytest.MonkeyPatch, silent: Callable[..., None]) -> None:
    with mail_server() as mail:
        mail.hangs = True
        error = failure(by_apprise(mail_url(mail.port) + "&rto=600&cto=600", monkeypatch), within_s=1)
    assert error.reason == "it took longer than 1 s and was given up"
    silent(error)


def test_mail_where_nobody_listens(monkeypatch: pytest.MonkeyPatch, silent: Callable[..., None]) -> None:
    with refusing_port() as port:
        error = failure(by_apprise(mail_url(port), monkeypatch))
    assert error.reason == "its server could not be reached"
    silent(error)


# --- another channel of Apprise ------------------------------------------------------------------------------------


def test_a_chat_whose_url_is_the_secret(monkeypatch: pytest.MonkeyPatch, silent: Callable[..., None]) -> None:
    with web_server() as web:
        url = f"json://{web.url.removeprefix('http://')}/{QUOTED}/?+X-Key={QUOTED}"
        by_apprise(url, monkeypatch).send(MESSAGE, within_s=WITHIN_S)
        web.status = 404
        web.body = CANARY.encode()
        error = failure(by_apprise(url, monkeypatch))
    path, headers, body = web.requests[0]
    assert CANARY in unquote(path)
    assert headers["x-key"] in (CANARY, QUOTED)
    assert (json.loads(body)["title"], json.loads(body)["message"]) == (MESSAGE.title, MESSAGE.text)
    assert json.loads(body)["type"] == "failure"
    assert error.reason == "its server refused it with status 404"
    silent(error)


def test_apprise_follows_no_redirect(monkeypatch: pytest.MonkeyPatch) -> None:
    with web_server() as web, web_server() as elsewhere:
        web.status, web.headers = 307, {"Location": f"{elsewhere.url}/"}
        error = failure(by_apprise(f"json://{web.url.removeprefix('http://')}/", monkeypatch))
    assert error.reason == "its server refused it with status 307"
    assert not elsewhere.requests


@pytest.mark.parametrize(
    "url",
    [
        f"nonsense://{QUOTED}",
        QUOTED,
        "mailto://",
        f"https://example.com/{QUOTED}",
        "json://",
        f"json://a,json://{QUOTED}@",
    ],
)
def test_what_is_no_address(url: str, monkeypatch: pytest.MonkeyPatch, silent: Callable[..., None]) -> None:
    error = failure(by_apprise(url, monkeypatch))
    assert "example" not in error.reason
    silent(error)


def test_a_reference_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CHAT_URL", raising=False)
    error = failure(sender_of(Channel(name="chat", kind="apprise", address="env:CHAT_URL"), None))
    assert (error.reason, error.attempted) == ("the environment variable CHAT_URL is not set; set it", False)
    error = failure(sender_of(Channel(name="chat", kind="apprise", address="file:chat.url"), tmp_path))
    assert str(tmp_path / "chat.url") in error.reason


def test_closing_ends_what_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server() as mail:
        mail.hangs = True
        sender = by_apprise(mail_url(mail.port) + "&rto=600&cto=600", monkeypatch)
        found: list[DeliveryError] = []
        sending = threading.Thread(target=lambda: found.append(failure(sender)))
        sending.start()
        while sending.is_alive() and not getattr(sender, "_running", None):
            sending.join(0.01)
        command = Path(f"/proc/{sender._running.pid}/cmdline")  # type: ignore[attr-defined]  # what others may see of it
        assert not command.exists() or CANARY not in unquote(command.read_text())
        sender.close()
        sending.join()
    assert [type(error) for error in found] == [DeliveryError]
    assert not failure(sender).attempted


def test_nothing_of_apprise_is_loaded_here() -> None:
    program = (
        "import sys, coffers_monitor.notify; sys.exit(any(name.split('.')[0] == 'apprise' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# --- webhook -------------------------------------------------------------------------------------------------------


def verified(headers: dict[str, str], body: bytes, key: bytes) -> bool:
    """As a receiver does it, from the text of the standard alone."""
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    wanted = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return any(
        hmac.compare_digest(given.removeprefix("v1,"), wanted)
        for given in headers["webhook-signature"].split(" ")
        if given.startswith("v1,")
    )


def test_the_published_vector_of_the_standard() -> None:
    """Secret, id, time, payload and signature of the Standard Webhooks reference libraries."""
    found = signature(
        Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(("key", "raw"), [(CANARY, CANARY.encode()), ("whsec_c2VjcmV0LWtleQ==", b"secret-key")])
def test_webhook(key: str, raw: bytes, monkeypatch: pytest.MonkeyPatch, silent: Callable[..., None]) -> None:
    with web_server() as web:
        by_webhook(f"{web.url}/alerts/x?team=ops", monkeypatch, key).send(MESSAGE, within_s=WITHIN_S)
    [(path, headers, body)] = web.requests
    assert (path, headers["content-type"], headers["webhook-id"]) == ("/alerts/x?team=ops", "application/json", "m1")
    assert body == MESSAGE.document
    assert verified(headers, body, raw)
    assert not verified(headers, body + b" ", raw)
    assert not verified({**headers, "webhook-timestamp": "1"}, body, raw)
    assert not verified(headers, body, raw + b"x")
    silent(None)


@pytest.mark.parametrize("status", [301, 400, 401, 410, 500, 503])
def test_webhook_that_refuses(status: int, monkeypatch: pytest.MonkeyPatch, silent: Callable[..., None]) -> None:
    with web_server() as web:
        web.status, web.headers, web.body = status, {"Location": f"{web.url}/elsewhere"}, CANARY.encode()
        error = failure(by_webhook(f"{web.url}/?k={QUOTED}", monkeypatch))
    assert len(web.requests) == 1
    assert error.reason == f"its server answered with status {status}"
    silent(error)


def test_webhook_that_hangs(monkeypatch: pytest.MonkeyPatch, silent: Callable[..., None]) -> None:
    with web_server() as web:
        web.hangs = True
        error = failure(by_webhook(f"{web.url}/?k={QUOTED}", monkeypatch), within_s=0.5)
    assert error.attempted
    silent(error)


def test_webhook_where_nobody_listens(monkeypatch: pytest.MonkeyPatch, silent: Callable[..., None]) -> None:
    with refusing_port() as port:
        error = failure(by_webhook(f"http://127.0.0.1:{port}/{QUOTED}", monkeypatch))
    assert error.attempted
    silent(error)


def test_webhook_whose_address_is_a_secret(monkeypatch: pytest.MonkeyPatch, silent: Callable[..., None]) -> None:
    monkeypatch.setenv("HOOK_KEY", CANARY)
    hook = sender_of(Channel(name="hook", kind="webhook", address="env:HOOK_URL", secret="env:HOOK_KEY"), None)
    with web_server() as web:
        monkeypatch.setenv("HOOK_URL", f"{web.url}/{QUOTED}")
        hook.send(MESSAGE, within_s=WITHIN_S)
    assert web.requests[0][0] == f"/{QUOTED}"
    monkeypatch.setenv("HOOK_URL", f"http://example.com/{QUOTED}")
    error = failure(hook)
    assert (error.reason, error.attempted) == (
        "its address must be https; plain http is allowed to a loopback address only",
        False,
    )
    silent(error)


def test_a_key_that_is_no_key(monkeypatch: pytest.MonkeyPatch, silent: Callable[..., None]) -> None:
    for key in (f"whsec_{CANARY}", "whsec_"):
        error = failure(by_webhook("https://127.0.0.1:9", monkeypatch, key))
        assert "no base64" in error.reason
        assert not error.attempted
        silent(error)


def test_the_schema_is_a_schema() -> None:
    text = resources.files("coffers_monitor.notify").joinpath("alerts-1.schema.json").read_text("utf-8")
    jsonschema.Draft202012Validator.check_schema(json.loads(text))
