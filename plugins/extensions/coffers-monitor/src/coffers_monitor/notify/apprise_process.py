"""The program that speaks through Apprise, in a process of its own: a url and a message in, a verdict out.

Apprise writes urls into its log, libraries below it write paths and headers, some channels hang. So it runs where
nobody listens: stdout and stderr lead nowhere, what is logged is looked through for a status number and forgotten, and
the parent ends the process when the time is over. Imports nothing of ours; the parent starts this file.

    in   {"url": ..., "title": ..., "text": ..., "type": "info|success|warning|failure"}
    out  {"verdict": "sent|address|unreachable|refused|failed", "status": 404|null}
"""

from __future__ import annotations

import json
import logging
import os
import re
from typing import Any, Final, TextIO

#: Where a channel's own number stands in what Apprise logs; the number alone is taken.
_STATUS: Final = re.compile(r"\berror=([1-5][0-9]{2})\b|^Socket Exception: \(([45][0-9]{2}), ")
_UNREACHABLE: Final = re.compile(r"onnection error", re.IGNORECASE)


class _Overheard(logging.Handler):
    """Takes the status and the kind of a fault out of what is logged, and nothing else."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.status: int | None = None
        self.unreachable = False

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if found := _STATUS.search(text):
            self.status = int(found[1] or found[2])
        self.unreachable |= bool(_UNREACHABLE.search(text))


def _sent(order: dict[str, str], overheard: _Overheard) -> str:
    import apprise
    from apprise.plugins.base import NotifyBase

    logger = logging.getLogger("apprise")
    logger.handlers[:] = [overheard]
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    asset = apprise.AppriseAsset(
        app_id="coffers",
        app_desc="coffers",
        async_mode=False,
        http_redirects=False,
        storage_mode="memory",
        pgp_autogen=False,
        pem_autogen=False,
        allow_templates=False,
    )
    front: Any = apprise.Apprise  # its types are half known
    channel = front.instantiate(order["url"], asset=asset)
    if not isinstance(channel, NotifyBase):
        return "address"
    if "overflow=" not in order["url"].lower():
        channel.overflow_mode = apprise.OverflowMode.SPLIT  # what is too long is refused by many, else
    sent = channel.notify(
        body=order["text"],
        title=order["title"],
        notify_type=apprise.NotifyType(order["type"]),
        body_format=apprise.NotifyFormat.TEXT,
    )
    if sent:
        return "sent"
    if overheard.status is not None:
        return "refused"
    return "unreachable" if overheard.unreachable else "failed"


def _alone() -> tuple[TextIO, TextIO]:
    """The way to the parent, in and out; for everything else stdin, stdout and stderr lead nowhere."""
    orders = os.fdopen(os.dup(0), encoding="utf-8")
    verdicts = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    return orders, verdicts


def main() -> None:
    """Deliver the one order that stdin holds."""
    orders, verdicts = _alone()
    order = json.load(orders)
    overheard = _Overheard()
    try:
        verdict = _sent(order, overheard)
    except Exception:  # noqa: BLE001  a channel's plugin may raise anything, with the url in its text
        verdict = "failed"
    with verdicts:
        json.dump({"verdict": verdict, "status": overheard.status}, verdicts)
    os._exit(0)  # threads that a channel left behind are not waited for


if __name__ == "__main__":
    main()
