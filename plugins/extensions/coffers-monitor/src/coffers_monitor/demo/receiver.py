"""A webhook on this machine that checks the signature of what it gets, and shows it."""

from __future__ import annotations

import contextlib
import hmac
import json
import threading
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from coffers import Secret
from coffers_monitor.notify.by_webhook import signature

__all__ = ["receiver"]


@contextlib.contextmanager
def receiver(key: Secret, show: Callable[[str, str], object]) -> Generator[str]:
    """Listen until the block ends; the address.

    Args:
        key: what messages are signed with.
        show: takes title and text of each message.
    """

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            named, when = self.headers.get("webhook-id", ""), self.headers.get("webhook-timestamp", "")
            wanted = signature(key, message_id=named, timestamp=int(when), body=body)
            if hmac.compare_digest(wanted, self.headers.get("webhook-signature", "")):
                message = json.loads(body)
                show(message["title"], message["text"])
                self.send_response(204)
            else:
                self.send_response(403)
            self.end_headers()

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Say nothing: what matters is shown."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="coffers-demo-hook", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/hook"
        finally:
            server.shutdown()
