"""A fast HTTP/1.1 server on loopback, plain and TLS, in a process of its own; every answer is rendered once.

Run as a script; imports nothing of coffers. Prints one line of JSON, ``{"http": PORT, "https": PORT}``, and serves
until its standard input ends. ``/balances`` answers 18 balances to the right key, ``/N/balances`` answers N of them;
further answers are read from a file. ``/counts`` says how many connections were opened and how many requests answered,
its own left out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import resource
import ssl
import sys
from functools import lru_cache
from pathlib import Path

#: Made up; the same for every peer.
KEY = "made-up-key-of-the-benchmark"

#: 18 amounts as JSON numbers, as exact texts here; exactness is checked at every peer.
AMOUNTS = {
    "BTC": "0.00431057", "ETH": "1.204518330021", "USDT": "10250.5", "USDC": "310.00", "LTC": "14.20000001",
    "TRX": "88120.104", "TON": "7.5", "BNB": "0.4410", "SOL": "12.000000001", "XRP": "1500.25", "DOGE": "90000.1",
    "ADA": "420.42", "BCH": "0.071", "XMR": "3.141592653589", "DASH": "0.5", "SHIB": "1250000.00", "EUR": "12.50",
    "USD": "1830.07",
}  # fmt: skip

#: Besides the three that every answer needs: what an API behind a content network sends.
FURTHER_HEADERS = (
    "Date: Sat, 21 Nov 2026 03:00:00 GMT",
    "Server: gateway",
    "Cache-Control: no-cache, private",
    "Vary: Accept-Encoding",
    "X-Request-Id: 5b0e8a64-1c3b-4a4e-9a53-0f6f4c1d2e3f",
    "X-RateLimit-Limit: 600",
    "X-RateLimit-Remaining: 599",
    "X-Frame-Options: SAMEORIGIN",
    "X-Content-Type-Options: nosniff",
    "Referrer-Policy: strict-origin-when-cross-origin",
    "Strict-Transport-Security: max-age=31536000; includeSubDomains",
)

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BALANCES = re.compile(r"(?:/(\d+))?/balances")
_AUTHORIZED = f"\r\nauthorization: bearer {KEY}".encode()


def rendered(status: str, body: str) -> bytes:
    headers = ("Content-Type: application/json", f"Content-Length: {len(body.encode())}", "Connection: keep-alive")
    return "\r\n".join((f"HTTP/1.1 {status}", *headers, *FURTHER_HEADERS, "", body)).encode()


REFUSED = rendered("401 Unauthorized", '{"error": "unknown key"}')
NOT_THERE = rendered("404 Not Found", '{"error": "no such page"}')


def amounts(count: int | None = None) -> dict[str, str]:
    """What a read answers, by currency; `count` made-up ones instead of the 18."""
    return AMOUNTS if count is None else {f"C{number:05}": f"{number}.00431057" for number in range(count)}


@lru_cache
def balances(count: int | None) -> bytes:
    pairs = ", ".join(f'"{code}": {amount}' for code, amount in amounts(count).items())
    return rendered("200 OK", '{"balances": {' + pairs + "}}")


class Connection(asyncio.Protocol):
    """One connection: answers each complete request, after the latency."""

    opened = 0
    answered = 0
    latency_s = 0.0
    further: dict[str, bytes] = {}  # noqa: RUF012  one for the process, set before it serves

    def __init__(self) -> None:
        self.transport: asyncio.WriteTransport | None = None
        self.unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        Connection.opened += 1
        self.transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self.transport = None

    def data_received(self, data: bytes) -> None:
        self.unread += data
        while b"\r\n\r\n" in self.unread:
            head, _, rest = self.unread.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            size = int(length[1]) if length else 0
            if len(rest) < size:
                return
            self.unread = rest[size:]
            answer = self.answer(head)
            if self.latency_s:
                asyncio.get_running_loop().call_later(self.latency_s, self.send, answer)
            else:
                self.send(answer)

    def answer(self, head: bytes) -> bytes:
        path = head.split(b" ", 2)[1].decode().partition("?")[0]
        if path == "/counts":
            counts = {"connections": Connection.opened - 1, "requests": Connection.answered}
            Connection.opened -= 1
            return rendered("200 OK", json.dumps(counts))
        Connection.answered += 1
        if found := _BALANCES.fullmatch(path):
            return balances(int(found[1]) if found[1] else None) if _AUTHORIZED in head.lower() else REFUSED
        return self.further.get(path, NOT_THERE)

    def send(self, answer: bytes) -> None:
        if self.transport is not None:
            self.transport.write(answer)


async def serve(certificate: Path) -> None:
    """Serve on two free ports until standard input ends."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    plain = await loop.create_server(Connection, "127.0.0.1", 0, backlog=4096)
    secure = await loop.create_server(Connection, "127.0.0.1", 0, backlog=4096, ssl=context)
    ports = {"http": plain.sockets[0].getsockname()[1], "https": secure.sockets[0].getsockname()[1]}
    print(json.dumps(ports), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("certificate", type=Path, help="PEM file with the server's key and certificate")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="how long each answer waits")
    parser.add_argument("--answers", type=Path, help="JSON file with further answers: a body for each path")
    arguments = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a thousand connections
    Connection.latency_s = arguments.latency_ms / 1000
    if arguments.answers:
        bodies = json.loads(arguments.answers.read_text("utf-8"))
        Connection.further = {path: rendered("200 OK", body) for path, body in bodies.items()}
    asyncio.run(serve(arguments.certificate))


if __name__ == "__main__":
    main()
