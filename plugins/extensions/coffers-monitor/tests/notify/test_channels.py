"""`[[monitor.notify]]`: what is understood, and every fault at once."""

from __future__ import annotations

import tomllib

import pytest

from coffers_monitor.notify import Channel, read_channels
from coffers_monitor.rules import Level

CANARY = "c4n4ry-7f3Kq9"

WHOLE = """
[[notify]]
apprise = "env:CHAT_URL"

[[notify]]
name = "pager"
apprise = "cmd:pass show pager"
level = "critical"

[[notify]]
webhook = "https://example.com/hook?team=ops"
secret = "file:hook.key"

[[notify]]
webhook = "http://127.0.0.1:8080"
secret = "env:KEY"

[[notify]]
webhook = "env:HOOK_URL"
secret = "env:KEY"
"""


def test_whole() -> None:
    channels, faults = read_channels(tomllib.loads(WHOLE)["notify"], accounts=["shop"])
    assert not faults
    assert channels == (
        Channel(name="apprise", kind="apprise", address="env:CHAT_URL"),
        Channel(name="pager", kind="apprise", address="cmd:pass show pager", level=Level.CRITICAL),
        Channel(name="webhook", kind="webhook", address="https://example.com/hook?team=ops", secret="file:hook.key"),
        Channel(name="webhook-2", kind="webhook", address="http://127.0.0.1:8080", secret="env:KEY"),
        Channel(name="webhook-3", kind="webhook", address="env:HOOK_URL", secret="env:KEY"),
    )


WRONG = f"""
[[notify]]
aprise = "env:X"

[[notify]]
apprise = "mailto://user:{CANARY}@example.com"
secret = "env:X"
level = "worst"
name = "a b"

[[notify]]
webhook = "http://example.com/{CANARY}"

[[notify]]
webhook = "https://user:{CANARY}@example.com"
secret = "{CANARY}"

[[notify]]
webhook = "env:"
apprise = "env:X Y"
secret = "cmd:"

[[notify]]
apprise = "env:A"
name = "twice"

[[notify]]
apprise = "env:B"
name = "twice"

[[notify]]
apprise = 5
"""


def test_every_fault_at_once_with_its_place_and_no_value() -> None:
    channels, faults = read_channels(tomllib.loads(WRONG)["notify"])
    assert not channels
    assert [(".".join(map(str, fault.path)), fault.text.split(";")[0].split(":")[0]) for fault in faults] == [
        ("0.aprise", "is not a key of a channel"),
        ("0", "needs either apprise or webhook"),
        ("1.apprise", "is a secret and must not stand here"),
        ("1.secret", "is of a webhook alone"),
        ("1.name", "must be letters, digits, _ and -, and begin with a letter or digit"),
        ("1.level", "must be one of warn, critical"),
        ("2.webhook", "must be https"),
        ("2.secret", "is missing"),
        ("3.webhook", "must hold no user or fragment"),
        ("3.secret", "is a secret and must not stand here"),
        ("4", "needs either apprise or webhook"),
        ("4.apprise", "must name one environment variable"),
        ("4.webhook", "must name one environment variable"),
        ("4.secret", "must name a program, and close every quote"),
        ("6.name", "is the name of another channel"),
        ("7.apprise", "is a secret and must not stand here"),
    ]
    assert "did you mean `apprise`?" in faults[0].text
    assert CANARY not in repr(faults)


@pytest.mark.parametrize("value", [None, {}, "env:X"])
def test_no_list_of_tables(value: object) -> None:
    channels, [fault] = read_channels(value)
    assert (channels, fault.path) == ((), ())
    _, [fault, *_] = read_channels([value])
    assert fault.path == (0,)
