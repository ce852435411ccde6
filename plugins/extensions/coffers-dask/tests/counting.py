"""A loopback server in a process of its own: answers Acme's balance on several ports, and counts each account's reads.

Prints its ports. GET /counts answers how often each path was asked, as JSON. After GET /kill/PID/N the N-th request
with the first worker's key kills that process. Anything else is Acme's, and takes the seconds that were asked for.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import Counter

counts: Counter[str] = Counter()
victim: list[int] = []  # its process, and how many more of its requests are answered


def answer(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


BALANCE = answer(b'{"currency": "EUR", "balance": "1234567890.123456789012345678", "on_hold": "2.00"}')


class Acme(asyncio.Protocol):
    def __init__(self, latency_s: float) -> None:
        self.latency_s = latency_s
        self.got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.got += data
        while b"\r\n\r\n" in self.got:
            head, _, self.got = self.got.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            if path == "/counts" or path.startswith("/kill/"):
                victim.extend(int(number) for number in path.split("/")[2:])
                self.transport.write(answer(json.dumps(counts).encode()))
            else:
                counts[path] += 1
                if victim and b"canary-key-of-0" in head:
                    victim[1] -= 1
                    if not victim[1]:
                        os.kill(victim[0], signal.SIGKILL)
                asyncio.get_running_loop().call_later(self.latency_s, self.transport.write, BALANCE)


async def main(ports: int, latency_s: float) -> None:
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(lambda: Acme(latency_s), "127.0.0.1", 0, backlog=1024) for _ in range(ports)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)  # noqa: T201  to whoever started it
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
