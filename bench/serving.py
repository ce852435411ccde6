"""Starts the server in a process of its own, with a certificate made for this run, and asks what it counted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import attrs
import trustme

SERVER = Path(__file__).parent / "server.py"


@attrs.frozen
class Trust:
    """A throw-away certificate and the authority that signed it.

    Attributes:
        certificate: PEM file with the server's key and certificate.
        ca_file: PEM file with what clients have to trust.
    """

    certificate: Path
    ca_file: Path

    @classmethod
    def make(cls, folder: Path) -> Trust:
        """A new one, in `folder`."""
        made = cls(folder / "server.pem", folder / "ca.pem")
        authority = trustme.CA()
        authority.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(made.certificate)
        authority.cert_pem.write_to_path(made.ca_file)
        return made


@attrs.frozen
class Counts:
    """What the server saw so far."""

    connections: int
    requests: int


@attrs.frozen
class Server:
    """A running server."""

    ports: Mapping[str, int]
    ca_file: Path
    latency_ms: float

    def base_url(self, scheme: str) -> str:
        """Where it serves."""
        return f"{scheme}://127.0.0.1:{self.ports[scheme]}"

    def counts(self) -> Counts:
        """What it counted."""
        asking = HTTPConnection("127.0.0.1", self.ports["http"])
        asking.request("GET", "/counts")
        counted = json.loads(asking.getresponse().read())
        asking.close()
        return Counts(**counted)


@contextmanager
def served(trust: Trust, latency_ms: float = 0, answers: Path | None = None) -> Iterator[Server]:
    """The server, until the end of the block.

    Args:
        trust: its certificate.
        latency_ms: how long each answer waits.
        answers: a JSON file with a body for each further path.
    """
    further = () if answers is None else ("--answers", answers)
    command = [sys.executable, "-I", SERVER, trust.certificate, "--latency-ms", str(latency_ms), *further]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Server(json.loads(process.stdout.readline()), trust.ca_file, latency_ms)
        finally:
            process.stdin.close()
