"""Foreign faults of the network become our errors, without a word of their text."""

from __future__ import annotations

import errno
import socket
import ssl
from typing import Any

import pytest

from coffers import CoffersError, NetworkError, TimedOutError
from coffers.transport.connection import explain

CANARY = "canary-6f1d"


def _verification(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, CANARY)
    error.verify_code = code
    return error


@pytest.mark.parametrize(
    ("fault", "cls", "words"),
    [
        (TimeoutError(CANARY), TimedOutError, "deadline"),
        (TimeoutError(errno.ETIMEDOUT, CANARY), NetworkError, "cannot be reached"),
        (OSError(errno.EHOSTUNREACH, CANARY), NetworkError, "cannot be reached"),
        (OSError(errno.EMFILE, CANARY), NetworkError, "(OSError)"),
        (BrokenPipeError(CANARY), NetworkError, "broke"),
        (socket.gaierror(socket.EAI_AGAIN, CANARY), NetworkError, "resolved"),
        (ssl.SSLEOFError(8, CANARY), NetworkError, "handshake"),
        (ssl.SSLError(1, CANARY), NetworkError, "TLS failed"),
        (_verification(23), NetworkError, "revoked"),
        (_verification(64), NetworkError, "another host"),
        (_verification(77), NetworkError, "cannot be verified"),
        (UnicodeError(CANARY), NetworkError, "(UnicodeError)"),
    ],
)
def test_explain(fault: Any, cls: type[CoffersError], words: str) -> None:
    error = explain(fault)
    assert type(error) is cls
    assert words in error.message
    assert CANARY not in error.message
