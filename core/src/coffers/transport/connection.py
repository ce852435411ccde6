"""Sockets, names and TLS: one connection on which every wait ends at the deadline.

Part of floor 5; the only module that opens a socket. Python's `ssl` makes the TLS connection, with the context that
`trust` made; what goes over it is `wire`'s. Certificates and their names are always verified. `explain` makes foreign
errors ours. No HTTP library is imported: that would take longer than everything else a single read does.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import queue
import re
import select
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

from coffers.errors import CoffersError, ConfigError, NetworkError, TimedOutError

__all__ = ["Addresses", "Connection", "explain", "is_address", "is_silent", "look_up", "trust"]

_READ_SIZE: Final = 64 * 1024

#: What `socket.getaddrinfo` answers: family, kind, protocol, canonical name, address.
Addresses: TypeAlias = list[tuple[Any, Any, int, str, Any]]


class Connection:
    """One connection to one host; used by one thread at a time, except for `abort`.

    Its methods raise what sockets raise (see `explain`); `TimeoutError` when the deadline given to `begin` has passed.

    Args:
        host: a name or an IP address without brackets.
        port: the TCP port.
        context: the trust store for TLS; None for plain HTTP.
        monotonic: the clock of the deadline, in seconds.
    """

    def __init__(self, host: str, port: int, *, context: ssl.SSLContext | None, monotonic: Callable[[], float]) -> None:
        self._host = host
        self._port = port
        self._monotonic = monotonic
        self._deadline = 0.0
        self._context = context
        self._socket: socket.socket | None = None
        self._guard = threading.Lock()  # a socket that `abort` shuts down must not be closed meanwhile
        self._aborted = False
        self._live: socket.socket | None = None
        self._found: queue.SimpleQueue[Addresses | Exception | None] = queue.SimpleQueue()

    def begin(self, deadline: float) -> None:
        """Start an exchange that ends at `deadline`; connects if this is the first one."""
        self._deadline = deadline
        if self._socket is None:
            self._socket = self._dial()
            if self._context is not None:
                # An end without TLS's own farewell may be an attacker's cut: "balance: 100" made of "balance: 1000".
                # A certificate names the host without the dot that may end its name.
                self._socket = self._context.wrap_socket(
                    self._socket, server_hostname=self._host.rstrip("."), suppress_ragged_eofs=False
                )
            self._watch(self._socket)

    def send(self, data: bytes) -> None:
        """Send all of `data`."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._ready().send(rest) :]

    def receive(self) -> bytes:
        """Some bytes; none at the end."""
        try:
            return self._ready().recv(_READ_SIZE)
        except ssl.SSLEOFError:
            pass
        raise NetworkError("the answer was cut short: the TLS connection was not ended properly")

    @property
    def usable(self) -> bool:
        """Whether an idle connection is still open and silent."""
        return self._socket is not None and is_silent(self._socket)

    def close(self) -> None:
        """Close it. Only for the thread that uses it."""
        with self._guard:
            if self._socket is not None:
                self._socket.close()
            if self._live is not None:
                self._live.close()

    def abort(self) -> None:
        """Wake and fail the thread that uses it, whatever it waits for."""
        with self._guard:
            self._aborted = True
            self._found.put(None)
            if self._live is not None:
                # Not SSLSocket's own shutdown: it forgets TLS first, and the next send would go out in the clear.
                with contextlib.suppress(OSError):  # it was not connected, or no longer
                    socket.socket.shutdown(self._live, socket.SHUT_RDWR)

    def _left(self) -> float:
        """Seconds until the deadline, more than 0."""
        left = self._deadline - self._monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _ready(self) -> socket.socket:
        sock = self._socket
        assert sock is not None  # made by `begin`
        sock.settimeout(self._left())
        return sock

    def _watch(self, sock: socket.socket) -> None:
        """Make `sock` the one that `abort` shuts down; the one before it is closed."""
        with self._guard:
            before, self._live = self._live, sock
            if before is not None:
                before.close()
            aborted = self._aborted
        if aborted:
            raise ConnectionAbortedError

    def _dial(self) -> socket.socket:
        """A connected socket whose timeout is what is left: the TLS handshake that follows ends with it."""
        addresses = self._resolve()
        fault: OSError = ConnectionAbortedError()
        for tried, (family, kind, protocol, _, address) in enumerate(addresses):
            sock = socket.socket(family, kind, protocol)
            try:
                self._watch(sock.dup())  # a twin: TLS takes the socket itself over, and must be woken in its handshake
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                # A silent address gets its share of the time, not all of it.
                sock.settimeout(self._left() / (len(addresses) - tried))
                sock.connect(address)
                sock.settimeout(self._left())
            except OSError as error:
                sock.close()
                fault = error
            else:
                return sock
        raise fault

    def _resolve(self) -> Addresses:
        if is_address(self._host):
            return look_up(self._host, self._port)

        def answer() -> None:
            found: Addresses | Exception
            try:
                found = look_up(self._host, self._port)
            except Exception as error:  # noqa: BLE001  it is raised in the thread that waits
                found = error
            self._found.put(found)

        # The system's resolver takes no deadline, so it is left behind when it is too slow.
        threading.Thread(target=answer, name="coffers-resolver", daemon=True).start()
        try:
            found = self._found.get(timeout=self._left())
        except queue.Empty:
            raise TimeoutError from None
        if found is None:
            raise ConnectionAbortedError
        if isinstance(found, Exception):
            raise found
        return found


