"""The hostile server does what it is told, and ends with its block."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from coffers.testing.hostile import BEHAVIOURS, Behaviour, HostileServer, Visit, answer, http_answer

REQUEST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
OK = http_answer()


def dialled(server: HostileServer) -> socket.socket:
    host, _, port = server.base_url.removeprefix("http://").rpartition(":")
    return socket.create_connection((host, int(port)), timeout=5)


def all_of(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.fixture
def polite() -> Iterator[HostileServer]:
    with HostileServer(answer(OK)) as server:
        yield server


def test_a_request_is_kept_whole_and_answered(polite: HostileServer) -> None:
    with dialled(polite) as connection:
        connection.sendall(REQUEST[:-2])
        connection.sendall(REQUEST[-2:])
        assert connection.recv(65536) == OK
    assert polite.requests == [REQUEST]


@pytest.mark.parametrize("sent", [b"", REQUEST[:10], REQUEST[:-2]], ids=["nothing", "half a head", "half a body"])
def test_half_a_request_gets_no_answer(polite: HostileServer, sent: bytes) -> None:
    with dialled(polite) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert all_of(connection) == b""
    assert polite.requests == []


def test_a_behaviour_for_a_connection_waits_for_the_next_one() -> None:
    at_once = Behaviour("cut", "ends the connection before it reads", Visit.hang_up, stage="connection")
    with HostileServer([answer(OK), at_once]) as server, dialled(server) as connection:
        connection.sendall(REQUEST)
        assert connection.recv(65536) == OK
        connection.sendall(REQUEST)
        assert all_of(connection) == b""  # this connection is at its second request, and the script is not
        with dialled(server) as another:
            assert all_of(another) == b""
    assert server.requests == [REQUEST, REQUEST]


def test_a_dribble_ends_with_its_last_byte() -> None:
    def act(visit: Visit) -> None:
        visit.dribble(b"abc")
        visit.hang_up()

    with HostileServer(Behaviour("short", "dribbles three bytes", act)) as server, dialled(server) as connection:
        connection.sendall(REQUEST)
        assert all_of(connection) == b"abc"


def test_no_thread_outlives_the_block() -> None:
    with HostileServer(BEHAVIOURS["hang"]) as server, dialled(server) as connection:
        connection.sendall(REQUEST)
        while not server.requests:
            connection.settimeout(0.01)
            with pytest.raises(TimeoutError):
                connection.recv(1)
    assert not [thread for thread in threading.enumerate() if thread.name == "hostile-server"]
