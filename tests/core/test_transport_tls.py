"""TLS: always verified, faults told in our words, ends that may be cuts refused."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from coffers import ConfigError, NetworkError, TimedOutError
from coffers.plugin import Response, SignedRequest
from coffers.testing.hostile import Behaviour, HostileServer, Visit, answer, http_answer
from coffers.transport import Endpoint, HttpTransport
from coffers.transport import connection as connection_module
from coffers.transport.tls import Tls
from tests.core.faces import FACES, choose, make_transport

face = pytest.fixture(autouse=True, params=FACES)(choose)

MESSAGE = SignedRequest("GET", "api", "/v1/balance", (), b"")
BODY = b'{"balance": "1000.00", "currency": "USD"}'


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture
def good(authority: trustme.CA) -> ssl.SSLContext:
    return serving(authority.issue_cert("127.0.0.1"))


@contextmanager
def transport() -> Iterator[HttpTransport]:
    sender, end = make_transport()
    try:
        yield sender
    finally:
        end()


def send(
    sender: HttpTransport, server: HostileServer, ca_file: Path | None, *, within_s: float = 5.0, body: bytes = b""
) -> Response:
    message = SignedRequest("POST", "api", "/", (), body) if body else MESSAGE
    return sender.send(message, Endpoint(server.base_url, ca_file), time.monotonic() + within_s)


def test_a_trusted_server_is_read_over_one_connection(good: ssl.SSLContext, ca_file: Path) -> None:
    with HostileServer(answer(http_answer()), tls=good) as server, transport() as sender:
        assert server.base_url.startswith("https://")
        for _ in range(3):
            assert send(sender, server, ca_file).body == BODY
        assert server.connections == 1


def test_another_trust_store_is_another_connection(good: ssl.SSLContext, ca_file: Path) -> None:
    with HostileServer(answer(http_answer()), tls=good) as server, transport() as sender:
        send(sender, server, ca_file)
        with pytest.raises(NetworkError) as caught:
            send(sender, server, None)
        assert caught.value.message.endswith("its certificate comes from an authority that is not trusted")
        assert server.connections == 2
        assert len(server.requests) == 1, "a request was sent to a server that was not verified"


def _expired(authority: trustme.CA) -> ssl.SSLContext:
    then = datetime.now(UTC) - timedelta(days=30)
    return serving(authority.issue_cert("127.0.0.1", not_before=then, not_after=then + timedelta(days=1)))


def _early(authority: trustme.CA) -> ssl.SSLContext:
    then = datetime.now(UTC) + timedelta(days=30)
    return serving(authority.issue_cert("127.0.0.1", not_before=then, not_after=then + timedelta(days=1)))


def _wrong_host(authority: trustme.CA) -> ssl.SSLContext:
    return serving(authority.issue_cert("elsewhere.example.test", "127.0.0.2"))


def _unknown_authority(_: trustme.CA) -> ssl.SSLContext:
    return serving(trustme.CA().issue_cert("127.0.0.1"))


def _self_signed(_: trustme.CA) -> ssl.SSLContext:
    other = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with other.private_key_pem.tempfile() as key, other.cert_pem.tempfile() as certificate:
        context.load_cert_chain(certificate, key)
    return context


@pytest.mark.parametrize(
    ("context_of", "words"),
    [
        (_expired, "its certificate has expired"),
        (_early, "its certificate is not valid yet"),
        (_wrong_host, "its certificate is for another host"),
        (_unknown_authority, "its certificate comes from an authority that is not trusted"),
        (_self_signed, "its certificate is self-signed"),
    ],
)
def test_a_certificate_that_is_not_good(
    context_of: Callable[[trustme.CA], ssl.SSLContext], words: str, authority: trustme.CA, ca_file: Path
) -> None:
    with HostileServer(answer(http_answer()), tls=context_of(authority)) as server, transport() as sender:
        with pytest.raises(NetworkError) as caught:
            send(sender, server, ca_file)
        assert caught.value.message == f"{server.base_url[8:]}: {words}"
        assert caught.value.__context__ is None
        assert server.requests == []


def test_the_name_is_checked_and_told_to_the_server(
    authority: trustme.CA, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str | None] = []
    context = serving(authority.issue_cert("api.example.test"))
    context.sni_callback = lambda connection, name, context: names.append(name)
    with HostileServer(answer(http_answer()), tls=context) as server, transport() as sender:
        port = int(server.base_url.rsplit(":", 1)[1])
        look_up = connection_module.look_up
        monkeypatch.setattr(connection_module, "look_up", lambda host, port: look_up("127.0.0.1", port))
        deadline = time.monotonic() + 20
        response = sender.send(MESSAGE, Endpoint(f"https://API.example.test:{port}/", ca_file), deadline)
        assert response.body == BODY
        assert names == ["api.example.test"]
        with pytest.raises(NetworkError) as caught:
            sender.send(MESSAGE, Endpoint(f"https://other.example.test:{port}", ca_file), deadline)
        assert caught.value.message.endswith("its certificate is for another host")


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_ca_file_that_cannot_be_used(content: bytes | None, tmp_path: Path, good: ssl.SSLContext) -> None:
    path = tmp_path / "authority.pem"
    if content is not None:
        path.write_bytes(content)
    with HostileServer(answer(http_answer()), tls=good) as server, transport() as sender:
        with pytest.raises(ConfigError) as caught:
            send(sender, server, path)
        assert server.connections == 0
    assert caught.value.field == "ca_file"
    assert ("cannot be read" if content is None else "no certificate in PEM form") in caught.value.message


def test_a_ca_file_that_is_a_folder(tmp_path: Path) -> None:
    with transport() as sender, pytest.raises(ConfigError):
        sender.send(MESSAGE, Endpoint("https://127.0.0.1:9", tmp_path), time.monotonic() + 5)


def test_an_end_without_farewell_may_be_a_cut(good: ssl.SSLContext, ca_file: Path) -> None:
    with HostileServer("body_cut", tls=good) as server, transport() as sender:
        with pytest.raises(NetworkError) as caught:
            send(sender, server, ca_file)
        assert "cut short" in caught.value.message
    ended = answer(b"HTTP/1.1 200 OK\r\n\r\n" + BODY, then_close=True)
    with HostileServer(ended, tls=good) as server, transport() as sender:
        assert send(sender, server, ca_file).body == BODY


@pytest.mark.parametrize("name", ["hang", "dribbled_headers", "dribbled_body"])
def test_the_deadline_holds(name: str, good: ssl.SSLContext, ca_file: Path) -> None:
    with HostileServer(name, tls=good) as server, transport() as sender:
        began = time.monotonic()
        with pytest.raises(TimedOutError):
            send(sender, server, ca_file, within_s=0.25)
        assert time.monotonic() - began < 4


def test_the_deadline_holds_against_a_slow_reader(good: ssl.SSLContext, ca_file: Path) -> None:
    done = threading.Event()

    def shake_hands_and_sip(visit: Visit) -> None:
        with good.wrap_socket(visit.socket, server_side=True) as connection, suppress(OSError):
            while connection.recv(16384) and not done.wait(0.02):
                pass

    behaviour = Behaviour("slow_reader", "reads TLS slowly", shake_hands_and_sip, "connection", "https")
    with HostileServer(behaviour) as server, transport() as sender:
        began = time.monotonic()
        with pytest.raises(TimedOutError):
            send(sender, server, ca_file, within_s=0.3, body=bytes(32 * 1024 * 1024))
        assert time.monotonic() - began < 4
        done.set()


def test_close_wakes_a_reader(good: ssl.SSLContext, ca_file: Path) -> None:
    with HostileServer("hang", tls=good) as server, transport() as sender, ThreadPoolExecutor(1) as threads:
        sent = threads.submit(send, sender, server, ca_file, within_s=20)
        deadline = time.monotonic() + 20
        while not server.requests and time.monotonic() < deadline:
            time.sleep(0.01)
        began = time.monotonic()
        sender.close()
        error = sent.exception(timeout=5)
        assert time.monotonic() - began < 4
    assert isinstance(error, NetworkError)
    assert error.message.endswith("the transport was closed")


def test_a_machine_on_which_tls_cannot_be_set_up_is_told_apart_from_a_bad_ca_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "no-such-folder" / "keys"))
    with pytest.raises(ConfigError, match="TLS cannot be set up") as caught:
        connection_module.trust(None)
    assert caught.value.field is None


# --- the system's authorities --------------------------------------------------------------------------------------

ONE = "-----BEGIN CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("file", "names", "suffices"),
    [
        (ONE * 2, ("0a1b2c3d.0", "0a1b2c3d.1", "bundle.crt", "Some_Authority.pem"), True),
        (ONE * 3, ("0a1b2c3d.0", "0a1b2c3d.1"), False),  # the machine's owner put one into the file
        (ONE, ("0a1b2c3d.0", "0a1b2c3d.1"), False),
        ("", ("bundle.crt",), False),
        (None, ("0a1b2c3d.0",), False),
        (ONE, None, False),
    ],
)
def test_a_folder_stands_for_the_file_where_both_hold_as_many(
    tmp_path: Path, file: str | None, names: tuple[str, ...] | None, suffices: bool
) -> None:
    bundle, folder = tmp_path / "cert.pem", tmp_path / "certs"
    if file is not None:
        bundle.write_text(file)
    if names is not None:
        folder.mkdir()
        for name in names:
            (folder / name).touch()
    own = (str(bundle), str(folder))
    usual = ssl.DefaultVerifyPaths(*own, "SSL_CERT_FILE", own[0], "SSL_CERT_DIR", own[1])
    assert connection_module._folder_in_place_of_file(usual) == (str(folder) if suffices else None)
    for missing in ("cafile", "capath"):
        assert connection_module._folder_in_place_of_file(usual._replace(**{missing: None})) is None
        named = usual._replace(**{missing: str(tmp_path / "named")})
        assert connection_module._folder_in_place_of_file(named) is None


@pytest.mark.skipif(shutil.which("openssl") is None, reason="only OpenSSL's own program tells its hash of a name")
@pytest.mark.parametrize("trusted", [True, False])
def test_an_authority_in_the_systems_folder_is_trusted_and_no_other(
    good: ssl.SSLContext, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    """A whole system's folder and file, made here; only where they lie is told to Python by hand."""
    pem = tmp_path / "authority.pem"
    (authority if trusted else trustme.CA()).cert_pem.write_to_path(str(pem))
    (tmp_path / "certs").mkdir()
    hashed = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", pem], capture_output=True, text=True, check=True
    )
    (tmp_path / "certs" / f"{hashed.stdout.strip()}.0").symlink_to(pem)
    own = (str(pem), str(tmp_path / "certs"))
    paths = ssl.DefaultVerifyPaths(*own, "SSL_CERT_FILE", own[0], "SSL_CERT_DIR", own[1])
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    with HostileServer(answer(http_answer()), tls=good) as server, transport() as sender:
        if trusted:
            assert send(sender, server, None).body == BODY
        else:
            with pytest.raises(NetworkError, match="an authority that is not trusted"):
                send(sender, server, None)


def test_an_end_in_the_middle_of_the_handshake_is_no_end_of_an_answer() -> None:
    tls = Tls(connection_module.trust(None), "api.example.test.")
    tls.begin()
    assert b"api.example.test" in tls.leaving()
    with pytest.raises(ssl.SSLEOFError):
        list(tls.receive(b""))