def is_silent(sock: socket.socket) -> bool:
    """Whether there is nothing to be read: no byte that nobody asked for, and no end."""
    if sys.platform == "win32":  # pragma: no cover  # has no poll
        from urllib3.util import wait_for_read

        return not wait_for_read(sock, timeout=0)
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return not poll.poll(0)


def is_address(host: str) -> bool:
    """Whether it is told without asking anybody where `host` is."""
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def look_up(host: str, port: int) -> Addresses:
    """The addresses of `host`, asked of the system; that may take long, and cannot be interrupted."""
    # As bytes: the codec that Python uses for a text raises errors of its own and takes long to load.
    return socket.getaddrinfo(host.encode("ascii"), port, type=socket.SOCK_STREAM)


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """A context that verifies names and certificates against the system's authorities, or those of `ca_file` alone.

    Raises:
        ConfigError: the file cannot be used, or TLS cannot be set up on this machine.
    """
    try:
        if ca_file is None:
            context = ssl.create_default_context(capath=_folder_in_place_of_file(ssl.get_default_verify_paths()))
        else:
            context = ssl.create_default_context(cafile=str(ca_file))
        context.set_alpn_protocols(["http/1.1"])
        return context
    except ssl.SSLError:
        reason = "holds no certificate in PEM form"
    except (OSError, ValueError):
        reason = "cannot be read"
    if ca_file is None:
        raise ConfigError("TLS cannot be set up with the system's authorities; see `coffers doctor`")
    raise ConfigError(f"ca_file {reason}", field="ca_file")


def _folder_in_place_of_file(paths: ssl.DefaultVerifyPaths) -> str | None:
    """The system's folder of authorities, where its one file of them holds just as many; None where OpenSSL shall look.

    From a folder OpenSSL reads the one authority that a server needs; from a file all of them, which takes fifty times
    as long. Whoever named a file or a folder in the environment gets what he named, and Windows has neither.
    """
    file, folder = paths.cafile, paths.capath
    if (file, folder) != (paths.openssl_cafile, paths.openssl_capath):  # what is not there is told as None
        return None
    try:
        in_file = Path(file).read_bytes().count(b"-----BEGIN CERTIFICATE-----")
        in_folder = sum(_HASHED_NAME.fullmatch(path.name) is not None for path in Path(folder).iterdir())
    except OSError:
        return None
    return folder if 0 < in_file == in_folder else None


#: What OpenSSL looks for in a folder: the hash of an authority's name, and a number.
_HASHED_NAME: Final = re.compile(r"[0-9a-f]{8}\.[0-9]+")

#: What OpenSSL's verification codes mean.
_CERTIFICATE_FAULTS: Final = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    18: "its certificate is self-signed",
    19: "its certificate comes from an authority that is not trusted",
    20: "its certificate comes from an authority that is not trusted",
    21: "its certificate comes from an authority that is not trusted",
    23: "its certificate was revoked",
    62: "its certificate is for another host",
    64: "its certificate is for another host",
}

_UNREACHABLE: Final = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.ETIMEDOUT}
)


def explain(error: Exception) -> CoffersError:
    """Our error for a fault of the network, in our words; nothing of its own text."""
    match error:
        case TimeoutError(errno=None):
            return TimedOutError("the deadline passed")
        case ssl.SSLCertVerificationError():
            return NetworkError(_CERTIFICATE_FAULTS.get(error.verify_code, "its certificate cannot be verified"))
        case ssl.SSLEOFError():
            return NetworkError("the connection was closed during the TLS handshake")
        case ssl.SSLError():
            return NetworkError("TLS failed: the other side does not speak it, or not as we do")
        case socket.gaierror():
            return NetworkError("the name cannot be resolved")
        case ConnectionRefusedError():
            return NetworkError("the connection was refused")
        case ConnectionError():
            return NetworkError("the connection broke")
        case OSError() if error.errno in _UNREACHABLE:
            return NetworkError("the host cannot be reached")
        case _:
            return NetworkError(f"the connection failed ({type(error).__name__})")
