"""Real receivers on loopback: a web server and a mail server, each as well- or ill-behaved as a test wants."""

from __future__ import annotations

import base64
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs


@attrs.define
class Web:
    """A web server: what it was sent, and what it answers."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = attrs.field(factory=dict[str, str])
    body: bytes = b"thanks"
    hangs: bool = False
    requests: list[tuple[str, dict[str, str], bytes]] = attrs.field(factory=list[Any])
    freed: threading.Event = attrs.field(factory=threading.Event)


@contextmanager
def web_server() -> Iterator[Web]:
    web = Web()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            web.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            if web.hangs:
                web.freed.wait(60)
                return
            self.send_response(web.status)
            for name, value in web.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(web.body)))
            self.end_headers()
            self.wfile.write(web.body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        web.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield web
        finally:
            web.freed.set()
            server.shutdown()
            serving.join()


@attrs.define
class Mail:
    """A mail server: the letters it took and the passwords it saw; what it refuses."""

    port: int = 0
    letters: list[EmailMessage] = attrs.field(factory=list[EmailMessage])
    logins: list[str] = attrs.field(factory=list[str])
    refuses_login: bool = False
    refuses_mail: bool = False
    hangs: bool = False
    freed: threading.Event = attrs.field(factory=threading.Event)


@contextmanager
def mail_server() -> Iterator[Mail]:
    mail = Mail()

    class Speaking(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            if mail.hangs:
                mail.freed.wait(60)
                return
            self.say("220 loopback")
            while line := self.rfile.readline().decode().strip():
                word = line.split(" ")[0].split(":")[0].upper()
                if word == "EHLO":
                    self.say("250-loopback")
                    self.say("250 AUTH PLAIN")
                elif word == "AUTH":
                    mail.logins.append(base64.b64decode(line.split(" ")[2]).decode())
                    self.say(f"535 5.7.8 wrong: {mail.logins[-1]!r}" if mail.refuses_login else "235 welcome")
                elif word == "RCPT" and mail.refuses_mail:
                    self.say("550 no such mailbox")
                elif word == "DATA":
                    self.say("354 go on")
                    lines: list[bytes] = []
                    while (text := self.rfile.readline()) != b".\r\n":
                        lines.append(text)
                    mail.letters.append(message_from_bytes(b"".join(lines), policy=policy.default))  # type: ignore[arg-type]  # typeshed wants a Message
                    self.say("250 taken")
                else:
                    self.say("221 bye" if word == "QUIT" else "250 fine")
                if word == "QUIT":
                    return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = False
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Speaking) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        mail.port = server.server_address[1]
        try:
            yield mail
        finally:
            mail.freed.set()
            server.shutdown()
            serving.join()


@contextmanager
def refusing_port() -> Iterator[int]:
    """A port where nobody listens, kept so."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
