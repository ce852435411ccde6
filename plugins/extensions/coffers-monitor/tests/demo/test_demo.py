"""`coffers demo --monitor` as a person runs it, and the story that it tells."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from coffers import Secret
from coffers_monitor.demo.receiver import receiver
from coffers_monitor.demo.spending import Spending
from coffers_monitor.notify.by_webhook import WebhookSender
from coffers_monitor.notify.channels import Channel
from coffers_monitor.notify.sending import DeliveryError, Outgoing
from coffers_monitor.rules import Level

ROOT = Path(__file__).parents[5]


class Sandbox:
    """What `Spending` asks of the sandbox, in memory; the command's own test has the real one."""

    def __init__(self, *names: str) -> None:
        self.held = {name: {"USD": Decimal("100.00"), "XYZ": Decimal(0), "OWE": Decimal("-12.34")} for name in names}
        self.faults: list[tuple[str, Any]] = []

    def accounts(self) -> dict[str, dict[str, Decimal]]:
        return {name: dict(held) for name, held in self.held.items()}

    def change(self, account: str, **changes: Any) -> None:
        for code, text in changes.get("balances", {}).items():
            assert re.fullmatch(r"-?[0-9]+(\.[0-9]{2})?", text)
            self.held[account][code] = Decimal(text)
        if "fault" in changes:
            self.faults.append((account, changes["fault"]))


def test_the_first_runs_dry_the_third_is_topped_up_and_the_fourth_fails_for_a_while() -> None:
    sandbox = Sandbox("a", "b", "c", "d", "e")
    spending = Spending(sandbox)  # type: ignore[arg-type]  # it has what is asked of one
    assert spending.first == ("a", "USD", Decimal("100.00"))
    seen: list[list[Decimal]] = []
    for hour in range(24 * 5):
        spending.go_on(timedelta(hours=hour, minutes=10))
        spending.go_on(timedelta(hours=hour, minutes=20))
        seen.append([held["USD"] for held in sandbox.held.values()])
    first, second, third, fourth, fifth = zip(*seen, strict=True)
    assert first[0] == first[-1] + 100 == 100
    assert list(first) == sorted(first, reverse=True)
    assert second[-1] > 70
    assert min(third) > 0
    assert list(third) != sorted(third, reverse=True)
    assert fourth[-1] > 90
    assert fifth[-1] > 80
    assert sandbox.faults == [("d", {"kind": "server_error"}), ("d", None)]
    assert all((held["XYZ"], held["OWE"]) == (0, Decimal("-12.34")) for held in sandbox.held.values())


def test_the_receiver_shows_what_is_signed_and_refuses_what_is_not(tmp_path: Path) -> None:
    shown: list[tuple[str, str]] = []
    key = tmp_path / "key"
    key.write_text("right-key-0123456789")
    key.chmod(0o600)
    document = b'{"title": "a title", "text": "a text"}'
    message = Outgoing(id="1", title="", text="", level=Level.WARN, document=document)
    with receiver(Secret("right-key-0123456789"), lambda title, text: shown.append((title, text))) as url:
        sender = WebhookSender(Channel(name="hook", kind="webhook", address=url, secret="file:key"), tmp_path)
        sender.send(message, within_s=60)
        key.write_text("wrong-key-0123456789")
        with pytest.raises(DeliveryError, match="403"):
            sender.send(message, within_s=60)
        sender.close()
    assert shown == [("a title", "a text")]


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.usefixtures("installed")
def test_within_a_minute_all_of_it_is_seen() -> None:
    command = [sys.executable, "-u", "-m", "coffers", "demo", "--monitor"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            lines: list[str] = []
            wanted = (r"first to run out: acme EUR, in", r"\| A message was delivered: WARN acme EUR: ")
            while not all(any(re.search(one, line) for line in lines) for one in wanted):
                lines.append(process.stdout.readline())
                assert lines[-1], process.stderr.read()
            found = next(match for line in lines if (match := re.search(r"http://127\.0\.0\.1:\d+/", line)))
            with urllib.request.urlopen(found[0], timeout=60) as page:
                text = page.read().decode()
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
            assert process.stderr.read() == ""
        finally:
            process.kill()
    assert "<svg" in text
    assert "EUR" in text
