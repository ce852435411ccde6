"""The guard of all tests guards."""

from __future__ import annotations

import socket

import pytest

from coffers.bounds import PASSING
from tests import guard


@pytest.mark.parametrize("family", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_no_connection_leaves_this_machine(family: socket.SocketKind) -> None:
    with socket.socket(type=family) as sock, pytest.raises(PermissionError, match="loopback only"):
        sock.connect(("192.0.2.1", 9))
    assert guard.strayed == ["socket.connect to 192.0.2.1"]
    guard.strayed.clear()


def test_loopback_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


def test_a_finaliser_that_is_hit_by_what_ends_endless_code_is_no_fault() -> None:
    class Hit:
        def __del__(self) -> None:
            raise PASSING[-1]

    Hit()
